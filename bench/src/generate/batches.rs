//! Exporters: each instance batches each signal on its own, up to 512 records a request, encoded as OTLP protobuf.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use super::estate::{Estate, Instance, Service};
use super::records::{Emitted, Record};
use super::rng::Rng;
use crate::truth::Truth;

/// Records in a full request, the batch processors' default.
pub const BATCH_RECORDS_MAX: usize = 512;
/// How long a record waits for its batch to fill, the batch processors' default.
const BATCH_WAIT_NANOS: u64 = 5_000_000_000;
/// The gRPC message header: a compression flag and a length.
pub const GRPC_HEADER: usize = 5;
/// Share of requests that are sent a second time, whole, in ten thousand.
const RESENT_PER_10_000: u64 = 50;

/// One of the two kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Log records.
    Logs,
    /// Spans.
    Spans,
}

/// One export request, encoded.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it holds.
    pub signal: Signal,
    /// Whose instance sends it.
    pub service: Service,
    /// How many records.
    pub records: u32,
    /// The request this one repeats byte for byte, if it does.
    pub resend_of: Option<u32>,
    framed: Bytes,
}

impl Request {
    /// The message with the gRPC header before it.
    pub fn framed(&self) -> Bytes {
        self.framed.clone()
    }

    /// The protobuf message alone.
    pub fn message(&self) -> Bytes {
        self.framed.slice(GRPC_HEADER..)
    }
}

/// A gRPC frame around a message.
pub fn frame(message: &[u8], compressed: bool) -> Bytes {
    let mut framed = BytesMut::with_capacity(GRPC_HEADER + message.len());
    framed.put_u8(u8::from(compressed));
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.put_slice(message);
    framed.freeze()
}

/// All exporters of an estate, and the requests they made so far.
pub(super) struct Exporters<'a> {
    estate: &'a Estate,
    rng: Rng,
    /// Records made but not due yet, by their time and a counter.
    waiting: BTreeMap<(u64, u64), Emitted>,
    made: u64,
    /// Batches being filled, two per instance: logs, spans.
    open: Vec<Vec<Emitted>>,
    requests: Vec<Request>,
}

impl<'a> Exporters<'a> {
    /// Exporters with nothing in them.
    pub(super) fn new(estate: &'a Estate, seed: u64) -> Self {
        let open = (0..estate.instances.len() * 2).map(|_| Vec::new()).collect();
        Self {
            estate,
            rng: Rng::new(seed, 0xba7c4),
            waiting: BTreeMap::new(),
            made: 0,
            open,
            requests: Vec::new(),
        }
    }

    /// Takes a flow's records.
    pub(super) fn add(&mut self, records: Vec<Emitted>) {
        for record in records {
            self.made += 1;
            self.waiting.insert((record.time, self.made), record);
        }
    }

    /// Exports what was made before `time`.
    pub(super) fn run_until(&mut self, time: u64, truth: &mut Truth) {
        let later = self.waiting.split_off(&(time, 0));
        for (_, record) in std::mem::replace(&mut self.waiting, later) {
            let service = self.estate.instances[record.instance].service;
            truth.observe(service, &record);
            let signal = usize::from(matches!(record.record, Record::Span(_)));
            let exporter = record.instance * 2 + signal;
            let first = self.open[exporter].first().map_or(record.time, |first| first.time);
            if record.time - first > BATCH_WAIT_NANOS {
                self.flush(exporter, truth);
            }
            self.open[exporter].push(record);
            if self.open[exporter].len() == BATCH_RECORDS_MAX {
                self.flush(exporter, truth);
            }
        }
    }

    /// Exports everything; gives the requests in the order they were made.
    pub(super) fn finish(mut self, truth: &mut Truth) -> Vec<Request> {
        self.run_until(u64::MAX, truth);
        for exporter in 0..self.open.len() {
            self.flush(exporter, truth);
        }
        self.requests
    }

    fn flush(&mut self, exporter: usize, truth: &mut Truth) {
        let batch = std::mem::take(&mut self.open[exporter]);
        if batch.is_empty() {
            return;
        }
        let number = u32::try_from(self.requests.len()).unwrap_or(u32::MAX);
        let records = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        for record in &batch {
            truth.observe_request(record, number);
        }
        let instance = &self.estate.instances[exporter / 2];
        let (signal, message) = if exporter.is_multiple_of(2) {
            (Signal::Logs, logs(instance, batch))
        } else {
            (Signal::Spans, spans(instance, batch))
        };
        let request = Request {
            signal,
            service: instance.service,
            records,
            resend_of: None,
            framed: frame(&message, false),
        };
        truth.sent_records += u64::from(records);
        self.requests.push(request.clone());
        if self.rng.below(10_000) < RESENT_PER_10_000 {
            truth.sent_records += u64::from(records);
            self.requests.push(Request { resend_of: Some(number), ..request });
        }
    }
}

fn logs(instance: &Instance, batch: Vec<Emitted>) -> Vec<u8> {
    let log_records: Vec<LogRecord> = batch
        .into_iter()
        .filter_map(|emitted| match emitted.record {
            Record::Log(log) => Some(log),
            Record::Span(_) => None,
        })
        .collect();
    let scope_logs =
        vec![ScopeLogs { scope: Some(instance.log_scope.clone()), log_records, ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs {
        resource: Some(instance.resource.clone()),
        scope_logs,
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

fn spans(instance: &Instance, batch: Vec<Emitted>) -> Vec<u8> {
    let spans: Vec<Span> = batch
        .into_iter()
        .filter_map(|emitted| match emitted.record {
            Record::Span(span) => Some(span),
            Record::Log(_) => None,
        })
        .collect();
    let scope_spans =
        vec![ScopeSpans { scope: Some(instance.span_scope.clone()), spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans {
        resource: Some(instance.resource.clone()),
        scope_spans,
        ..ResourceSpans::default()
    }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}
