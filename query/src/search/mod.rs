//! Queries over many records: pages of them, those around one, counts over time, fields and their values.

pub(crate) mod context;
pub(crate) mod fields;
pub(crate) mod hint;
pub(crate) mod histogram;
pub(crate) mod page;
pub(crate) mod values;

pub use context::{ContextAnswer, ContextRequest, Within};
pub use fields::{FieldKind, FieldName, FieldsAnswer};
pub use histogram::{Bucket, HistogramAnswer};
pub use page::SearchAnswer;
pub use values::{ValueCount, ValuesAnswer};
