//! Requests as they go on the wire, made before the timed run.

use std::io::Write as _;

use anyhow::Result;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

use super::connection::Wire;
use crate::generate::{Request, Signal, frame};

/// A request whose bytes are final.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What it holds.
    pub signal: Signal,
    /// How many records.
    pub records: u32,
    /// The HTTP body.
    pub body: Bytes,
}

/// The wire form of `requests`; gzip costs time here, not in the run.
pub fn prepare(requests: &[Request], wire: Wire) -> Result<Vec<Prepared>> {
    requests
        .iter()
        .map(|request| {
            let body = match (wire.grpc, wire.gzip) {
                (true, false) => request.framed(),
                (false, false) => request.message(),
                (true, true) => frame(&gzip(&request.message())?, true),
                (false, true) => Bytes::from(gzip(&request.message())?),
            };
            Ok(Prepared { signal: request.signal, records: request.records, body })
        })
        .collect()
}

fn gzip(message: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(message.len() / 4), Compression::fast());
    encoder.write_all(message)?;
    Ok(encoder.finish()?)
}
