//! What a record must satisfy: a typed tree, evaluated alike on hot rows and on splits.
//!
//! `query` makes it from the search language; nothing in it knows syntax.

use std::ops::RangeInclusive;

use regex::Regex;

use crate::model::{Signal, SpanId, SpanKind, SpanStatus, TimeRange, TraceId};

/// A condition on one record.
#[derive(Debug, Clone)]
pub enum Predicate {
    /// Every record.
    All,
    /// No record.
    None,
    /// All of them hold; none given holds.
    And(Vec<Predicate>),
    /// One of them holds; none given does not.
    Or(Vec<Predicate>),
    /// It does not hold.
    Not(Box<Predicate>),
    /// The record's signal.
    Signal(Signal),
    /// Indexed time in the range.
    Time(TimeRange),
    /// Tokens in a row in the log body or the span name; one token is a word. From [`crate::tokenize`].
    Phrase(Vec<String>),
    /// A token in the log body or the span name that begins so (lower case).
    TokenPrefix(String),
    /// The log body: its text, or a scalar of a structured one. Reads the body of every record that nothing else excludes.
    Body(Test),
    /// The record's trace.
    Trace(TraceId),
    /// The span itself, and log records written in it.
    Span(SpanId),
    /// A span with a link to this trace.
    Link(TraceId),
    /// A correlation id, under one key or (`None`) any.
    Correlation {
        /// Name of the correlation key.
        key: Option<String>,
        /// What the id must satisfy; [`Test::Exists`] needs a key.
        test: Test,
    },
    /// An attribute by its dotted name. A record with the key several times matches if one value does.
    Attribute {
        /// Where to look.
        scope: AttributeScope,
        /// Its name.
        key: String,
        /// What its value must satisfy.
        test: Test,
    },
    /// Span name, or event name of a log record.
    Name(Test),
    /// Name of one of the span's events.
    EventName(Test),
    /// Name of the instrumentation scope.
    ScopeName(Test),
    /// Version of the instrumentation scope.
    ScopeVersion(Test),
    /// `severity_number` of a log record; spans never match.
    Severity(RangeInclusive<u8>),
    /// Kind of a span; log records never match.
    Kind(SpanKind),
    /// Status of a span; log records never match.
    Status(SpanStatus),
    /// Length of a span in nanoseconds; log records never match.
    Duration(RangeInclusive<u64>),
    /// A span without a parent span id.
    Root,
}

/// Where an attribute is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttributeScope {
    /// Record, resource, scope, event and link attributes.
    Any,
    /// The record's own.
    Record,
    /// Its resource's.
    Resource,
    /// Its instrumentation scope's.
    Scope,
    /// Its span events'.
    Event,
    /// Its span links'.
    Link,
}

/// A condition on the text of one value ([`crate::model::ValueRef::text`]).
#[derive(Debug, Clone)]
pub enum Test {
    /// There is one.
    Exists,
    /// Equal, byte for byte: the integer 500 and the string "500" are both `500`.
    Equals(String),
    /// Begins so.
    Prefix(String),
    /// Matches somewhere; whoever means the whole text anchors it.
    Regex(Regex),
    /// Read as a number, lies in the bounds; a text that is no number does not match.
    Number(NumberRange),
    /// As text, byte order, lies in the bounds.
    Text {
        /// Lower bound and whether it is included.
        low: Option<(String, bool)>,
        /// Upper bound and whether it is included.
        high: Option<(String, bool)>,
    },
}

/// Bounds of a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberRange {
    /// Lower bound and whether it is included.
    pub low: Option<(f64, bool)>,
    /// Upper bound and whether it is included.
    pub high: Option<(f64, bool)>,
}

impl NumberRange {
    /// Whether `number` lies in the bounds.
    pub fn contains(&self, number: f64) -> bool {
        let above = self.low.is_none_or(|(low, included)| number > low || (included && number == low));
        let below = self.high.is_none_or(|(high, included)| number < high || (included && number == high));
        above && below
    }
}

impl Test {
    /// Whether `text` satisfies it.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::Exists => true,
            Self::Equals(wanted) => text == wanted,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Regex(regex) => regex.is_match(text),
            Self::Number(range) => text.parse::<f64>().is_ok_and(|number| range.contains(number)),
            Self::Text { low, high } => {
                let above = low
                    .as_ref()
                    .is_none_or(|(low, included)| text > low.as_str() || (*included && text == low.as_str()));
                let below = high.as_ref().is_none_or(|(high, included)| {
                    text < high.as_str() || (*included && text == high.as_str())
                });
                above && below
            }
        }
    }
}
