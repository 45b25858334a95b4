//! How a request's bytes are packed into a frame.

use bytes::Bytes;

/// Bodies below this are kept as they are: packing saves too little.
const PACK_BYTES_MIN: usize = 256;

/// Weighed against other levels and the raw bytes in `docs/decisions/030-write-ahead-log.md`.
const ZSTD_LEVEL: i32 = -3;

/// How a payload is packed; the numbers stand on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Codec {
    Raw = 0,
    Zstd = 1,
}

/// A request's bytes, packed for the log.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(super) codec: Codec,
    pub(super) body_bytes: u32,
    pub(super) crc: u32,
    pub(super) bytes: Bytes,
}

/// Packs payloads; keeps its tables between them.
pub(crate) struct PayloadEncoder {
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Codec {
    pub(super) fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Raw),
            1 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Restores a body of `body_bytes`; `None` when `payload` does not hold one.
    pub(super) fn unpack(self, payload: Bytes, body_bytes: usize) -> Option<Bytes> {
        let body = match self {
            Self::Raw => payload,
            Self::Zstd => zstd::bulk::decompress(&payload, body_bytes).ok()?.into(),
        };
        (body.len() == body_bytes).then_some(body)
    }
}

impl Payload {
    /// Keeps `body` as it is.
    ///
    /// # Panics
    /// When it is larger than a request may be.
    pub(crate) fn raw(body: Bytes) -> Self {
        Self { codec: Codec::Raw, body_bytes: length(&body), crc: crc32fast::hash(&body), bytes: body }
    }
}

impl PayloadEncoder {
    pub(crate) fn new() -> Self {
        // Without memory for the tables there is still the raw form.
        Self { zstd: zstd::bulk::Compressor::new(ZSTD_LEVEL).ok() }
    }

    /// Packs `body`, or keeps it as it is when that is not smaller.
    ///
    /// # Panics
    /// When it is larger than a request may be.
    pub(crate) fn encode(&mut self, body: &Bytes) -> Payload {
        if let Some(zstd) = &mut self.zstd
            && body.len() >= PACK_BYTES_MIN
            && let Ok(packed) = zstd.compress(body)
            && packed.len() < body.len()
        {
            let crc = crc32fast::hash(&packed);
            return Payload { codec: Codec::Zstd, body_bytes: length(body), crc, bytes: packed.into() };
        }
        Payload::raw(body.clone())
    }
}

impl std::fmt::Debug for PayloadEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PayloadEncoder").finish_non_exhaustive()
    }
}

fn length(body: &[u8]) -> u32 {
    assert!(body.len() <= crate::model::Batch::BYTES_MAX, "a request is bounded before it comes here");
    body.len() as u32
}
