//! The decoder against prost: what it hands on is all of what came, and it accepts what prost accepts.

pub(crate) mod arbitrary;
mod lossless;
mod recorder;
mod records;
