//! The client: asks a running server over its HTTP API and prints what it answers.
//!
//! Record text comes from anybody who can send records, so every text that is printed went through `text.rs`.
//!
//! | file | owns |
//! |---|---|
//! | `connection.rs` | one server: URLs, tenant, what an HTTP status means |
//! | `error.rs` | what can go wrong, and the lines that say so |
//! | `exit.rs` | exit codes |
//! | `model.rs` | the API's answers as far as they are printed |
//! | `events.rs` | reading server-sent events |
//! | `session.rs` | the async runtime, signals, and the way from an outcome to an exit code |
//! | `output.rs` | standard output and notes beside it: terminal or not, width, colour, zone |
//! | `paint.rs` | colours |
//! | `text.rs` | text that cannot drive the terminal; widths in columns |
//! | `time.rs` | moments, durations and counts as people read them |
//! | `line.rs` | one record on one line |
//! | `table.rs` | aligned columns |
//! | `progress.rs` | how far an export is |
//! | `waterfall/` | a flow, drawn |

mod connection;
mod error;
mod events;
mod exit;
mod line;
mod model;
mod output;
mod paint;
mod progress;
mod session;
mod table;
mod text;
mod time;
mod waterfall;

pub(crate) use connection::{Connection, Parameters, parse};
pub(crate) use error::{Error, Refusal, Result};
pub(crate) use events::{Event, EventReader};
pub(crate) use exit::Exit;
pub(crate) use line::LineStyle;
pub(crate) use model::{Find, Flow, FlowSummary, Flows, Group, Record, SearchPage, Services, Stats, plain};
pub(crate) use output::Output;
pub(crate) use paint::Ink;
#[cfg(test)]
pub(crate) use paint::Paint;
pub(crate) use progress::{Progress, Tally};
pub(crate) use session::{ask, interrupted};
pub(crate) use table::{Cell, Table};
pub(crate) use text::safe;
pub(crate) use time::{Moments, count, counted, duration};
pub(crate) use waterfall::{Drawing, draw};
