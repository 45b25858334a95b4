//! Reads a body within the memory budget.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use spoor_runtime::clock::Clock;

use super::grpc::FRAME_HEAD;
use crate::admission::Permit;
use crate::outcome::{RETRY_AFTER, Refusal};

/// Bytes read and thrown away after a refusal, so that the client reads the answer before its connection ends; HTTP/1
/// has no other way to stop it.
const DRAIN_BYTES_MAX: usize = 64 << 20;
/// How long that may take.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(5);
/// Room made for a body before its bytes are here.
const RESERVED_MAX: usize = 1 << 20;

/// Reads all of `body`, at most `bytes_max` bytes and a frame's head, which `permit` then holds.
///
/// # Errors
/// [`Refusal::TooLarge`], [`Refusal::Throttled`] when the budget has no room, [`Refusal::Cancelled`] when the client
/// went away.
pub(crate) async fn read(
    mut body: Body,
    bytes_max: usize,
    permit: &mut Permit,
    clock: &Clock,
) -> Result<Bytes, Refusal> {
    let wire_bytes_max = bytes_max + FRAME_HEAD;
    let announced = body.size_hint().lower();
    if announced > wire_bytes_max as u64 {
        drain(body, clock).await;
        return Err(Refusal::TooLarge { bytes_max });
    }
    let mut first = Bytes::new();
    let mut joined = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(Refusal::Cancelled) };
        let Ok(data) = frame.into_data() else { continue };
        let total = first.len().max(joined.len()) + data.len();
        let refusal = if total > wire_bytes_max {
            Some(Refusal::TooLarge { bytes_max })
        } else if permit.grow(data.len()).is_err() {
            Some(Refusal::Throttled { budget: "memory in flight".to_owned(), retry_after: RETRY_AFTER })
        } else {
            None
        };
        if let Some(refusal) = refusal {
            drain(body, clock).await;
            return Err(refusal);
        }
        // A body of one frame, which small requests are, is taken as it is.
        if first.is_empty() && joined.is_empty() {
            first = data;
            continue;
        }
        if joined.is_empty() {
            joined.reserve((announced as usize).max(total).min(RESERVED_MAX));
            joined.extend_from_slice(&first);
        }
        joined.extend_from_slice(&data);
    }
    Ok(if joined.is_empty() { first } else { joined.into() })
}

async fn drain(mut body: Body, clock: &Clock) {
    let reading = async {
        let mut left = DRAIN_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            let Some(rest) = left.checked_sub(length) else { return };
            left = rest;
        }
    };
    // Draining is a courtesy; when its time is up the connection ends.
    clock.timeout(DRAIN_TIME_MAX, reading).await.unwrap_or_default();
}
