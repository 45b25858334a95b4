//! zstd decompressors that are idle: each holds tables that are dear to make for every block of 256 records.

use std::sync::{Arc, Mutex, PoisonError};

use zstd::bulk::Decompressor;

/// Most bytes a block or page may claim to decompress to; a guard against damaged files, far above what the
/// collector's limits let in.
const BYTES_MAX: u64 = 1 << 30;

/// Idle decompressors; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Decompressors {
    /// Locked to take one and to give it back; there are as many as were ever used at once.
    idle: Arc<Mutex<Vec<Decompressor<'static>>>>,
}

impl Decompressors {
    /// What the frame holds; `None` when it is damaged.
    pub(crate) fn decompress(&self, frame: &[u8]) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        self.decompress_into(frame, &mut plain)?;
        Some(plain)
    }

    /// Appends what the frame holds; `None` when it is damaged.
    pub(crate) fn decompress_into(&self, frame: &[u8], out: &mut Vec<u8>) -> Option<()> {
        let size = zstd::zstd_safe::get_frame_content_size(frame).ok()??;
        if size > BYTES_MAX {
            return None;
        }
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let mut zstd = match taken {
            Some(zstd) => zstd,
            None => Decompressor::new().ok()?,
        };
        let start = out.len();
        out.resize(start + size as usize, 0);
        let written = zstd.decompress_to_buffer(frame, &mut out[start..]).ok();
        idle().push(zstd);
        (written == Some(size as usize)).then_some(())
    }
}
