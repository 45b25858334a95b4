//! The verdict on a flow, for somebody who reads no further.

use super::super::model::{Cause, Flow};
use super::super::paint::{Ink, palette};
use super::super::text::{safe, width};
use super::super::time::{count, counted, duration};
use super::Drawing;
use super::canvas::Line;
use super::glyphs::Glyphs;

/// Column in which what is said begins.
const TEXT_COLUMN: usize = 12;

/// The lines above the chart.
pub(super) fn header(flow: &Flow, drawing: &Drawing) -> String {
    let mut header = Header { drawing, glyphs: Glyphs::of(drawing.ascii), out: String::new() };
    header.title(flow);
    header.section("time", &times(flow, drawing));
    if let Some(cause) = &flow.cause {
        header.cause(cause);
    }
    header.section("records", &counts(flow));
    header.completeness(flow);
    if let Some(cut) = &flow.truncated {
        let left_out = [("span", cut.spans), ("log record", cut.logs), ("trace", cut.traces)];
        let left_out: Vec<String> = left_out
            .iter()
            .filter(|(_, number)| *number > 0)
            .map(|(what, number)| counted(*number, what, &format!("{what}s")))
            .collect();
        let left_out = if left_out.is_empty() { "more".to_owned() } else { left_out.join(", ") };
        header.wrapped("left out", &[(Ink::Warning, format!("{left_out}: {}", safe(&cut.reason)))], " ");
    }
    header.services(flow);
    if let Some(page) = &drawing.page {
        header.address("page", &safe(page));
    }
    header.out
}

struct Header<'a> {
    drawing: &'a Drawing,
    glyphs: &'a Glyphs,
    out: String,
}

impl Header<'_> {
    fn title(&mut self, flow: &Flow) {
        let mut line = self.line();
        line.put(
            Ink::state(&flow.state),
            &format!("{}{}", self.glyphs.state, safe(&flow.state).to_uppercase()),
        );
        line.put(Ink::Plain, "  ");
        if !flow.keys.is_empty() {
            line.put(Ink::Quiet, &format!("{} ", safe(&flow.keys.join(", "))));
        }
        line.put(Ink::Strong, &safe(&flow.id));
        self.end(line);
    }

    fn cause(&mut self, cause: &Cause) {
        let what = if cause.message.is_empty() { &cause.name } else { &cause.message };
        let service = safe(&cause.service).into_owned();
        // Whole, however long: it is what people come for.
        self.wrapped("cause", &[(Ink::Error, format!("{service}: {}", safe(what)))], " ");
        let mut facts = Vec::new();
        if !cause.message.is_empty() && !cause.name.is_empty() {
            facts.push((Ink::Plain, format!("in {}", safe(&cause.name))));
        }
        if let Some(owner) = &cause.owner {
            facts.push((Ink::Strong, format!("owner {}", safe(owner))));
        }
        facts.push((Ink::Quiet, format!("at {}", self.drawing.moments.show_with_zone(cause.time))));
        if !cause.span_id.is_empty() {
            facts.push((Ink::Link, format!("span {}", safe(&cause.span_id))));
        }
        self.wrapped("", &facts, ", ");
    }

    fn completeness(&mut self, flow: &Flow) {
        let verdict = &flow.completeness.verdict;
        let ink = if verdict == "complete" { Ink::Plain } else { Ink::Warning };
        let reasons: Vec<String> =
            flow.completeness.reasons.iter().map(|reason| safe(&reason.message).into_owned()).collect();
        let text = match reasons.is_empty() {
            true => safe(verdict).into_owned(),
            false => format!("{}: {}", safe(verdict), reasons.join("; ")),
        };
        self.wrapped("verdict", &[(ink, text)], " ");
    }

    fn services(&mut self, flow: &Flow) {
        let inks = palette(flow.services.iter().map(|service| &*service.name));
        let mut pieces = Vec::new();
        for (service, (_, ink)) in flow.services.iter().zip(inks) {
            let mut notes = Vec::new();
            if service.error_count > 0 {
                notes.push(counted(service.error_count, "error", "errors"));
            }
            if service.span_count == 0 {
                notes.push("logs only".to_owned());
            }
            notes.extend(service.owner.as_deref().map(|owner| safe(owner).into_owned()));
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            pieces.push((ink, format!("{}{notes}", safe(&service.name))));
        }
        self.wrapped("services", &pieces, self.glyphs.between);
    }

    /// An address is not broken: the terminal does that, and still copies it whole.
    fn address(&mut self, name: &str, address: &str) {
        let mut line = Line::new(usize::MAX, self.drawing.ascii);
        line.put(Ink::Quiet, &format!("  {name}"));
        line.go_to(TEXT_COLUMN);
        line.put(Ink::Link, address);
        self.end(line);
    }

    fn section(&mut self, name: &str, text: &str) {
        self.wrapped(name, &[(Ink::Plain, text.to_owned())], " ");
    }

    /// Pieces with something between them, on as many lines as they take; a long piece is broken at spaces.
    fn wrapped(&mut self, name: &str, pieces: &[(Ink, String)], between: &str) {
        let mut line = self.named(name);
        for (index, (ink, piece)) in pieces.iter().enumerate() {
            let words: Vec<&str> = if pieces.len() == 1 { piece.split(' ').collect() } else { vec![piece] };
            for (place, word) in words.iter().enumerate() {
                let gap = if place > 0 {
                    " "
                } else if index > 0 {
                    between
                } else {
                    ""
                };
                if line.used() > TEXT_COLUMN && line.used() + width(gap) + width(word) > self.drawing.columns
                {
                    // What separates stands at the end of the line, where there is room.
                    line.put(Ink::Quiet, gap.trim_end());
                    self.end(line);
                    line = self.named("");
                } else {
                    line.put(Ink::Quiet, gap);
                }
                line = self.long(line, *ink, word);
            }
        }
        self.end(line);
    }

    /// A word that no line holds goes on in the next one.
    fn long(&mut self, mut line: Line, ink: Ink, word: &str) -> Line {
        let mut rest = String::new();
        for character in word.chars() {
            rest.push(character);
            if line.used() + width(&rest) >= self.drawing.columns {
                line.put(ink, &rest);
                rest.clear();
                self.end(line);
                line = self.named("");
            }
        }
        line.put(ink, &rest);
        line
    }

    fn named(&self, name: &str) -> Line {
        let mut line = self.line();
        line.put(Ink::Quiet, &format!("  {name}"));
        line.go_to(TEXT_COLUMN);
        line
    }

    fn line(&self) -> Line {
        Line::new(self.drawing.columns, self.drawing.ascii)
    }

    fn end(&mut self, line: Line) {
        self.out.push_str(&line.show(self.drawing.paint));
    }
}

fn times(flow: &Flow, drawing: &Drawing) -> String {
    let whole = flow.end.saturating_sub(flow.start);
    let began = drawing.moments.show_with_zone(flow.start);
    match flow.busy_ns {
        0 => format!("{}, from {began}", duration(whole)),
        busy => format!("{} busy in {}, from {began}", duration(busy), duration(whole)),
    }
}

fn counts(flow: &Flow) -> String {
    let mut counts = vec![
        counted(flow.traces.len() as u64, "trace", "traces"),
        counted(flow.services.len() as u64, "service", "services"),
        counted(flow.spans.len() as u64, "span", "spans"),
        counted(flow.logs.len() as u64, "log record", "log records"),
        counted(flow.error_count, "error", "errors"),
    ];
    if flow.duplicate_count > 0 {
        counts.push(format!("{} removed as duplicates", count(flow.duplicate_count)));
    }
    counts.join(", ")
}
