//! Trace and span ids from the wire.

use spoor_proto::wire::put_bytes_field;
use spoor_store::model::{SpanId, TraceId};

use super::fault::Reason;
use super::rest::Rest;

/// Reads an optional trace id. All zeros means none; the zeros stay in `rest`.
#[inline]
pub(super) fn trace(bytes: &[u8], number: u32, rest: &mut Rest<'_>) -> Result<Option<TraceId>, Reason> {
    let id = TraceId::from_bytes(bytes);
    if id.is_none() && !bytes.is_empty() {
        if bytes.len() != 16 {
            return Err(Reason::TraceIdLength);
        }
        put_bytes_field(rest.written(), number, bytes);
    }
    Ok(id)
}

/// Reads an optional span id, as [`trace`]; a wrong length is `reason`.
#[inline]
pub(super) fn span(
    bytes: &[u8],
    number: u32,
    reason: Reason,
    rest: &mut Rest<'_>,
) -> Result<Option<SpanId>, Reason> {
    let id = SpanId::from_bytes(bytes);
    if id.is_none() && !bytes.is_empty() {
        if bytes.len() != 8 {
            return Err(reason);
        }
        put_bytes_field(rest.written(), number, bytes);
    }
    Ok(id)
}
