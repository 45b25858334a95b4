//! One record on one line: time, severity, service, what it says, ids that open its flow, attributes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::{Record, plain};
use super::output::Output;
use super::paint::{Ink, Paint};
use super::text::{cut, fit, safe, width};
use super::time::{Moments, duration};

/// Attributes shown when the user names none.
const ATTRIBUTES_MAX: usize = 6;
/// Columns of an attribute's value, unless the user asked for it by name.
const VALUE_COLUMNS_MAX: usize = 60;
/// Columns that services are aligned in, at most.
const SERVICE_COLUMNS_MAX: usize = 24;
/// Where the further lines of a text begin.
const FURTHER_INDENT: &str = "    ";

/// How records become lines.
#[derive(Debug)]
pub(crate) struct LineStyle {
    attributes: Attributes,
    /// A person reads: columns are aligned, texts may take several lines. Else one record is one line.
    terminal: bool,
    paint: Paint,
    moments: Moments,
    /// Widest service so far.
    service_columns: usize,
}

/// Which attributes are shown.
#[derive(Debug)]
enum Attributes {
    First,
    All,
    None,
    Named(Vec<String>),
}

impl LineStyle {
    /// Lines for `output`, with the attributes that `--fields` names.
    pub(crate) fn new(output: &Output, fields: Option<&str>) -> Self {
        let attributes = match fields {
            None => Attributes::First,
            Some("all") => Attributes::All,
            Some("none" | "") => Attributes::None,
            Some(names) => Attributes::Named(names.split(',').map(|name| name.trim().to_owned()).collect()),
        };
        let (terminal, paint, moments) = (output.terminal, output.paint, output.moments.clone());
        Self { attributes, terminal, paint, moments, service_columns: 0 }
    }

    /// The line, with its end.
    pub(crate) fn line(&mut self, record: &Record) -> String {
        let mut parts = vec![
            self.paint.paint(Ink::Quiet, &self.moments.show(record.time)),
            self.severity(record),
            self.service(&record.service),
            self.words(record),
        ];
        parts.extend(self.ids(record));
        parts.extend(self.attributes(record));
        parts.retain(|part| !part.is_empty());
        format!("{}\n", parts.join("  "))
    }

    fn severity(&self, record: &Record) -> String {
        let (label, ink) = if record.is_span() {
            ("span".to_owned(), if record.is_error() { Ink::Error } else { Ink::Quiet })
        } else {
            let label = match record.severity.as_str() {
                "" | "unspecified" => "-".to_owned(),
                name => safe(name).to_uppercase(),
            };
            (label, Ink::severity(&record.severity))
        };
        self.paint.paint(ink, &format!("{label:5}"))
    }

    fn service(&mut self, name: &str) -> String {
        let shown = safe(name);
        let ink = Ink::service(name);
        if !self.terminal {
            return self.paint.paint(ink, &shown);
        }
        self.service_columns = self.service_columns.max(width(&shown)).min(SERVICE_COLUMNS_MAX);
        self.paint.paint(ink, &fit(&shown, self.service_columns, false))
    }

    fn words(&self, record: &Record) -> String {
        let ink = if record.is_error() { Ink::Error } else { Ink::Plain };
        let words = record.words();
        let mut text = if self.terminal {
            let lines: Vec<String> = words
                .trim_end()
                .lines()
                .map(|line| safe(&line.replace('\t', FURTHER_INDENT)).into_owned())
                .collect();
            self.paint.paint(ink, &lines.join(&format!("\n{FURTHER_INDENT}")))
        } else {
            self.paint.paint(ink, &safe(&words))
        };
        if record.is_span() {
            text.push_str(&self.paint.paint(Ink::Quiet, &format!(" ({})", duration(record.duration_ns))));
            if !record.status_message.is_empty() {
                text.push_str(": ");
                text.push_str(&self.paint.paint(ink, &safe(&record.status_message)));
            }
        }
        text
    }

    fn ids(&self, record: &Record) -> Vec<String> {
        let mut ids: Vec<String> = record.correlation.iter().map(|id| pair(&id.key, &id.value)).collect();
        for (key, id) in [("trace_id", &record.trace_id), ("span_id", &record.span_id)] {
            if !id.is_empty() {
                ids.push(pair(key, id));
            }
        }
        ids.iter().map(|id| self.paint.paint(Ink::Link, id)).collect()
    }

    fn attributes(&self, record: &Record) -> Vec<String> {
        let is_id = |value: &Value| record.correlation.iter().any(|id| value.as_str() == Some(&id.value));
        let own: BTreeMap<&String, &Value> =
            record.attributes.iter().filter(|(_, value)| !is_id(value)).collect();
        let (shown, left_out): (Vec<String>, usize) = match &self.attributes {
            Attributes::None => (Vec::new(), 0),
            Attributes::All => (own.iter().map(|(key, value)| pair(key, &plain(value))).collect(), 0),
            Attributes::Named(names) => {
                let value = |name: &String| Some(pair(name, &plain(record.attributes.get(name)?)));
                (names.iter().filter_map(value).collect(), 0)
            }
            Attributes::First => {
                let first = own.iter().take(ATTRIBUTES_MAX);
                let short = |(key, value): (&&String, &&Value)| {
                    pair(key, &cut(&safe(&plain(value)), VALUE_COLUMNS_MAX, !self.terminal))
                };
                (first.map(short).collect(), own.len().saturating_sub(ATTRIBUTES_MAX))
            }
        };
        let mut parts: Vec<String> = shown.iter().map(|part| self.paint.paint(Ink::Quiet, part)).collect();
        if left_out > 0 {
            parts.push(self.paint.paint(Ink::Quiet, &format!("+{left_out} more")));
        }
        parts
    }
}

/// `key=value`, safe to print; a value in which one could get lost is quoted.
fn pair(key: &str, value: &str) -> String {
    let shown = safe(value);
    if shown.is_empty() || shown.contains([' ', '"', '=']) {
        format!("{}=\"{}\"", safe(key), shown.replace('"', "\\\""))
    } else {
        format!("{}={shown}", safe(key))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;

    fn style(terminal: bool, attributes: Attributes) -> LineStyle {
        let moments = if terminal { Moments::Short(TimeZone::UTC) } else { Moments::Exact };
        LineStyle { attributes, terminal, paint: Paint { on: false }, moments, service_columns: 0 }
    }

    fn log(body: &Value) -> Record {
        serde_json::from_value(json!({
            "signal": "logs", "time": "1768464000123456789", "service": "checkout", "severity": "error",
            "severity_number": 17, "body": body, "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "",
            "attributes": {"order.id": "ord-1", "attempt": 2, "reason": "card \"declined\""},
            "correlation": [{"key": "order.id", "value": "ord-1"}],
        }))
        .unwrap()
    }

    #[test]
    fn through_a_pipe_one_record_is_one_line() {
        assert_eq!(
            style(false, Attributes::First).line(&log(&json!("card declined\n\tat pay"))),
            "2026-01-15T08:00:00.123456789Z  ERROR  checkout  card declined\\n\\tat pay  order.id=ord-1  \
             trace_id=0af7651916cd43dd8448eb211c80319c  attempt=2  reason=\"card \\\"declined\\\"\"\n"
        );
    }

    #[test]
    fn on_a_terminal_a_stack_trace_keeps_its_lines() {
        let line = style(true, Attributes::None).line(&log(&json!("boom\n\tat pay\u{1b}[2J\n")));
        assert_eq!(
            line,
            "2026-01-15 08:00:00.123  ERROR  checkout  boom\n        at pay\\x1b[2J  order.id=ord-1  \
             trace_id=0af7651916cd43dd8448eb211c80319c\n"
        );
    }

    #[test]
    fn attributes_are_the_first_few_all_or_those_named() {
        let mut record = log(&json!({"k": [1]}));
        record.attributes = (0..8).map(|number| (format!("a{number}"), json!("x".repeat(70)))).collect();
        let first = style(false, Attributes::First).line(&record);
        assert!(first.contains("  {\"k\":[1]}  "), "{first}");
        assert!(first.contains(&format!("a5={}~", "x".repeat(59))), "{first}");
        assert!(first.trim_end().ends_with("+2 more"), "{first}");
        let named = style(false, Attributes::Named(vec!["a7".to_owned(), "none".to_owned()])).line(&record);
        assert!(named.trim_end().ends_with(&format!("  a7={}", "x".repeat(70))), "{named}");
    }

    #[test]
    fn a_span_says_how_long_it_took_and_why_it_failed() {
        let span: Record = serde_json::from_value(json!({
            "signal": "spans", "time": "1768464000000000000", "duration_ns": "1508000000", "service": "payment",
            "name": "Charge", "status": "error", "status_message": "gateway\u{7}", "span_id": "00f067aa0ba902b7",
        }))
        .unwrap();
        assert_eq!(
            style(false, Attributes::First).line(&span),
            "2026-01-15T08:00:00.000000000Z  span   payment  Charge (1.51 s): gateway\\x07  \
             span_id=00f067aa0ba902b7\n"
        );
    }
}
