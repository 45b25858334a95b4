//! Finds correlation ids in records, once, at ingest.
//!
//! | file | owns |
//! |---|---|
//! | `config.rs` | the `correlation:` section |
//! | `builtin.rs` | keys that every estate has, and how they are spelled |
//! | `extractor.rs` | the compiled rules, applied to attributes and bodies |
//! | `path.rs` | JSON paths, and the tree they are compiled into |
//! | `json.rs` | that tree applied to JSON text |
//! | `found.rs` | the ids of one record |
//!
//! Every search has a budget; what it costs to leave an id out is a count, never an error.

mod builtin;
mod config;
mod extractor;
mod found;
mod json;
mod path;
#[cfg(test)]
mod tests;

pub use config::{CorrelationConfig, KeyConfig};
pub(crate) use extractor::{Extractor, TextScratch};
pub(crate) use found::{Found, IDS_MAX};
