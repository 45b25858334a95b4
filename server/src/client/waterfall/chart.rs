//! Rows to lines: service, tree and name, bar on the common clock, duration.

use std::collections::HashMap;

use super::super::model::{Flow, Link, Record, Trace};
use super::super::paint::{Ink, palette};
use super::super::text::{safe, width};
use super::super::time::{counted, duration};
use super::Drawing;
use super::canvas::Line;
use super::glyphs::Glyphs;
use super::rows::{Place, Row, rows};
use super::scale::{GAP_COLUMNS, Scale};
use super::tree::Tree;
use crate::cli::WhichLogs;

/// Columns of the name of a service, at most.
const SERVICE_COLUMNS_MAX: usize = 18;
/// Columns of durations: `12 min 59 s`.
const DURATION_COLUMNS: usize = 11;
/// Columns of tree and name, at least.
const NAME_COLUMNS_MIN: usize = 14;
/// Columns of the time axis, at least.
const TIME_COLUMNS_MIN: usize = 12;
/// Columns of one level of the tree.
const LEVEL_COLUMNS: usize = 2;
/// Between two columns of the chart.
const SPACE: usize = 2;

/// The chart's lines.
pub(super) fn chart(flow: &Flow, drawing: &Drawing) -> String {
    let tree = Tree::grow(flow, |log| match drawing.logs {
        WhichLogs::None => false,
        WhichLogs::Errors => log.is_error(),
        WhichLogs::All => true,
    });
    let rows = rows(flow, &tree, drawing.depth_max);
    let layout = Layout::new(flow, &rows, drawing.columns);
    let busy = flow.spans.iter().chain(&flow.logs).map(|record| (record.time, record.end())).collect();
    let chart = Chart {
        drawing,
        glyphs: Glyphs::of(drawing.ascii),
        scale: Scale::new(busy, layout.time_columns),
        layout,
        inks: palette(flow.services.iter().map(|service| &*service.name)).into_iter().collect(),
        start: flow.spans.iter().chain(&flow.logs).map(|record| record.time).min().unwrap_or_default(),
    };
    let mut out = chart.axis();
    for row in &rows {
        out.push_str(&chart.row(row).show(drawing.paint));
    }
    out
}

/// Where the columns of the chart begin.
#[derive(Debug)]
struct Layout {
    name_column: usize,
    /// Levels of the tree that are drawn; they leave half of the columns to the names.
    levels: usize,
    time_column: usize,
    time_columns: usize,
}

impl Layout {
    fn new(flow: &Flow, rows: &[Row<'_>], columns: usize) -> Self {
        let services = flow.spans.iter().chain(&flow.logs).map(|record| width(&safe(&record.service)));
        let services = services.max().unwrap_or(0).min(SERVICE_COLUMNS_MAX).min(columns / 5);
        let name_column = services + SPACE;
        let rest = columns.saturating_sub(name_column + DURATION_COLUMNS + 2 * SPACE);
        let wanted = rows.iter().filter_map(|row| match row {
            Row::Span { span, place, .. } => {
                Some(indent(place) + width(&safe(&span.name)) + usize::from(span.is_error()) * 2)
            }
            _ => None,
        });
        let names_max = (rest / 2).max(NAME_COLUMNS_MIN).min(rest.saturating_sub(TIME_COLUMNS_MIN));
        let names = wanted.max().unwrap_or(0).max(NAME_COLUMNS_MIN).min(names_max);
        let time_columns = rest.saturating_sub(names).max(1);
        let time_column = name_column + names + SPACE;
        Self { name_column, levels: names / 2 / LEVEL_COLUMNS, time_column, time_columns }
    }

    fn time_end(&self) -> usize {
        self.time_column + self.time_columns
    }
}

/// Columns of the tree before a name, if it is drawn whole.
fn indent(place: &Place) -> usize {
    place.goes_on.len() * LEVEL_COLUMNS
}

struct Chart<'a> {
    drawing: &'a Drawing,
    glyphs: &'a Glyphs,
    scale: Scale,
    layout: Layout,
    inks: HashMap<String, Ink>,
    start: u64,
}

impl Chart<'_> {
    fn axis(&self) -> String {
        let mut labels = self.line();
        for (column, label) in self.scale.labels() {
            labels.go_to(self.layout.time_column + column);
            labels.put(Ink::Quiet, &label);
        }
        let mut out = labels.show(self.drawing.paint);
        let idle: Vec<String> = self.scale.gaps().map(|(_, nanos)| duration(nanos)).collect();
        if !idle.is_empty() {
            let mut line = self.line();
            line.go_to(self.layout.time_column);
            let gap = self.glyphs.gap.to_string().repeat(GAP_COLUMNS);
            line.put(Ink::Quiet, &format!("{gap} idle for {}", idle.join(" and ")));
            out.push_str(&line.show(self.drawing.paint));
        }
        out
    }

    fn row(&self, row: &Row<'_>) -> Line {
        match row {
            Row::Trace(trace) => self.trace(trace),
            Row::Untraced => self.heading("records of no trace, joined by the id", ""),
            Row::Span { span, place, queue_ns } => self.span(span, place, *queue_ns),
            Row::Orphan { place } => self.note(place, Ink::Warning, "? its parent is not here"),
            Row::Log { log, place, is_foreign } => self.log(log, place, *is_foreign),
            Row::Failure { message, place } => {
                self.note(place, Ink::Error, &format!("{} {}", self.glyphs.failed, safe(message)))
            }
            Row::Link { link, service, place } => {
                self.note(place, Ink::Link, &format!("{} {}", self.glyphs.linked, link_text(link, *service)))
            }
            Row::MoreLinks { count, place } => {
                let more = counted(*count as u64, "more link", "more links");
                self.note(place, Ink::Link, &format!("{} {more}", self.glyphs.linked))
            }
            Row::Deeper { spans, logs, place } => {
                let spans = counted(*spans, "span", "spans");
                let logs = match logs {
                    0 => String::new(),
                    logs => format!(" and {}", counted(*logs, "log record", "log records")),
                };
                self.note(place, Ink::Quiet, &format!("{spans}{logs} deeper, past --depth"))
            }
        }
    }

    fn trace(&self, trace: &Trace) -> Line {
        let from = trace.linked_from.as_ref().map_or_else(String::new, |from| {
            let who = match from.service.as_str() {
                "" => format!("trace {}, which is not here", safe(&from.trace_id)),
                service => safe(service).into_owned(),
            };
            let queued =
                from.queue_ns.map_or_else(String::new, |nanos| format!(", queued {}", duration(nanos)));
            format!("{} link from {who}{queued}", self.glyphs.linked)
        });
        self.heading(&format!("trace {}", safe(&trace.trace_id)), &from)
    }

    fn heading(&self, text: &str, more: &str) -> Line {
        let mut line = self.line();
        line.fill(self.glyphs.rule, 2, Ink::Quiet);
        line.put(Ink::Strong, &format!(" {text} "));
        if !more.is_empty() {
            line.put(Ink::Link, &format!(" {more} "));
        }
        line.fill(self.glyphs.rule, self.drawing.columns, Ink::Quiet);
        line
    }

    fn span(&self, span: &Record, place: &Place, queue_ns: Option<u64>) -> Line {
        let mut line = self.line();
        let ink = self.ink(&span.service);
        line.put_within(ink, &safe(&span.service), self.layout.name_column - SPACE);
        self.tree(&mut line, place);
        let names_end = self.layout.time_column - SPACE;
        if span.is_error() {
            line.put_within(Ink::Error, &format!("{} ", self.glyphs.failed), names_end);
        }
        let name_ink = if span.is_error() { Ink::Error } else { Ink::Plain };
        line.put_within(name_ink, &safe(&span.name), names_end);
        self.bar(&mut line, span, queue_ns, ink);
        line.put_right(Ink::Plain, &duration(span.duration_ns));
        line
    }

    /// The wait in a queue, then the time the span took.
    fn bar(&self, line: &mut Line, span: &Record, queue_ns: Option<u64>, ink: Ink) {
        let (from, to) = (self.scale.column(span.time), self.scale.column(span.end()));
        // The narrowest bar still has a cell to stand in.
        let from = from.min(self.layout.time_columns as f64 - 1.0).max(0.0);
        if let Some(queue_ns) = queue_ns {
            let queued = self.scale.column(span.time.saturating_sub(queue_ns)).floor() as usize;
            self.blank_to(line, queued);
            line.fill(self.glyphs.queue, self.layout.time_column + from.floor() as usize, Ink::Link);
        }
        self.blank_to(line, from.floor() as usize);
        let parts = self.glyphs.parts.len() as f64;
        // A bar within one cell is as wide as it is; a longer one fills its first cell.
        let wide = if to.floor() > from.floor() { to - from.floor() } else { to - from };
        let eighths = (wide * parts).round().max(1.0) as usize;
        let (full, part) = (eighths / self.glyphs.parts.len(), eighths % self.glyphs.parts.len());
        let mut bar = self.glyphs.full.to_string().repeat(full);
        bar.extend(part.checked_sub(1).and_then(|index| self.glyphs.parts.get(index)));
        line.put_within(ink, &bar, self.layout.time_end());
        self.blank_to(line, self.layout.time_columns);
    }

    /// Goes on to a column of the axis, over the marks of time that is cut out.
    fn blank_to(&self, line: &mut Line, column: usize) {
        for (gap, _) in self.scale.gaps() {
            for mark in gap..(gap + GAP_COLUMNS).min(column) {
                if self.layout.time_column + mark >= line.used() {
                    line.go_to(self.layout.time_column + mark);
                    line.fill(self.glyphs.gap, self.layout.time_column + mark + 1, Ink::Quiet);
                }
            }
        }
        line.go_to(self.layout.time_column + column);
    }

    fn log(&self, log: &Record, place: &Place, is_foreign: bool) -> Line {
        let mut line = self.line();
        if is_foreign {
            let end = self.layout.name_column - SPACE;
            line.put_within(self.ink(&log.service), &safe(&log.service), end);
        }
        self.tree(&mut line, place);
        let severity = match log.severity.as_str() {
            "" | "unspecified" => "log".to_owned(),
            name => safe(name).into_owned(),
        };
        let end = self.layout.time_end();
        line.put_within(Ink::severity(&log.severity), &format!("{severity} "), end);
        let ink = if log.is_error() { Ink::Error } else { Ink::Quiet };
        let words = log.words();
        // Of a stack trace the first line says most.
        let mut said = words.trim_end().lines();
        line.put_within(ink, &safe(said.next().unwrap_or_default()), end);
        let further = said.count();
        if further > 0 {
            let further = counted(further as u64, "more line", "more lines");
            line.put_within(Ink::Quiet, &format!(" (+{further})"), end);
        }
        // Its moment is marked where the text leaves room.
        let last = self.layout.time_columns.saturating_sub(1);
        let moment = (self.scale.column(log.time).floor() as usize).min(last);
        if line.used() < self.layout.time_column + moment {
            line.put(Ink::Plain, " ");
            line.go_to(self.layout.time_column);
            self.blank_to(&mut line, moment);
            line.put(Ink::severity(&log.severity), &self.glyphs.moment.to_string());
            self.blank_to(&mut line, self.layout.time_columns);
        }
        line.put_right(Ink::Quiet, &format!("+{}", duration(log.time.saturating_sub(self.start))));
        line
    }

    /// A row that tells something of the span above it.
    fn note(&self, place: &Place, ink: Ink, text: &str) -> Line {
        let mut line = self.line();
        self.tree(&mut line, place);
        line.put(ink, text);
        line
    }

    /// The lines of the tree, up to where a name begins.
    fn tree(&self, line: &mut Line, place: &Place) {
        line.go_to(self.layout.name_column);
        let mut guides = String::new();
        for (level, goes_on) in place.goes_on.iter().enumerate().take(self.layout.levels) {
            let is_own = place.hangs && level + 1 == place.goes_on.len();
            guides.push_str(match (is_own, goes_on) {
                (true, true) => self.glyphs.branch,
                (true, false) => self.glyphs.last,
                (false, true) => self.glyphs.through,
                (false, false) => "  ",
            });
        }
        let deeper = place.deeper + place.goes_on.len().saturating_sub(self.layout.levels);
        if deeper > 0 {
            guides.push_str(&format!("(+{deeper}) "));
        }
        line.put_within(Ink::Quiet, &guides, self.layout.time_column - SPACE - 1);
    }

    fn ink(&self, service: &str) -> Ink {
        self.inks.get(service).copied().unwrap_or_else(|| Ink::service(service))
    }

    fn line(&self) -> Line {
        Line::new(self.drawing.columns, self.drawing.ascii)
    }
}

fn link_text(link: &Link, service: Option<&str>) -> String {
    let queued = link.queue_ns.map_or_else(String::new, |nanos| format!(", queued {}", duration(nanos)));
    match service {
        Some(service) => {
            format!("link from {}, span {}{queued}", safe(service), safe(&link.to_span_id))
        }
        None => format!("link from trace {}, which is not here", safe(&link.to_trace_id)),
    }
}
