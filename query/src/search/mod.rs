//! Queries over many records: pages of them, those around one, counts over time, fields and their values, services.

pub(crate) mod context;
pub(crate) mod fields;
pub(crate) mod hint;
pub(crate) mod histogram;
pub(crate) mod page;
pub(crate) mod services;
pub(crate) mod values;

pub use context::{ContextAnswer, ContextRequest, Within};
pub use fields::{FieldKind, FieldName, FieldsAnswer};
pub use histogram::{Bucket, HistogramAnswer};
pub use page::SearchAnswer;
pub use services::ServicesAnswer;
pub use values::{ValueCount, ValuesAnswer};
