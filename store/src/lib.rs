//! Keeps records durably and finds them again. Knows no protocol: a request is opaque bytes plus the [`model::Batch`]
//! that a decoder made of it.
//!
//! Durability contract: [`Writer::append`] returns once the batch is visible to queries and survives `kill -9` and
//! power loss (with `sync: group`).

mod catalog;
mod columns;
pub mod config;
#[cfg(test)]
mod crash_tests;
mod disk;
pub mod error;
mod hot;
mod index;
pub mod inspect;
pub mod leaf;
mod maintain;
mod metrics;
pub mod model;
mod objects;
mod open;
mod origins;
mod paths;
pub mod predicate;
pub mod rollup;
mod split;
mod store;
mod view;
mod wal;
mod write;

pub use config::Config;
pub use error::{Error, Result};
pub use index::tokenizer::tokenize;
pub use origins::{LostPosition, Position, Unseen};
pub use store::{Arrivals, Decoder, Reader, Snapshot, Store};
pub use write::{Appended, Writer};
