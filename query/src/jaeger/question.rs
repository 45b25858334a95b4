//! What a search for traces asks: conditions that one span satisfies all at once.

use std::collections::BTreeMap;

use spoor_store::model::{Signal, SpanKind, SpanStatus, TimeRange};
use spoor_store::predicate::{AttributeScope, Predicate, Test};

use super::operations::stored_name;
use crate::error::{Error, Result};

/// Most tags of one search.
const TAGS_MAX: usize = 100;

/// A search for traces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Question {
    pub(crate) service: Option<String>,
    pub(crate) operation: Option<String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Of the span's start; both ends included.
    pub(crate) range: TimeRange,
    /// Nanoseconds; 0 is no bound.
    pub(crate) duration_min: u64,
    /// Nanoseconds; 0 is no bound.
    pub(crate) duration_max: u64,
    /// Traces to answer.
    pub(crate) limit: usize,
}

impl Question {
    /// What one span must satisfy, but for its time.
    ///
    /// # Errors
    /// [`Error::Malformed`] when there are too many tags.
    pub(crate) fn predicate(&self) -> Result<Predicate> {
        if self.tags.len() > TAGS_MAX {
            return Err(Error::malformed(format!("a search takes at most {TAGS_MAX} tags")));
        }
        let mut parts = vec![Predicate::Signal(Signal::Spans)];
        if let Some(service) = &self.service {
            parts.push(attribute(AttributeScope::Resource, "service.name", stored_name(service)));
        }
        if let Some(operation) = &self.operation {
            parts.push(Predicate::Name(Test::Equals(operation.clone())));
        }
        let max = if self.duration_max == 0 { u64::MAX } else { self.duration_max };
        if self.duration_min > 0 || max < u64::MAX {
            parts.push(Predicate::Duration(self.duration_min..=max));
        }
        parts.extend(self.tags.iter().map(|(key, value)| tag(key, value)));
        Ok(Predicate::And(parts))
    }
}

fn attribute(scope: AttributeScope, key: &str, value: &str) -> Predicate {
    Predicate::Attribute { scope, key: key.to_owned(), test: Test::Equals(value.to_owned()) }
}

/// A tag: a key with a meaning of its own, or an attribute wherever it stands.
fn tag(key: &str, value: &str) -> Predicate {
    let anywhere = || attribute(AttributeScope::Any, key, value);
    let equals = || Test::Equals(value.to_owned());
    match (key, value) {
        ("error", "true") => Predicate::Status(SpanStatus::Error),
        ("error", "false") => Predicate::Not(Box::new(Predicate::Status(SpanStatus::Error))),
        ("span.kind", _) => SpanKind::parse(value).map_or(Predicate::None, Predicate::Kind),
        ("span.status", _) => SpanStatus::parse(value).map_or(Predicate::None, Predicate::Status),
        ("scope.name", _) => Predicate::ScopeName(equals()),
        ("scope.version", _) => Predicate::ScopeVersion(equals()),
        // As a span shows them among its tags, where people click on them.
        ("otel.scope.name", _) => Predicate::Or(vec![Predicate::ScopeName(equals()), anywhere()]),
        ("otel.scope.version", _) => Predicate::Or(vec![Predicate::ScopeVersion(equals()), anywhere()]),
        ("otel.status_code", "OK" | "ERROR") => {
            let status = SpanStatus::parse(value).unwrap_or(SpanStatus::Unset);
            Predicate::Or(vec![Predicate::Status(status), anywhere()])
        }
        _ => match key.strip_prefix("resource.") {
            Some(of_resource) if !of_resource.is_empty() => {
                attribute(AttributeScope::Resource, of_resource, value)
            }
            _ => anywhere(),
        },
    }
}
