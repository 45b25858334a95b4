//! How far the clocks of a flow's services are apart, from calls between them.
//!
//! A server's span must lie within its client's, whatever the network took: each call bounds the difference of the two
//! clocks from both sides, as an exchange of NTP does. The difference that most calls allow is Marzullo's; it is said
//! only where no clock in step would be allowed, so that a slow way there or back is never taken for skew. Offsets from
//! the flow's first service add up along the surest pairs.
//!
//! | module | owns |
//! |---|---|
//! | [`clocks`] | which clocks there are: services, or their instances |
//! | [`bounds`] | what calls say of two clocks, and what most agree on |
//! | [`tree`] | from pairs of clocks to the offset of each |
//! | [`estimate`] | all of it together, and times put on one clock |

mod bounds;
mod clocks;
mod estimate;
#[cfg(test)]
mod tests;
mod tree;

pub(crate) use estimate::Estimate;
pub use estimate::{ServiceOffset, Skew, SkewPair};
