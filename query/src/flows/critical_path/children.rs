//! The children of each span by their ends, the last one first.

use crate::flows::assemble::Assembly;
use crate::flows::forest::Parent;
use crate::flows::timeline::Extent;

/// Children that ran within their parents, cut to them; each is handed out once.
pub(super) struct Children {
    /// By parent, then end.
    sorted: Vec<Child>,
    /// For each span, its children that are left.
    ranges: Vec<std::ops::Range<usize>>,
}

struct Child {
    parent: usize,
    span: usize,
    extent: Extent,
}

impl Children {
    pub(super) fn of(flow: &Assembly) -> Self {
        let times = &flow.times.spans;
        let mut sorted: Vec<Child> = Vec::new();
        for (span, extent) in times.iter().enumerate() {
            let Parent::Span(parent) = flow.forest.parent(span) else { continue };
            let above = times[parent];
            let (start, end) = (extent.start.max(above.start), extent.end.min(above.end));
            if start < end {
                sorted.push(Child { parent, span, extent: Extent { start, end } });
            }
        }
        // Of children that end together the longest is the last.
        sorted.sort_unstable_by_key(|child| {
            (child.parent, child.extent.end, std::cmp::Reverse(child.extent.start), child.span)
        });
        let mut ranges = vec![0..0; times.len()];
        let mut first = 0;
        for same in sorted.chunk_by(|a, b| a.parent == b.parent) {
            ranges[same[0].parent] = first..first + same.len();
            first += same.len();
        }
        Self { sorted, ranges }
    }

    /// The child of `span` that ended last, but not after `cursor`, and its end. Cursors only go back, so that children
    /// that ended after it are never asked for again.
    pub(super) fn last_before(&mut self, span: usize, cursor: u64) -> Option<(usize, u64)> {
        let range = &mut self.ranges[span];
        while let Some(last) = range.next_back() {
            let child = &self.sorted[last];
            if child.extent.end <= cursor {
                return Some((child.span, child.extent.end));
            }
        }
        None
    }
}
