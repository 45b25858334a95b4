//! How large a record may be; the same at ingest and at replay.
//!
//! Invariant: these are constants, not configuration. Replay repeats the decode of requests that were acknowledged; a
//! limit that a restart could lower would drop records that clients were told are safe.

/// Bounds of one request's decode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Attributes of one record; a record with more is rejected.
    pub(crate) attributes_max: usize,
    /// Bytes of one body; a longer one is cut, with a marker.
    pub(crate) body_bytes_max: usize,
    /// Records of one request; those past it are rejected.
    pub(crate) records_max: u64,
    /// Bytes of resources and scopes copied out of one request; records of streams past it are rejected. A resource is
    /// copied once per scope under it, so that without a bound a 64 MiB request could ask for terabytes.
    pub(crate) stream_bytes_max: usize,
}

impl Limits {
    /// The bounds in force.
    pub(crate) const STANDARD: Self = Self {
        attributes_max: 1_000,
        body_bytes_max: 1 << 20,
        records_max: 100_000,
        stream_bytes_max: 64 << 20,
    };
}

/// Nanoseconds that a record's time may lie after its arrival before it is indexed under an earlier one.
pub(crate) const FUTURE_MAX_NANOS: u64 = 24 * 3600 * 1_000_000_000;

/// Bytes of the name of an attribute or of a map's entry. Names are repeated in the index, once for each value under
/// them, so that one of many megabytes would ask for gigabytes.
pub(crate) const KEY_BYTES_MAX: usize = 4 << 10;
