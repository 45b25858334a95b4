//! Which spans made a flow take as long as it did: the critical path, over all its traces.
//!
//! Walks back from the flow's last moment. In a span, the child that ended last before the cursor is on the path, then
//! the one that ended last before that one began; what is between is the span's own. From a span's start the walk goes
//! on in what caused it: of a consumer the span it is linked to, else its parent, else a link. Where nothing is known
//! to have caused it, whatever ran at that moment goes on. `docs/decisions/066-critical-path.md` has the whole
//! definition.
//!
//! | module | owns |
//! |---|---|
//! | [`children`] | the children of each span, the last to end first |
//! | [`tops`] | the spans that the walk may begin with |
//! | [`walk`] | the walk |

mod children;
#[cfg(test)]
mod tests;
mod tops;
mod walk;

pub(crate) use walk::critical_path;
pub use walk::{Segment, SegmentKind};
