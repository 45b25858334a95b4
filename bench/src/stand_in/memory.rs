//! What the stand-in keeps, and the flow rule by scanning it.

use std::collections::{BTreeSet, HashSet};

use anyhow::Result;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode};
use prost::Message;
use xxhash_rust::xxh3::xxh3_128;

use crate::generate::Signal;

/// A record with its service and the order id it carries.
pub(super) struct Kept<T> {
    pub(super) service: String,
    pub(super) order: Option<String>,
    pub(super) record: T,
}

/// Everything taken, each request and each span once.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) spans: Vec<Kept<Span>>,
    pub(super) logs: Vec<Kept<LogRecord>>,
    requests: HashSet<u128>,
    identities: HashSet<(Vec<u8>, Vec<u8>, i32, u64)>,
}

/// A flow, by the flow rule.
#[derive(Default)]
pub(super) struct Flow<'a> {
    pub(super) traces: BTreeSet<&'a [u8]>,
    pub(super) spans: Vec<&'a Kept<Span>>,
    pub(super) logs: Vec<&'a Kept<LogRecord>>,
}

impl Memory {
    /// Takes a request; false when it was taken before.
    pub(super) fn take(&mut self, signal: Signal, message: &[u8]) -> Result<bool> {
        if !self.requests.insert(xxh3_128(message)) {
            return Ok(false);
        }
        match signal {
            Signal::Logs => {
                for resource in ExportLogsServiceRequest::decode(message)?.resource_logs {
                    let service = service_of(resource.resource.map(|resource| resource.attributes));
                    for record in resource.scope_logs.into_iter().flat_map(|scope| scope.log_records) {
                        let order = order_of(&record.attributes, body_of(&record));
                        self.logs.push(Kept { service: service.clone(), order, record });
                    }
                }
            }
            Signal::Spans => {
                for resource in ExportTraceServiceRequest::decode(message)?.resource_spans {
                    let service = service_of(resource.resource.map(|resource| resource.attributes));
                    for record in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                        let ids = (record.trace_id.clone(), record.span_id.clone());
                        if self.identities.insert((ids.0, ids.1, record.kind, record.start_time_unix_nano)) {
                            let order = order_of(&record.attributes, "");
                            self.spans.push(Kept { service: service.clone(), order, record });
                        }
                    }
                }
            }
        }
        Ok(true)
    }

    /// The flow of an order: empty when nothing carries it.
    pub(super) fn flow(&self, order: &str) -> Flow<'_> {
        let carries = |kept: &Option<String>| kept.as_deref() == Some(order);
        let mut traces: BTreeSet<&[u8]> = BTreeSet::new();
        traces
            .extend(self.spans.iter().filter(|span| carries(&span.order)).map(|span| &*span.record.trace_id));
        traces.extend(self.logs.iter().filter(|log| carries(&log.order)).map(|log| &*log.record.trace_id));
        traces.remove(&[][..]);
        loop {
            let before = traces.len();
            for span in &self.spans {
                for link in &span.record.links {
                    if traces.contains(&*link.trace_id) || traces.contains(&*span.record.trace_id) {
                        traces.extend([&*link.trace_id, &*span.record.trace_id]);
                    }
                }
            }
            if traces.len() == before {
                break;
            }
        }
        let spans = self.spans.iter().filter(|span| traces.contains(&*span.record.trace_id)).collect();
        let logs = self
            .logs
            .iter()
            .filter(|log| traces.contains(&*log.record.trace_id) || carries(&log.order))
            .collect();
        Flow { traces, spans, logs }
    }
}

/// Whether a span failed.
pub(super) fn failed(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32)
}

/// A body that is text; empty for any other.
pub(super) fn body_of(log: &LogRecord) -> &str {
    match log.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// A string attribute.
pub(super) fn string_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn service_of(attributes: Option<Vec<KeyValue>>) -> String {
    string_of(&attributes.unwrap_or_default(), "service.name").unwrap_or_default().to_owned()
}

/// The order id under the keys that the benchmark configures.
fn order_of(attributes: &[KeyValue], body: &str) -> Option<String> {
    let named = string_of(attributes, "order.id").or_else(|| string_of(attributes, "app.order.id"));
    let in_text = |before: &str| body.split_once(before).and_then(|(_, rest)| rest.get(..36));
    named.or_else(|| in_text(r#""orderId":""#)).or_else(|| in_text("orderId: ")).map(str::to_owned)
}
