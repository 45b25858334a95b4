//! The records an id begins with, whatever the id is.

use spoor_store::model::{Record, SpanId, TraceId};
use spoor_store::predicate::{AttributeScope, Predicate, Test};

use crate::keys::{KeyAliases, Keys};
use crate::plan::resolve::attribute;
use crate::spelling;

/// Name under which a trace id is asked for and answered.
pub(crate) const TRACE_KEY: &str = "trace_id";

/// Name under which a span id is asked for and answered.
pub(crate) const SPAN_KEY: &str = "span_id";

/// What an id may be.
#[derive(Debug, Clone)]
pub(crate) struct Seed {
    /// The id without spaces around it.
    pub(crate) text: String,
    pub(crate) trace: Option<TraceId>,
    pub(crate) span: Option<SpanId>,
    /// Whether it may be a correlation id, and under which key alone (`None`: any).
    correlation: Option<Option<String>>,
}

/// Where to look for an id that was not extracted.
#[derive(Debug, Clone)]
pub(crate) struct Fallback {
    pub(crate) predicate: Predicate,
    /// Hot rows are extracted by the keys that are configured, since replay repeats it: for those they need no look.
    pub(crate) in_hot_rows: bool,
}

impl Seed {
    /// Reads an id that was given with a key, or without.
    pub(crate) fn new(id: &str, key: Option<&str>) -> Self {
        let text = id.trim().to_owned();
        let (trace, span) = (spelling::trace_id(id), spelling::span_id(id));
        match key {
            None => Self { text, trace, span, correlation: Some(None) },
            Some(TRACE_KEY) => Self { text, trace, span: None, correlation: None },
            Some(SPAN_KEY) => Self { text, trace: None, span, correlation: None },
            Some(key) => Self { text, trace: None, span: None, correlation: Some(Some(key.to_owned())) },
        }
    }

    /// Records that carry the id.
    pub(crate) fn predicate(&self) -> Predicate {
        let mut ways = Vec::new();
        if let Some(key) = &self.correlation {
            ways.push(Predicate::Correlation { key: key.clone(), test: Test::Equals(self.text.clone()) });
        }
        ways.extend(self.trace.map(Predicate::Trace));
        ways.extend(self.span.map(Predicate::Span));
        Predicate::Or(ways)
    }

    /// Where to look when no record carries the id: records older than the configuration of its key hold it as a mere
    /// attribute. Without a key only keys that were configured are tried, since no record is older than the others.
    pub(crate) fn fallback(&self, keys: &Keys) -> Option<Fallback> {
        let alias = |scope, name: &str| attribute(scope, name, Test::Equals(self.text.clone()));
        let aliases = |key: &KeyAliases| -> Vec<Predicate> {
            key.attributes.iter().map(|name| alias(AttributeScope::Any, name)).collect()
        };
        let (ways, in_hot_rows) = match self.correlation.as_ref()? {
            None => (keys.configured().flat_map(|key| unkeyed(key, &self.text)).collect(), false),
            Some(key) => match keys.get(key) {
                Some(key) => (aliases(key), false),
                None => (vec![alias(AttributeScope::Any, key)], true),
            },
        };
        (!ways.is_empty()).then_some(Fallback { predicate: Predicate::Or(ways), in_hot_rows })
    }

    /// What the id turned out to be, and its canonical form.
    pub(crate) fn meanings<'a>(
        &self,
        records: impl IntoIterator<Item = &'a Record>,
    ) -> (Vec<String>, String) {
        let mut keys: Vec<String> = Vec::new();
        let (mut is_trace, mut is_span) = (false, false);
        for record in records {
            is_trace |= self.trace.is_some() && record.trace_id == self.trace;
            is_span |= self.span.is_some() && record.span_id == self.span;
            for (key, value) in &record.correlations {
                let asked = match &self.correlation {
                    None => false,
                    Some(None) => true,
                    Some(Some(only)) => only == key,
                };
                if asked && *value == self.text && !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
        }
        keys.sort();
        let canonical = match (self.trace, self.span) {
            (Some(trace), _) if is_trace && keys.is_empty() => trace.to_string(),
            (_, Some(span)) if is_span && keys.is_empty() => span.to_string(),
            _ => self.text.clone(),
        };
        keys.extend(is_trace.then(|| TRACE_KEY.to_owned()));
        keys.extend(is_span.then(|| SPAN_KEY.to_owned()));
        if let (true, Some(Some(key))) = (keys.is_empty(), &self.correlation) {
            keys.push(key.clone());
        }
        (keys, canonical)
    }
}

/// An id that was given without a key, under the aliases of one: on records and span events, since ids of flows on
/// resources and scopes are too rare for a look at every stream of every split.
pub(crate) fn unkeyed(key: &KeyAliases, id: &str) -> Vec<Predicate> {
    let places = [AttributeScope::Record, AttributeScope::Event];
    let ways = key.attributes.iter().flat_map(|alias| places.map(|place| (place, alias)));
    ways.map(|(place, alias)| attribute(place, alias, Test::Equals(id.to_owned()))).collect()
}
