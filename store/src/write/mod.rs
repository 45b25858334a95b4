//! The write path behind [`Writer::append`]: admission, the appender, group commit.
//!
//! ```text
//! Writer::append ──▶ appender (1 thread) ──▶ committer (1 thread) ──▶ acknowledged
//!   packs the bytes    WAL write, then hot       one fdatasync for
//!   for the WAL        rows: now visible         all that waits
//!                          │ full or old
//!                          ▼
//!                       publisher: hot rows → split → catalog → WAL truncated
//! ```
//!
//! | file | owns |
//! |---|---|
//! | `writer.rs` | the handle that the collector holds |
//! | `admission.rs` | budgets of memory, WAL and disk |
//! | `appender.rs` | the one thread that appends |
//! | `committer.rs` | the one thread that syncs and answers |
//! | `duplicates.rs` | fingerprints of the last ten minutes |
//! | `publisher.rs` | sealed hot rows → published split |

pub(crate) mod admission;
pub(crate) mod appender;
pub(crate) mod committer;
pub(crate) mod duplicates;
pub(crate) mod publisher;
mod writer;

pub(crate) use appender::Command;
pub use writer::{Appended, Writer};
