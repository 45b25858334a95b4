//! Hot rows: acknowledged records that are not yet in a split, interned into the dictionaries that the split will
//! have, and searched by scanning.
//!
//! | file | owns |
//! |---|---|
//! | `dictionary.rs` | byte strings ↔ numbers |
//! | `tables.rs` | all dictionaries of one building split; when a key is of high cardinality |
//! | `chunk.rs` | 256 rows |
//! | `rows.rs` | the rows of one tenant: append, seal, views for queries |
//! | `search.rs` | what a query asks of a view |
//! | `correlations.rs` | the correlation ids of a view, newest first |

pub(crate) mod chunk;
mod correlations;
mod dictionary;
mod facets;
mod fields;
pub(crate) mod rows;
mod search;
pub(crate) mod tables;

pub(crate) use rows::{HotRows, HotView};
