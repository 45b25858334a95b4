//! A split: an immutable, searchable file that holds up to some millions of records of one tenant.
//!
//! The file is its sections one after another, then a footer that names them ([`file`]).
//!
//! | section | holds | written by |
//! |---|---|---|
//! | `columns` | times, durations, streams, kinds, bits, in blocks of 256 | [`crate::columns`] |
//! | `blocks`, `block_ends` | everything else of each record, in the same blocks, zstd | [`block`] |
//! | `attributes`, `names`, `severity_texts`, `correlations` | what the blocks refer to by number | [`dictionary`] |
//! | `traces` | 16 bytes each, by number | `builder` |
//! | `spans` | span ids by number, and their sorted order | [`spans`] |
//! | `filter` | which trace ids and correlation ids may be here | [`filter`] |
//! | `streams` | resource and scope of each stream, with counts | [`streams`] |
//! | `rollup`, `rollup_totals` | rates, errors and durations of spans over time, and over all of it | [`crate::rollup::codec`] |
//! | `index/…` | the files of one tantivy segment: fields `exact` and `text` | [`postings`] |
//!
//! Invariant: a published split never changes; whoever needs it changed builds another.

mod block;
mod builder;
mod cache;
mod correlations;
mod decompressors;
mod dictionary;
mod facets;
mod fields;
mod file;
mod filter;
mod handle;
mod index;
mod postings;
mod reader;
mod search;
mod spans;
mod streams;

pub(crate) use block::inline_items;
pub(crate) use builder::{BuiltSplit, build};
pub(crate) use cache::SplitCache;
pub(crate) use file::FORMAT_VERSION;
pub(crate) use handle::SplitHandle;
pub(crate) use reader::SplitReader;
