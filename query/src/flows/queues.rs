//! Waits between producers and consumers: over span links, and where a consumer is simply its producer's child.

use serde::Serialize;
use spoor_store::model::{SpanId, SpanKind, TraceId};
use utoipa::ToSchema;

use super::assemble::Assembly;
use super::forest::Parent;
use super::timeline::Timeline;
use crate::json;

/// A message's way from the span that sent it to the one that took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Queue {
    /// Trace of the span that took it.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub trace_id: TraceId,
    /// The span that took it; empty when it has no id.
    #[serde(serialize_with = "json::id_or_empty")]
    #[schema(value_type = String)]
    pub span_id: Option<SpanId>,
    /// Trace of the span that sent it.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub from_trace_id: TraceId,
    /// The span that sent it.
    #[serde(serialize_with = "json::text")]
    #[schema(value_type = String)]
    pub from_span_id: SpanId,
    /// Nanoseconds from the end of the one to the start of the other; 0 when they overlap.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub queue_ns: u64,
}

/// Who waited for whom, by places in a flow's spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) producer: usize,
    pub(crate) consumer: usize,
}

/// Every wait of a flow once, in the order of the consumers.
pub(crate) fn waits(flow: &Assembly) -> Vec<Wait> {
    let mut waits: Vec<Wait> = Vec::new();
    for (consumer, span) in flow.spans.iter().enumerate() {
        let mut producers: Vec<usize> = flow.linked(consumer).collect();
        if let Parent::Span(parent) = flow.forest.parent(consumer)
            && span.kind() == SpanKind::Consumer
            && flow.spans[parent].kind() == SpanKind::Producer
        {
            producers.push(parent);
        }
        producers.sort_unstable();
        producers.dedup();
        waits.extend(producers.into_iter().map(|producer| Wait { producer, consumer }));
    }
    waits
}

/// How long a message waited, in nanoseconds; 0 when the two spans overlap.
pub(crate) fn queue_ns(times: &Timeline, wait: Wait) -> u64 {
    times.spans[wait.consumer].start.saturating_sub(times.spans[wait.producer].end)
}

/// The waits as answered.
pub(crate) fn queues(flow: &Assembly, waits: &[Wait]) -> Vec<Queue> {
    let mut queues = Vec::with_capacity(waits.len());
    for wait in waits {
        let (consumer, producer) = (&flow.spans[wait.consumer], &flow.spans[wait.producer]);
        // A producer is found by its ids, and only spans of a trace look for one.
        let ids = consumer.trace_id.zip(producer.trace_id).zip(producer.span_id);
        let Some(((trace_id, from_trace_id), from_span_id)) = ids else { continue };
        let queue_ns = queue_ns(&flow.times, *wait);
        queues.push(Queue { trace_id, span_id: consumer.span_id, from_trace_id, from_span_id, queue_ns });
    }
    queues
}
