//! Spans that nothing above accounts for to their ends: roots, children that began after their parent had ended, and
//! children that outlived it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::flows::assemble::Assembly;
use crate::flows::forest::Parent;

/// The spans the walk may begin with, or go on with where nothing is known to have caused what came after.
pub(super) struct Tops {
    /// By end.
    waiting: Vec<Top>,
    /// Those that ran at the cursor, the one that began first on top.
    running: BinaryHeap<Reverse<(u64, usize)>>,
}

struct Top {
    end: u64,
    start: u64,
    span: usize,
}

impl Tops {
    pub(super) fn of(flow: &Assembly) -> Self {
        let times = &flow.times.spans;
        let mut waiting = Vec::new();
        for (span, extent) in times.iter().enumerate() {
            let is_top = match flow.forest.parent(span) {
                Parent::Span(parent) => extent.end > times[parent].end,
                Parent::None | Parent::Missing => true,
            };
            if is_top && extent.start < extent.end {
                waiting.push(Top { end: extent.end, start: extent.start, span });
            }
        }
        waiting.sort_unstable_by_key(|top| (top.end, Reverse(top.start), Reverse(top.span)));
        Self { waiting, running: BinaryHeap::new() }
    }

    /// The span that ran just before `cursor`, of several the one that began first; else the one that ended last. With
    /// the moment it ran until. Cursors only go back.
    pub(super) fn next(&mut self, cursor: u64, left: &[bool]) -> Option<(usize, u64)> {
        let mut cursor = cursor;
        loop {
            while let Some(top) = self.waiting.pop_if(|top| top.end >= cursor) {
                self.running.push(Reverse((top.start, top.span)));
            }
            while let Some(Reverse((start, span))) = self.running.peek().copied() {
                if start < cursor && !left[span] {
                    return Some((span, cursor));
                }
                self.running.pop();
            }
            cursor = self.waiting.last()?.end;
        }
    }
}
