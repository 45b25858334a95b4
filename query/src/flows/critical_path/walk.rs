//! The walk back from a flow's last moment.

use serde::Serialize;
use spoor_store::model::{RecordId, SpanKind};
use utoipa::ToSchema;

use super::children::Children;
use super::tops::Tops;
use crate::flows::assemble::Assembly;
use crate::flows::forest::Parent;
use crate::flows::timeline::Extent;
use crate::json;

/// A stretch of the critical path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Segment {
    /// What the flow waited for.
    pub kind: SegmentKind,
    /// The span, or the one that waited in a queue; none of a gap.
    #[serde(serialize_with = "json::optional_text", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub record: Option<RecordId>,
    /// Its trace, or empty.
    pub trace_id: String,
    /// Its id, or empty.
    pub span_id: String,
    /// Its service, or empty.
    pub service: String,
    /// From when.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub start: u64,
    /// Until when.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub end: u64,
    /// Nanoseconds between the two.
    #[serde(serialize_with = "json::nanos")]
    #[schema(value_type = String)]
    pub self_ns: u64,
}

/// What a flow waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SegmentKind {
    /// A span, and nothing beneath it.
    Span,
    /// A message to be taken.
    Queue,
    /// Nothing that a span tells of.
    Gap,
}

/// The segments of the path in the order of time, from the flow's first moment to its last; none without spans.
pub(crate) fn critical_path(flow: &Assembly) -> Vec<Segment> {
    let Some(extent) = flow.times.extent().filter(|_| !flow.spans.is_empty()) else { return Vec::new() };
    let mut walk = Walk {
        flow,
        children: Children::of(flow),
        tops: Tops::of(flow),
        extent,
        cursor: extent.end,
        left: vec![false; flow.spans.len()],
        stretches: Vec::new(),
    };
    walk.go();
    walk.stretches.iter().rev().map(|stretch| stretch.told(flow)).collect()
}

/// A segment, its span by place.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    kind: SegmentKind,
    span: Option<usize>,
    extent: Extent,
}

struct Walk<'a> {
    flow: &'a Assembly,
    children: Children,
    tops: Tops,
    extent: Extent,
    /// Everything after it is told; only goes back.
    cursor: u64,
    /// Spans that the walk has left by their starts.
    left: Vec<bool>,
    /// From the last to the first.
    stretches: Vec<Stretch>,
}

impl Walk<'_> {
    fn go(&mut self) {
        let mut at = None;
        while self.cursor > self.extent.start {
            at = match at {
                Some(span) => self.back_from(span),
                None => match self.tops.next(self.cursor, &self.left) {
                    Some((span, end)) => {
                        self.tell(SegmentKind::Gap, None, end);
                        Some(span)
                    }
                    None => {
                        self.tell(SegmentKind::Gap, None, self.extent.start);
                        return;
                    }
                },
            };
        }
    }

    /// Tells of `span` from the cursor back to where another one takes over; which one.
    fn back_from(&mut self, span: usize) -> Option<usize> {
        if let Some((child, end)) = self.children.last_before(span, self.cursor) {
            self.tell(SegmentKind::Span, Some(span), end);
            return Some(child);
        }
        self.left[span] = true;
        let times = &self.flow.times.spans;
        let start = times[span].start;
        let cause = self.cause(span);
        // A child begins after its parent, whatever its clock says.
        let floor = cause.map_or(start, |cause| start.max(times[cause].start));
        self.tell(SegmentKind::Span, Some(span), floor);
        let cause = cause.filter(|cause| !self.left[*cause])?;
        if times[cause].end < start {
            let kind = if self.is_queue(cause, span) { SegmentKind::Queue } else { SegmentKind::Gap };
            self.tell(kind, (kind == SegmentKind::Queue).then_some(span), times[cause].end);
        }
        Some(cause)
    }

    /// What made a span begin: of a consumer its producer, else its parent, else what it is linked to.
    fn cause(&self, span: usize) -> Option<usize> {
        let parent = match self.flow.forest.parent(span) {
            Parent::Span(parent) => Some(parent),
            Parent::None | Parent::Missing => None,
        };
        if parent.is_some() && self.flow.spans[span].kind() != SpanKind::Consumer {
            return parent;
        }
        // Of a batch, the message that came last: the others waited for it.
        let times = &self.flow.times.spans;
        let earlier = self.flow.linked(span).filter(|linked| times[*linked].start < times[span].start);
        earlier.max_by_key(|linked| (times[*linked].end.min(times[span].start), *linked)).or(parent)
    }

    fn is_queue(&self, cause: usize, span: usize) -> bool {
        let (cause_kind, kind) = (self.flow.spans[cause].kind(), self.flow.spans[span].kind());
        let sent = cause_kind == SpanKind::Producer && kind == SpanKind::Consumer;
        sent || self.flow.linked(span).any(|linked| linked == cause)
    }

    /// Moves the cursor back to `to`, but not past the flow's start, and tells what was between.
    fn tell(&mut self, kind: SegmentKind, span: Option<usize>, to: u64) {
        let to = to.max(self.extent.start);
        if to >= self.cursor {
            return;
        }
        let extent = Extent { start: to, end: self.cursor };
        self.cursor = to;
        match self.stretches.last_mut() {
            Some(next) if next.kind == kind && next.span == span => next.extent.start = to,
            _ => self.stretches.push(Stretch { kind, span, extent }),
        }
    }
}

impl Stretch {
    fn told(&self, flow: &Assembly) -> Segment {
        let span = self.span.map(|span| &flow.spans[span]);
        let text = |id: Option<String>| id.unwrap_or_default();
        Segment {
            kind: self.kind,
            record: span.map(|span| span.id),
            trace_id: text(span.and_then(|span| span.trace_id).map(|id| id.to_string())),
            span_id: text(span.and_then(|span| span.span_id).map(|id| id.to_string())),
            service: text(span.map(|span| span.stream.service.clone())),
            start: self.extent.start,
            end: self.extent.end,
            self_ns: self.extent.length(),
        }
    }
}
