//! The write path: from a request to its acknowledgement.
//!
//! Invariant: nothing takes memory before its bytes are in the permit, and the outcome is told only after
//! [`Append::append`] returned, which is when the records are durable and visible.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::HeaderMap;
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_store::Appended;
use spoor_store::model::{Batch, Signal, Tenant, UnixNanos};

use crate::admission::{Memory, Permit, tenant};
use crate::append::Append;
use crate::decode::{OtlpDecoder, Tally, count_data_points};
use crate::forward::Forwarder;
use crate::metrics::CollectorMetrics;
use crate::otlp::{Encoding, Export, Format, Payload, Transport, payload_over_grpc, payload_over_http, read};
use crate::outcome::{Outcome, RETRY_AFTER, Refusal};

/// Largest protobuf request that is decoded on the connection's own thread: at about 2 ns a byte it stays under the
/// 500 µs that async work may take.
const INLINE_BYTES_MAX: usize = 192 << 10;
/// The same for JSON, which is parsed before.
const INLINE_JSON_BYTES_MAX: usize = 48 << 10;

/// The write path and what it needs.
pub(crate) struct Ingest {
    pub(crate) append: Arc<dyn Append>,
    pub(crate) decoder: OtlpDecoder,
    pub(crate) memory: Memory,
    pub(crate) cpu: CpuPool,
    pub(crate) clock: Clock,
    pub(crate) metrics: CollectorMetrics,
    pub(crate) forwarder: Forwarder,
    pub(crate) request_bytes_max: usize,
    pub(crate) body_time_max: Duration,
}

/// A request whose body is still to come.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) transport: Transport,
    pub(crate) export: Export,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

/// A request as far as CPU work takes it.
enum Work {
    Records { batch: Box<Batch>, tally: Tally },
    Metrics { request: Bytes, data_points: u64 },
}

impl Ingest {
    /// Takes a request and says what became of it.
    pub(crate) async fn ingest(&self, incoming: Incoming) -> Result<Outcome, Refusal> {
        let (transport, export) = (incoming.transport, incoming.export);
        let result = self.accept(incoming).await;
        self.metrics.answered(transport.name(), export.name(), result.as_ref().err());
        match &result {
            Ok(outcome) if outcome.message.is_empty() => {}
            Ok(outcome) => tracing::debug!(export = export.name(), outcome.message, "took a request in part"),
            Err(refusal) => {
                tracing::debug!(export = export.name(), reason = refusal.message(), "refused a request");
            }
        }
        result
    }

    async fn accept(&self, incoming: Incoming) -> Result<Outcome, Refusal> {
        let Incoming { transport, export, headers, body } = incoming;
        let tenant = tenant(&headers)?;
        self.append.admit(body.size_hint().lower() as usize)?;
        let mut permit = self.memory.permit();
        let payload = self.receive(transport, export, &headers, body, &mut permit).await?;
        let arrival = self.clock.now_unix_nanos();
        let (work, _permit) = self.work(payload, export, tenant.clone(), arrival, permit).await?;
        match work {
            Work::Records { batch, tally } => self.store(export, *batch, &tally).await,
            Work::Metrics { request, data_points } => {
                self.metrics.data_points.inc_by(data_points);
                self.forwarder.offer(&tenant, request);
                Ok(Outcome::default())
            }
        }
    }

    /// Reads the body and takes it out of its frame.
    async fn receive(
        &self,
        transport: Transport,
        export: Export,
        headers: &HeaderMap,
        body: Body,
        permit: &mut Permit,
    ) -> Result<Payload, Refusal> {
        let reading = read(body, self.request_bytes_max, permit, &self.clock);
        let bytes = match self.clock.timeout(self.body_time_max, reading).await {
            Ok(result) => result?,
            Err(_) => {
                let seconds = self.body_time_max.as_secs();
                return Err(Refusal::Unavailable(format!("body did not arrive within {seconds} s")));
            }
        };
        self.metrics.received(transport.name(), export.name(), bytes.len());
        match transport {
            Transport::Grpc => payload_over_grpc(headers, bytes),
            Transport::Http => payload_over_http(headers, bytes),
        }
    }

    /// Decompresses and decodes: here when that is quick, else on the CPU pool. The permit comes back with the result,
    /// and is freed by whoever drops it.
    async fn work(
        &self,
        payload: Payload,
        export: Export,
        tenant: Tenant,
        arrival: UnixNanos,
        mut permit: Permit,
    ) -> Result<(Work, Permit), Refusal> {
        let inline_bytes_max = match payload.format {
            Format::Protobuf => INLINE_BYTES_MAX,
            Format::Json => INLINE_JSON_BYTES_MAX,
        };
        let is_quick = payload.encoding == Encoding::Identity && payload.bytes.len() <= inline_bytes_max;
        let (decoder, bytes_max) = (self.decoder.clone(), self.request_bytes_max);
        let work = move || {
            let request = payload.plain(export, bytes_max, &mut permit)?;
            // What decoding adds beside the bytes: ranges, hashes, terms.
            permit.grow(request.len()).map_err(|_| Refusal::Throttled {
                budget: "memory in flight".to_owned(),
                retry_after: RETRY_AFTER,
            })?;
            let signal = match export {
                Export::Logs => Signal::Logs,
                Export::Traces => Signal::Spans,
                Export::Metrics => {
                    let data_points = count_data_points(&request)?;
                    return Ok((Work::Metrics { request, data_points }, permit));
                }
            };
            let (batch, tally) = decoder.batch(tenant, signal, arrival, request)?;
            Ok((Work::Records { batch: Box::new(batch), tally }, permit))
        };
        if is_quick { work() } else { self.cpu.run(work).await? }
    }

    async fn store(&self, export: Export, batch: Batch, tally: &Tally) -> Result<Outcome, Refusal> {
        let signal = if export == Export::Logs { Signal::Logs } else { Signal::Spans };
        let appended = if batch.is_empty() { Appended::Stored } else { self.append.append(batch).await? };
        self.metrics.taken(signal, tally, appended);
        Ok(Outcome::new(signal, tally))
    }
}
