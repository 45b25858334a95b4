//! Records of tests, built without protobuf in the tests' own text.

use std::sync::Arc;

use prost::Message as _;
use spoor_proto::otlp::{AnyValue, KeyValue, Resource, Span, Status, any_value::Value, span};
use spoor_store::model::{
    Record, RecordBody, RecordId, Signal, SpanId, SpanKind, SpanStatus, SplitId, Stream, StreamParts, TraceId,
};

/// A record under construction.
#[derive(Debug)]
pub(crate) struct Sample {
    record: Record,
    rest: Span,
    resource: Vec<KeyValue>,
}

/// A span of `service`, of trace 1, internal, from 0 to 0.
pub(crate) fn span(service: &str, id: u8) -> Sample {
    let sample = sample(Signal::Spans, service);
    sample.change(|record| {
        record.trace_id = Some(trace_id(1));
        record.span_id = Some(span_id(id));
        record.severity_or_kind = SpanKind::Internal as u8;
        record.name = format!("span {id}");
    })
}

/// A log record of `service`, of no trace, at 0.
pub(crate) fn log(service: &str, body: &str) -> Sample {
    sample(Signal::Logs, service).change(|record| {
        record.severity_or_kind = 9;
        record.body = RecordBody::Text(body.to_owned());
    })
}

/// A trace id that ends in `number`.
pub(crate) fn trace_id(number: u8) -> TraceId {
    let mut bytes = [0; 16];
    bytes[15] = number;
    TraceId::from_bytes(&bytes).expect("not zero")
}

/// A span id that ends in `number`.
pub(crate) fn span_id(number: u8) -> SpanId {
    let mut bytes = [0; 8];
    bytes[7] = number;
    SpanId::from_bytes(&bytes).expect("not zero")
}

/// A string attribute.
pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

/// An attribute.
pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn sample(signal: Signal, service: &str) -> Sample {
    let record = Record {
        id: RecordId { split: SplitId::generate(), ordinal: 0 },
        signal,
        stream: Arc::new(Stream::new(StreamParts::default())),
        time: 0,
        time_is_set: true,
        end_or_observed: 0,
        severity_or_kind: 0,
        status: SpanStatus::Unset,
        status_is_set: false,
        flags: 0,
        trace_id: None,
        span_id: None,
        parent_span_id: None,
        name: String::new(),
        severity_text: String::new(),
        body: RecordBody::None,
        attributes: Vec::new(),
        correlations: Vec::new(),
        rest: Vec::new(),
    };
    Sample { record, rest: Span::default(), resource: vec![text("service.name", service)] }
}

impl Sample {
    pub(crate) fn change(mut self, change: impl FnOnce(&mut Record)) -> Self {
        change(&mut self.record);
        self
    }

    /// From `start` to `end`.
    pub(crate) fn at(self, start: u64, end: u64) -> Self {
        self.change(|record| {
            record.time = start;
            record.end_or_observed = end;
        })
    }

    pub(crate) fn of_trace(self, trace: u8) -> Self {
        self.change(|record| record.trace_id = Some(trace_id(trace)))
    }

    pub(crate) fn under(self, parent: u8) -> Self {
        self.change(|record| match record.signal {
            Signal::Spans => record.parent_span_id = Some(span_id(parent)),
            Signal::Logs => record.span_id = Some(span_id(parent)),
        })
    }

    pub(crate) fn kind(self, kind: SpanKind) -> Self {
        self.change(|record| record.severity_or_kind = kind as u8)
    }

    /// A failed span with a status message, or a log record of severity error.
    pub(crate) fn failed(mut self, message: &str) -> Self {
        if self.record.signal == Signal::Logs {
            return self.change(|record| record.severity_or_kind = 17);
        }
        if !message.is_empty() {
            self.rest.status = Some(Status { message: message.to_owned(), code: 2 });
        }
        self.change(|record| {
            record.status = SpanStatus::Error;
            record.status_is_set = true;
        })
    }

    pub(crate) fn linked_to(mut self, trace: u8, span: u8) -> Self {
        self.rest.links.push(span::Link {
            trace_id: trace_id(trace).as_bytes().to_vec(),
            span_id: span_id(span).as_bytes().to_vec(),
            ..span::Link::default()
        });
        self
    }

    /// Sent by this instance of its service.
    pub(crate) fn instance(mut self, id: &str) -> Self {
        self.resource.push(text("service.instance.id", id));
        self
    }

    pub(crate) fn event(mut self, event: span::Event) -> Self {
        self.rest.events.push(event);
        self
    }

    pub(crate) fn attribute(self, attribute: &KeyValue) -> Self {
        let raw = attribute.encode_to_vec();
        self.change(|record| record.attributes.push(raw))
    }

    pub(crate) fn correlated(self, key: &str, value: &str) -> Self {
        self.change(|record| record.correlations.push((key.to_owned(), value.to_owned())))
    }

    pub(crate) fn build(self) -> Record {
        let Self { mut record, rest, resource } = self;
        let resource = Resource { attributes: resource, ..Resource::default() };
        record.stream = Arc::new(Stream::new(StreamParts {
            resource: Some(resource.encode_to_vec()),
            ..StreamParts::default()
        }));
        if record.signal == Signal::Spans {
            record.rest = rest.encode_to_vec();
        }
        record
    }
}
