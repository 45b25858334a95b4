//! What goes on: records as they arrive, and one flow as it grows.
//!
//! Nothing is queued for a reader. A stream keeps its position in the store and looks at what is new since when its
//! reader takes more, so a slow reader costs no memory.
//!
//! | module | owns |
//! |---|---|
//! | [`streams`] | how many are open, how often they look, when they end |
//! | [`tail`] | records that satisfy a query, as they arrive |
//! | [`flow`] | one flow: its records, its state |

pub(crate) mod flow;
pub(crate) mod streams;
pub(crate) mod tail;
