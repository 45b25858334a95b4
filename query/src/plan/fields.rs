//! The fields that are not attributes: their names, and what each takes.

use spoor_store::model::stream::UNKNOWN_SERVICE;
use spoor_store::model::{Signal, SpanKind, SpanStatus};
use spoor_store::predicate::{AttributeScope, Predicate, Test};
use spoor_store::tokenize;

use super::resolve::{Resolver, attribute};
use super::{narrow, values};
use crate::language::{SyntaxError, Value, ValueNode};
use crate::nearest::nearest;
use crate::owners::OWNER_ATTRIBUTES;
use crate::spelling;

/// A field that is not an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Service,
    Severity,
    Body,
    Name,
    Kind,
    Status,
    Duration,
    TraceId,
    SpanId,
    Signal,
    Root,
    ScopeName,
    EventName,
    LinkTraceId,
    Correlation,
    Owner,
}

/// Every field by name.
pub(crate) const FIELDS: [(&str, Field); 16] = [
    ("service", Field::Service),
    ("severity", Field::Severity),
    ("body", Field::Body),
    ("name", Field::Name),
    ("kind", Field::Kind),
    ("status", Field::Status),
    ("duration", Field::Duration),
    ("trace_id", Field::TraceId),
    ("span_id", Field::SpanId),
    ("signal", Field::Signal),
    ("root", Field::Root),
    ("scope.name", Field::ScopeName),
    ("event.name", Field::EventName),
    ("link.trace_id", Field::LinkTraceId),
    ("correlation", Field::Correlation),
    ("owner", Field::Owner),
];

/// The field named so.
pub(crate) fn field(name: &str) -> Option<Field> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

impl Resolver<'_> {
    /// One value, no group, of a field that is not an attribute.
    pub(super) fn field(&self, field: Field, value: &Value) -> Result<Predicate, SyntaxError> {
        match field {
            Field::Service => self.service(value),
            Field::Severity => self.severity(value),
            Field::Body => self.body(value),
            Field::Name => Ok(Predicate::Name(values::test(self.text, value)?)),
            Field::Kind => {
                self.named(value, "kind", &SpanKind::ALL.map(|kind| (kind.as_str(), Predicate::Kind(kind))))
            }
            Field::Status => self.named(
                value,
                "status",
                &SpanStatus::ALL.map(|status| (status.as_str(), Predicate::Status(status))),
            ),
            Field::Duration => self.duration(value),
            Field::TraceId => self.id(value, "trace", spelling::trace_id).map(Predicate::Trace),
            Field::SpanId => self.id(value, "span", spelling::span_id).map(Predicate::Span),
            Field::LinkTraceId => self.id(value, "trace", spelling::trace_id).map(Predicate::Link),
            Field::Signal => self.named(
                value,
                "signal",
                &[Signal::Logs, Signal::Spans].map(|signal| (signal.as_str(), Predicate::Signal(signal))),
            ),
            Field::Root => {
                let not_root = Predicate::And(vec![
                    Predicate::Signal(Signal::Spans),
                    Predicate::Not(Box::new(Predicate::Root)),
                ]);
                self.named(value, "root", &[("true", Predicate::Root), ("false", not_root)])
            }
            Field::ScopeName => Ok(Predicate::ScopeName(values::test(self.text, value)?)),
            Field::EventName => {
                let test = values::test(self.text, value)?;
                let log_event = vec![Predicate::Signal(Signal::Logs), Predicate::Name(test.clone())];
                Ok(Predicate::Or(vec![
                    Predicate::EventName(test.clone()),
                    Predicate::And(log_event),
                    attribute(AttributeScope::Record, "event.name", test),
                ]))
            }
            Field::Correlation => self.any_correlation(value),
            Field::Owner => self.owner(value),
        }
    }

    fn service(&self, value: &Value) -> Result<Predicate, SyntaxError> {
        let test = values::test(self.text, value)?;
        let named = |test| attribute(AttributeScope::Resource, "service.name", test);
        if matches!(test, Test::Exists) {
            return Ok(Predicate::All);
        }
        if !test.accepts(UNKNOWN_SERVICE) {
            return Ok(named(test));
        }
        let nameless = Predicate::Not(Box::new(named(Test::Exists)));
        Ok(Predicate::Or(vec![named(test), nameless, named(Test::Equals(String::new()))]))
    }

    fn body(&self, value: &Value) -> Result<Predicate, SyntaxError> {
        let found = match &value.node {
            ValueNode::Word(text) | ValueNode::Phrase(text) => phrase(text),
            ValueNode::Prefix(prefix) => text_prefix(prefix),
            ValueNode::Exists => Predicate::Body(Test::Exists),
            ValueNode::Regex(pattern) => {
                let regex = values::regex_anywhere(self.text, value, pattern)?;
                narrowed(pattern, Test::Regex(regex))
            }
            ValueNode::Glob(pieces) => {
                let pattern = values::glob(pieces);
                narrowed(&pattern, Test::Regex(values::regex(self.text, value, &pattern)?))
            }
            _ => {
                let message = "`body` takes words, phrases, `prefix*`, `*part*` and `/regex/`";
                let expected = &["a word", "a \"phrase\"", "prefix*", "*part*", "/regex/"];
                return Err(SyntaxError::new(self.text, value.at.start, message, expected));
            }
        };
        Ok(Predicate::And(vec![Predicate::Signal(Signal::Logs), found]))
    }

    fn duration(&self, value: &Value) -> Result<Predicate, SyntaxError> {
        if value.node == ValueNode::Exists {
            return Ok(Predicate::Signal(Signal::Spans));
        }
        let read = |word: &str| {
            values::duration(word).ok_or_else(|| {
                let message = format!("`{}` is no duration", crate::language::quote(word));
                SyntaxError::new(self.text, value.at.start, message, &["250ms", "1.5s", "2m", "nanoseconds"])
            })
        };
        let range = values::whole_range(self.text, value, u64::MAX, read)?;
        Ok(range.map_or(Predicate::None, Predicate::Duration))
    }

    fn id<T>(&self, value: &Value, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, SyntaxError> {
        if let ValueNode::Word(word) | ValueNode::Phrase(word) = &value.node
            && let Some(id) = read(word)
        {
            return Ok(id);
        }
        let message = format!("expected a {what} id");
        Err(SyntaxError::new(self.text, value.at.start, message, &["hex", "base64", "a traceparent"]))
    }

    fn any_correlation(&self, value: &Value) -> Result<Predicate, SyntaxError> {
        let test = values::test(self.text, value)?;
        Ok(match test {
            Test::Exists => Predicate::Or(
                self.keys
                    .names()
                    .map(|name| Predicate::Correlation { key: Some(name.to_owned()), test: Test::Exists })
                    .collect(),
            ),
            test => Predicate::Correlation { key: None, test },
        })
    }

    /// As [`crate::owners::Owners::of`] decides: the first attribute that is set, else the map.
    fn owner(&self, value: &Value) -> Result<Predicate, SyntaxError> {
        let test = values::test(self.text, value)?;
        let of = |name: &str, test: Test| attribute(AttributeScope::Resource, name, test);
        let mut unset: Vec<Predicate> = Vec::new();
        let mut ways = Vec::new();
        for name in OWNER_ATTRIBUTES {
            let mut way = unset.clone();
            way.push(of(name, test.clone()));
            ways.push(Predicate::And(way));
            unset.push(Predicate::Not(Box::new(of(name, Test::Exists))));
        }
        let services = self.owners.services(|owner| test.accepts(owner));
        let mapped: Vec<Predicate> =
            services.map(|service| of("service.name", Test::Equals(service.to_owned()))).collect();
        if !mapped.is_empty() {
            let mut way = unset;
            way.push(Predicate::Or(mapped));
            ways.push(Predicate::And(way));
        }
        Ok(Predicate::Or(ways))
    }

    /// A field that takes one of a few names.
    pub(super) fn named(
        &self,
        value: &Value,
        what: &str,
        known: &[(&str, Predicate)],
    ) -> Result<Predicate, SyntaxError> {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        if let ValueNode::Word(word) | ValueNode::Phrase(word) = &value.node {
            let found = known.iter().find(|(name, _)| {
                name.eq_ignore_ascii_case(word)
                    || (what == "signal" && name.trim_end_matches('s').eq_ignore_ascii_case(word))
            });
            return found
                .map(|(_, predicate)| predicate.clone())
                .ok_or_else(|| self.unknown_value(value, what, word, &names));
        }
        if let ValueNode::Compare(..) | ValueNode::Range { .. } = &value.node {
            let message = format!("the values of `{what}` have no order");
            return Err(SyntaxError::new(self.text, value.at.start, message, &names));
        }
        let test = values::test(self.text, value)?;
        let accepted = known.iter().filter(|(name, _)| test.accepts(name));
        Ok(Predicate::Or(accepted.map(|(_, predicate)| predicate.clone()).collect()))
    }

    pub(super) fn unknown_value(&self, value: &Value, what: &str, word: &str, names: &[&str]) -> SyntaxError {
        let hint = nearest(&word.to_lowercase(), names.iter().copied(), 2)
            .map(|name| format!("; did you mean `{name}`?"))
            .unwrap_or_default();
        let message = format!("`{}` is no {what}{hint}", crate::language::quote(word));
        SyntaxError::new(self.text, value.at.start, message, names)
    }
}

/// A body that satisfies `test`, looked for where the words are that `pattern` cannot do without.
fn narrowed(pattern: &str, test: Test) -> Predicate {
    let mut all = narrow::words(pattern);
    all.push(Predicate::Body(test));
    Predicate::And(all)
}

/// Words in a row in the log body or the span name; nothing to look for is no condition.
pub(super) fn phrase(text: &str) -> Predicate {
    let tokens = tokenize(text);
    if tokens.is_empty() { Predicate::All } else { Predicate::Phrase(tokens) }
}

/// Text that goes on past its end: the last token is a prefix, those before it words.
pub(super) fn text_prefix(prefix: &str) -> Predicate {
    let mut tokens = tokenize(prefix);
    let Some(last) = tokens.pop() else { return Predicate::All };
    let ends_in_token = prefix.ends_with(char::is_alphanumeric);
    let last = if ends_in_token { Predicate::TokenPrefix(last) } else { Predicate::Phrase(vec![last]) };
    if tokens.is_empty() { last } else { Predicate::And(vec![Predicate::Phrase(tokens), last]) }
}
