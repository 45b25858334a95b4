//! One frame as bytes; the layout stands in the module's table.

use super::FrameHead;
use super::payload::{Codec, Payload};
use crate::model::{Signal, Tenant};

const MAGIC: [u8; 4] = *b"SpFr";
/// Bytes before the tenant.
const FIXED_BYTES: usize = 64;

/// What a frame's header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) head: FrameHead,
    pub(super) sequence: u64,
    pub(super) durable: u64,
    pub(super) codec: Codec,
    pub(super) body_bytes: u32,
    pub(super) payload_bytes: u32,
    pub(super) payload_crc: u32,
}

/// Why bytes are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoFrame {
    /// As a write that was cut short leaves them.
    Torn(&'static str),
    /// The checksum is right, so they were written so.
    Broken(&'static str),
}

/// Bytes of the frame that [`encode`] makes.
pub(super) fn encoded_bytes(head: &FrameHead, payload: &Payload) -> usize {
    FIXED_BYTES + head.tenant.as_str().len() + payload.bytes.len()
}

/// Appends a frame to `out`.
pub(super) fn encode(
    out: &mut Vec<u8>,
    salt: u64,
    head: &FrameHead,
    payload: &Payload,
    (sequence, durable): (u64, u64),
) {
    let start = out.len();
    let tenant = head.tenant.as_str().as_bytes();
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&payload.crc.to_le_bytes());
    out.extend_from_slice(&(payload.bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(&payload.body_bytes.to_le_bytes());
    out.extend_from_slice(&[head.signal as u8, payload.codec as u8, tenant.len() as u8, 0]);
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&durable.to_le_bytes());
    out.extend_from_slice(&head.arrival.to_le_bytes());
    out.extend_from_slice(&head.fingerprint.to_le_bytes());
    out.extend_from_slice(tenant);
    let crc = header_crc(salt, &out[start + 8..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(&payload.bytes);
}

impl FrameHeader {
    /// Reads the header of a frame that starts where `bytes` do.
    pub(super) fn decode(bytes: &[u8], salt: u64) -> Result<Self, NoFrame> {
        let Some(fixed) = bytes.first_chunk::<FIXED_BYTES>() else {
            return Err(NoFrame::Torn("the frame header is cut off"));
        };
        if fixed[..4] != MAGIC {
            return Err(NoFrame::Torn("no frame starts here"));
        }
        let Some(header) = bytes.get(..FIXED_BYTES + usize::from(fixed[22])) else {
            return Err(NoFrame::Torn("the frame header is cut off"));
        };
        if u32::from_le_bytes(field(fixed, 4)) != header_crc(salt, &header[8..]) {
            return Err(NoFrame::Torn("the frame header's checksum is wrong"));
        }
        let tenant = std::str::from_utf8(&header[FIXED_BYTES..]).ok().and_then(|name| Tenant::new(name).ok());
        let (Some(tenant), Some(signal), Some(codec)) =
            (tenant, Signal::from_u8(fixed[20]), Codec::from_u8(fixed[21]))
        else {
            return Err(NoFrame::Broken("the frame's tenant, signal or codec is not known"));
        };
        let arrival = u64::from_le_bytes(field(fixed, 40));
        let fingerprint = u128::from_le_bytes(field(fixed, 48));
        Ok(Self {
            head: FrameHead { tenant, signal, arrival, fingerprint },
            sequence: u64::from_le_bytes(field(fixed, 24)),
            durable: u64::from_le_bytes(field(fixed, 32)),
            codec,
            body_bytes: u32::from_le_bytes(field(fixed, 16)),
            payload_bytes: u32::from_le_bytes(field(fixed, 12)),
            payload_crc: u32::from_le_bytes(field(fixed, 8)),
        })
    }

    /// Where the payload lies, counted from the start of the frame.
    pub(super) fn payload_range(&self) -> std::ops::Range<usize> {
        let start = FIXED_BYTES + self.head.tenant.as_str().len();
        start..start + self.payload_bytes as usize
    }

    /// Checks the payload of the frame that starts where `bytes` do.
    pub(super) fn check_payload(&self, bytes: &[u8]) -> Result<(), NoFrame> {
        let Some(payload) = bytes.get(self.payload_range()) else {
            return Err(NoFrame::Torn("the frame's payload is cut off"));
        };
        if crc32fast::hash(payload) != self.payload_crc {
            return Err(NoFrame::Torn("the frame's payload has a wrong checksum"));
        }
        Ok(())
    }
}

/// Whether a frame header anywhere in `bytes` says that `sequence` was durable.
pub(super) fn proves_durable(bytes: &[u8], salt: u64, sequence: u64) -> bool {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    let mut headers = starts.filter_map(|(start, _)| FrameHeader::decode(&bytes[start..], salt).ok());
    headers.any(|header| header.durable >= sequence)
}

fn header_crc(salt: u64, rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(rest);
    hasher.finalize()
}

/// The `N` bytes at `start`; every caller's range lies inside the fixed header.
pub(super) fn field<const N: usize>(header: &[u8], start: usize) -> [u8; N] {
    let mut value = [0; N];
    value.copy_from_slice(&header[start..start + N]);
    value
}
