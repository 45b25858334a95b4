//! A trace as OTLP has it: what lies between loading or receiving one, and answering it in either of Jaeger's shapes.

use std::collections::HashMap;

use spoor_proto::otlp::{
    AnyValue, ArrayValue, ExportTraceServiceRequest, InstrumentationScope, KeyValue, Resource, ResourceSpans,
    ScopeSpans, Span, any_value::Value,
};
use spoor_store::model::{Record, StreamParts, TraceId};

use crate::otlp;

/// Attribute that carries what an adjustment had to say of a span, as Jaeger's own storage does.
const WARNINGS: &str = "@jaeger@warnings";

/// Bytes of one attribute next to those of its texts.
const ATTRIBUTE_BYTES: usize = size_of::<KeyValue>();

/// One trace.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Trace {
    /// As it came; empty when it was no valid id.
    pub(crate) id: Vec<u8>,
    /// What its spans come from; each once.
    pub(crate) sources: Vec<Source>,
    pub(crate) spans: Vec<TraceSpan>,
}

/// A resource and a scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Source {
    pub(crate) resource: Resource,
    pub(crate) resource_schema_url: String,
    pub(crate) scope: InstrumentationScope,
    pub(crate) scope_schema_url: String,
}

/// A span of a trace.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct TraceSpan {
    /// Place of its source.
    pub(crate) source: usize,
    pub(crate) span: Span,
    pub(crate) warnings: Vec<String>,
}

impl Trace {
    /// Makes a trace of its records, by time.
    pub(crate) fn of_records(id: TraceId, records: &[Record]) -> Self {
        let mut trace = Self { id: id.as_bytes().to_vec(), ..Self::default() };
        let mut places: HashMap<&StreamParts, usize> = HashMap::new();
        for record in records {
            let parts = &record.stream.parts;
            let source = *places.entry(parts).or_insert_with(|| {
                trace.sources.push(Source::of(parts));
                trace.sources.len() - 1
            });
            trace.spans.push(TraceSpan { source, span: otlp::to_span(record), warnings: Vec::new() });
        }
        trace.sort();
        trace
    }

    /// The traces of a request, in order of their first spans.
    pub(crate) fn of_request(request: ExportTraceServiceRequest) -> Vec<Self> {
        let mut traces: Vec<Self> = Vec::new();
        let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
        for of_resource in request.resource_spans {
            let resource = of_resource.resource.unwrap_or_default();
            for of_scope in of_resource.scope_spans {
                let source = Source {
                    resource: resource.clone(),
                    resource_schema_url: of_resource.schema_url.clone(),
                    scope: of_scope.scope.unwrap_or_default(),
                    scope_schema_url: of_scope.schema_url,
                };
                for span in of_scope.spans {
                    let place = *places.entry(span.trace_id.clone()).or_insert_with(|| {
                        traces.push(Self { id: span.trace_id.clone(), ..Self::default() });
                        traces.len() - 1
                    });
                    traces[place].push(&source, span);
                }
            }
        }
        traces
    }

    fn push(&mut self, source: &Source, span: Span) {
        // Spans of one source stand together.
        if self.sources.last() != Some(source) {
            self.sources.push(source.clone());
        }
        self.spans.push(TraceSpan { source: self.sources.len() - 1, span, warnings: Vec::new() });
    }

    /// Orders the spans by start; of one start, by id.
    pub(crate) fn sort(&mut self) {
        self.spans.sort_by(|left, right| {
            let key = |one: &TraceSpan| (one.span.start_time_unix_nano, one.span.end_time_unix_nano);
            key(left).cmp(&key(right)).then_with(|| left.span.span_id.cmp(&right.span.span_id))
        });
    }

    /// The spans in OTLP's groups, in chunks of about `bytes_max`; no chunk is empty.
    pub(crate) fn into_chunks(self, bytes_max: usize) -> Vec<Vec<ResourceSpans>> {
        let mut chunks: Vec<Vec<ResourceSpans>> = Vec::new();
        let (mut open, mut bytes): (Vec<TraceSpan>, usize) = (Vec::new(), 0);
        for span in self.spans {
            let more = prost::Message::encoded_len(&span.span);
            if bytes + more > bytes_max && !open.is_empty() {
                chunks.push(group(&self.sources, std::mem::take(&mut open)));
                bytes = 0;
            }
            bytes += more;
            open.push(span);
        }
        if !open.is_empty() {
            chunks.push(group(&self.sources, open));
        }
        chunks
    }

    /// The spans in OTLP's groups.
    pub(crate) fn into_resource_spans(self) -> Vec<ResourceSpans> {
        group(&self.sources, self.spans)
    }
}

impl Source {
    fn of(parts: &StreamParts) -> Self {
        Self {
            resource: otlp::resource_of(parts).unwrap_or_default(),
            resource_schema_url: parts.resource_schema_url.clone(),
            scope: otlp::scope_of(parts).unwrap_or_default(),
            scope_schema_url: parts.scope_schema_url.clone(),
        }
    }
}

/// Bytes that a record takes as a span of a trace and in an answer, beyond what it took as a record, about.
pub(crate) fn memory(record: &Record) -> usize {
    2 * record.memory() + record.attributes.len() * 2 * ATTRIBUTE_BYTES
}

/// Groups spans by resource and scope, in order of first appearance. Messages are set even when they are empty: clients
/// read through them.
fn group(sources: &[Source], spans: Vec<TraceSpan>) -> Vec<ResourceSpans> {
    let mut groups: Vec<ResourceSpans> = Vec::new();
    let mut resources: Vec<(usize, usize)> = Vec::new();
    let mut places: Vec<Option<(usize, usize)>> = vec![None; sources.len()];
    for TraceSpan { source: number, mut span, warnings } in spans {
        let source = &sources[number];
        let (at, scope_at) = *places[number].get_or_insert_with(|| {
            let same = |(_, other): &&(usize, usize)| {
                let other = &sources[*other];
                other.resource == source.resource && other.resource_schema_url == source.resource_schema_url
            };
            let at = resources.iter().find(same).map(|(at, _)| *at).unwrap_or_else(|| {
                resources.push((groups.len(), number));
                groups.push(ResourceSpans {
                    resource: Some(source.resource.clone()),
                    scope_spans: Vec::new(),
                    schema_url: source.resource_schema_url.clone(),
                });
                groups.len() - 1
            });
            groups[at].scope_spans.push(ScopeSpans {
                scope: Some(source.scope.clone()),
                spans: Vec::new(),
                schema_url: source.scope_schema_url.clone(),
            });
            (at, groups[at].scope_spans.len() - 1)
        });
        span.status.get_or_insert_default();
        set_values(&mut span.attributes);
        span.events.iter_mut().for_each(|event| set_values(&mut event.attributes));
        span.links.iter_mut().for_each(|link| set_values(&mut link.attributes));
        if !warnings.is_empty() {
            span.attributes.push(warnings_attribute(warnings));
        }
        groups[at].scope_spans[scope_at].spans.push(span);
    }
    groups
}

fn set_values(attributes: &mut [KeyValue]) {
    for attribute in attributes {
        attribute.value.get_or_insert_default();
    }
}

fn warnings_attribute(warnings: Vec<String>) -> KeyValue {
    let text = |warning| AnyValue { value: Some(Value::StringValue(warning)) };
    let list = ArrayValue { values: warnings.into_iter().map(text).collect() };
    let value = Some(AnyValue { value: Some(Value::ArrayValue(list)) });
    KeyValue { key: WARNINGS.to_owned(), value, ..KeyValue::default() }
}
