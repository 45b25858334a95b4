//! The columns of a table, and what a record has in each.

use spoor_store::leaf::Origin;
use spoor_store::model::{KeyValueRef, Record, Signal, ValueRef};

use crate::engine::Engine;
use crate::error::Result;
use crate::json::record::status_message;
use crate::json::value::ValueJson;
use crate::language::SyntaxError;
use crate::plan::Resolver;
use crate::stats::Names;

/// The columns when none are named.
const USUAL: &str = "time, signal, service, severity, name, body, trace_id, span_id, duration_ns, status";

/// Columns in order.
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
}

/// One column.
pub(super) struct Column {
    pub(super) name: String,
    of: Of,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// Nanoseconds since the epoch.
    Time,
    /// A whole number.
    Count,
    Text,
}

/// A record's value in a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Nothing,
    Number(u64),
    Text(String),
}

enum Of {
    Record,
    Time,
    End,
    ObservedTime,
    Duration,
    SpanId,
    ParentSpanId,
    SeverityNumber,
    SeverityText,
    StatusMessage,
    Body,
    Field { attribute: Option<String>, origins: Vec<Origin> },
}

impl Columns {
    /// Resolves names; none stands for the usual columns.
    pub(super) fn resolve(engine: &Engine, names: &Names) -> Result<Self> {
        let usual = if names.names.is_empty() { Some(Names::parse(USUAL)?) } else { None };
        let names = usual.as_ref().unwrap_or(names);
        let resolver = Resolver { text: &names.text, keys: engine.keys(), owners: engine.owners() };
        let mut columns = Vec::with_capacity(names.names.len());
        for name in &names.names {
            let of = Of::named(&name.name, &resolver)
                .map_err(|refusal| SyntaxError::new(&names.text, name.at, refusal, &["a field"]))?;
            columns.push(Column { name: name.name.clone(), of });
        }
        Ok(Self { columns })
    }
}

impl Column {
    pub(super) fn kind(&self) -> ColumnKind {
        match self.of {
            Of::Time | Of::End | Of::ObservedTime => ColumnKind::Time,
            Of::Duration | Of::SeverityNumber => ColumnKind::Count,
            _ => ColumnKind::Text,
        }
    }

    /// What the record has here.
    pub(super) fn cell(&self, record: &Record) -> Cell {
        let is_span = record.signal == Signal::Spans;
        let number = |applies: bool, number: u64| if applies { Cell::Number(number) } else { Cell::Nothing };
        let text = |text: &str| if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) };
        let ended = record.end_or_observed;
        match &self.of {
            Of::Record => Cell::Text(record.id.to_string()),
            Of::Time => Cell::Number(record.time),
            Of::End => number(is_span && ended > 0, ended),
            Of::ObservedTime => number(!is_span && ended > 0, ended),
            Of::Duration => number(is_span, record.duration()),
            Of::SpanId => record.span_id.map_or(Cell::Nothing, |id| Cell::Text(id.to_string())),
            Of::ParentSpanId => record.parent_span_id.map_or(Cell::Nothing, |id| Cell::Text(id.to_string())),
            Of::SeverityNumber => number(!is_span, u64::from(record.severity_or_kind)),
            Of::SeverityText => text(&record.severity_text),
            Of::StatusMessage => text(status_message(record)),
            Of::Body => value(record.body_value()),
            Of::Field { attribute, origins } => {
                let compound = attribute.as_ref().and_then(|key| compound(record, key));
                let found = compound.or_else(|| origins.iter().find_map(|origin| origin.of(record)));
                found.map_or(Cell::Nothing, Cell::Text)
            }
        }
    }
}

impl Of {
    fn named(name: &str, resolver: &Resolver<'_>) -> std::result::Result<Self, String> {
        Ok(match name {
            "record" => Self::Record,
            "time" => Self::Time,
            "end" => Self::End,
            "observed_time" => Self::ObservedTime,
            "duration" | "duration_ns" => Self::Duration,
            "span_id" => Self::SpanId,
            "parent_span_id" => Self::ParentSpanId,
            "severity_number" => Self::SeverityNumber,
            "severity_text" => Self::SeverityText,
            "status_message" => Self::StatusMessage,
            "event_name" => Self::Field { attribute: None, origins: vec![Origin::LogName] },
            "body" => Self::Body,
            _ => {
                let is_attribute = crate::plan::fields::field(name).is_none();
                let attribute =
                    is_attribute.then(|| name.strip_prefix("attributes.").unwrap_or(name).to_owned());
                Self::Field { attribute, origins: resolver.origins(name)? }
            }
        })
    }
}

/// An array or a map among the record's own attributes, whole.
fn compound(record: &Record, key: &str) -> Option<String> {
    let found: Option<KeyValueRef<'_>> = record.attributes().filter(|attribute| attribute.key == key).last();
    match found?.value {
        value @ (ValueRef::Array(_) | ValueRef::Map(_)) => serde_json::to_string(&ValueJson::new(value)).ok(),
        _ => None,
    }
}

/// A scalar's text; arrays and maps as JSON.
fn value(value: ValueRef<'_>) -> Cell {
    let text = match value {
        ValueRef::Array(_) | ValueRef::Map(_) => serde_json::to_string(&ValueJson::new(value)).ok(),
        scalar => scalar.text().map(|text| text.into_owned()),
    };
    text.map_or(Cell::Nothing, Cell::Text)
}
