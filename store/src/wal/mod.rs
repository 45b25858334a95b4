//! The write-ahead log: requests as they were received, in order, until their records stand in a published split.
//!
//! | file | owns |
//! |---|---|
//! | `payload.rs` | how a request's bytes are packed |
//! | `frame.rs` | one frame as bytes; whole, torn or broken |
//! | `files.rs` | a file's header; which files there are |
//! | `reader.rs` | frames of a file; replay; where the tail is torn |
//! | `writer.rs` | append, roll |
//! | `inspect.rs` | a look at the files that changes nothing |
//! | `syncer.rs` | group commit from another thread; truncation; the stop after a failure |
//!
//! # On disk
//!
//! `wal/NUMBER.wal`, numbers without gaps. All integers are little-endian. A file is a header and frames back to back:
//!
//! | offset | bytes | file header |
//! |---|---|---|
//! | 0 | 8 | magic `spoorwal` |
//! | 8 | 4 | format version |
//! | 12 | 4 | CRC-32 of the 12 bytes before and the 32 after |
//! | 16 | 8 | number of the file, as in its name |
//! | 24 | 8 | sequence of the first frame |
//! | 32 | 8 | sequence of the last frame in the file before; 0 when there was none |
//! | 40 | 8 | salt: random, so that no request can hold what looks like a frame of this file |
//!
//! | offset | bytes | frame |
//! |---|---|---|
//! | 0 | 4 | magic `SpFr` |
//! | 4 | 4 | CRC-32 of the salt and of the header from offset 8 to the end of the tenant |
//! | 8 | 4 | CRC-32 of the payload |
//! | 12 | 4 | bytes of the payload |
//! | 16 | 4 | bytes of the body, unpacked |
//! | 20 | 1 | signal: 0 logs, 1 spans |
//! | 21 | 1 | codec of the payload: 0 as it is, 1 zstd |
//! | 22 | 1 | bytes of the tenant, T |
//! | 23 | 1 | 0 |
//! | 24 | 8 | sequence: that of the frame before and one |
//! | 32 | 8 | durable: highest sequence that was synced when the frame was written |
//! | 40 | 8 | arrival, nanoseconds since 1970 |
//! | 48 | 16 | fingerprint of the body |
//! | 64 | T | tenant |
//! | 64 + T | | payload |
//!
//! # Invariants
//!
//! - A file is synced whole before the next one is created, and a header before the first frame follows it. So only
//!   the tail of the newest file may be torn; it is cut at open. Anything else is [`Error::Corrupt`].
//! - A tail is torn only when no frame behind the damage says that the damaged one was durable.
//! - Sequences rise over the life of the data directory: by one inside a file, by any step between files.
//! - Files go oldest first, each removal synced before the next.
//! - After a failed write or sync nothing is written or synced again: what the failure left on disk is not known.

mod files;
mod frame;
mod inspect;
mod payload;
mod reader;
mod syncer;
#[cfg(test)]
mod tests;
mod writer;

use std::path::Path;
use std::sync::Arc;

use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::model::{Signal, Tenant, UnixNanos};

pub(crate) use inspect::inspect;
pub(crate) use payload::{Payload, PayloadEncoder};
pub(crate) use reader::Replay;
pub(crate) use syncer::WalSyncer;
pub(crate) use writer::WalWriter;

/// Settings of the log.
#[derive(Debug, Clone)]
pub(crate) struct WalConfig {
    /// A file that holds a frame grows no further than this.
    pub(crate) file_bytes: u64,
    /// Sequences start here at the earliest, even when the log is empty.
    pub(crate) first_sequence: u64,
}

impl WalConfig {
    /// Files of a log that may grow to `bytes_max`: several, because the one that is appended to cannot be removed.
    pub(crate) fn within(bytes_max: u64) -> Self {
        let default = Self::default();
        Self { file_bytes: default.file_bytes.min(bytes_max / 4), ..default }
    }
}

impl Default for WalConfig {
    fn default() -> Self {
        Self { file_bytes: 64 << 20, first_sequence: 1 }
    }
}

/// What a frame says about its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FrameHead {
    pub(crate) tenant: Tenant,
    pub(crate) signal: Signal,
    pub(crate) arrival: UnixNanos,
    pub(crate) fingerprint: u128,
}

/// Opens logs.
#[derive(Debug)]
pub(crate) struct Wal;

impl Wal {
    /// Opens the log in `dir`, created when missing: cuts a torn tail, then starts a new file.
    ///
    /// Everything the replay gives is durable. Fails with [`Error::Corrupt`] on damage that losing power cannot
    /// explain; damage in older files shows when the replay comes to them.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        config: WalConfig,
    ) -> Result<(WalWriter, WalSyncer, Replay)> {
        disk.create_dir_all(dir)?;
        let opened = files::open(&*disk, dir)?;
        let next_sequence = opened.next_sequence.max(config.first_sequence).max(1);
        let replay = Replay::new(Arc::clone(&disk), &opened);
        let writer = WalWriter::start(disk, dir, config, opened, next_sequence)?;
        let syncer = writer.syncer();
        Ok((writer, syncer, replay))
    }
}

fn corrupt(path: &Path, reason: String) -> Error {
    Error::Corrupt { path: path.to_path_buf(), reason }
}
