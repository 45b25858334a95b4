//! A flow, drawn: the verdict, then every trace on one clock, log records in their places.
//!
//! | file | owns |
//! |---|---|
//! | `tree.rs` | which span is under which, whatever is missing or contradicts itself |
//! | `rows.rs` | flow to rows, top to bottom |
//! | `scale.rs` | moments to columns; long idle times are cut out, and the axis says so |
//! | `glyphs.rs` | the characters it is drawn with, ASCII or not |
//! | `canvas.rs` | one line: pieces of text in columns, then coloured |
//! | `header.rs` | the verdict |
//! | `chart.rs` | rows to lines |

mod canvas;
mod chart;
mod glyphs;
mod header;
mod rows;
mod scale;
#[cfg(test)]
mod tests;
mod tree;

use super::model::Flow;
use super::paint::Paint;
use super::time::Moments;
use crate::cli::WhichLogs;

/// How a flow is drawn.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    /// Columns of a line.
    pub columns: usize,
    /// Without characters beyond ASCII, but for those of the records.
    pub ascii: bool,
    /// Log records that are shown.
    pub logs: WhichLogs,
    /// Levels of spans that are shown.
    pub depth_max: Option<u32>,
    /// Address of the flow's web page.
    pub page: Option<String>,
    pub paint: Paint,
    pub moments: Moments,
}

/// Draws a flow.
pub(crate) fn draw(flow: &Flow, drawing: &Drawing) -> String {
    let mut text = header::header(flow, drawing);
    text.push('\n');
    text.push_str(&chart::chart(flow, drawing));
    text
}
