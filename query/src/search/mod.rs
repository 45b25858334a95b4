//! Queries over many records: pages of them, counts over time, values of a field.

pub(crate) mod histogram;
pub(crate) mod page;
pub(crate) mod values;

pub use histogram::{Bucket, HistogramAnswer};
pub use page::SearchAnswer;
pub use values::{ValueCount, ValuesAnswer};
