//! Predicates and fields of the tests, and what a plain list says of them.

use std::sync::Arc;

use proptest::prelude::*;

use super::sample::{WORDS, span_id, trace_id};
use crate::index::matching;
use crate::index::term::Part;
use crate::leaf::Origin;
use crate::model::value::flatten;
use crate::model::{Record, RecordBody, Signal, SpanKind, SpanStatus, TimeRange, ValueRef};
use crate::predicate::{AttributeScope, NumberRange, Predicate, Test};

pub(super) fn tokens_of(record: &Record) -> Vec<String> {
    let mut tokens = Vec::new();
    match &record.body {
        _ if record.signal == Signal::Spans => tokens = crate::tokenize(&record.name),
        RecordBody::Value(value) => flatten("body", ValueRef::parse(value), &mut |_, text| {
            tokens.extend(crate::tokenize(text));
        }),
        _ => tokens = crate::tokenize(record.body_text()),
    }
    tokens
}

pub(super) fn predicate() -> impl Strategy<Value = Predicate> {
    let test = prop_oneof![
        Just(Test::Exists),
        prop::sample::select(vec!["500", "GET", "", "true", "1.5", "Type2", "ord-1", "AAEC"])
            .prop_map(|text| Test::Equals(text.to_owned())),
        Just(Test::Equals("long ".repeat(60))),
        Just(Test::Prefix("5".to_owned())),
        Just(Test::Regex(regex::Regex::new("(5..|[A-Z]+|long.*|.*[02])").expect("valid"))),
        Just(Test::Number(NumberRange { low: Some((100.0, true)), high: Some((500.0, true)) })),
        Just(Test::Text { low: Some(("G".to_owned(), true)), high: None }),
    ];
    let scope = prop::sample::select(vec![
        AttributeScope::Any,
        AttributeScope::Record,
        AttributeScope::Resource,
        AttributeScope::Scope,
        AttributeScope::Event,
        AttributeScope::Link,
    ]);
    let key =
        prop::sample::select(vec!["http.status", "app.key", "exception.type", "service.name", "absent"]);
    let leaf = prop_oneof![
        Just(Predicate::All),
        any::<bool>().prop_map(|spans| Predicate::Signal(if spans { Signal::Spans } else { Signal::Logs })),
        (0_u64..5_000, 0_u64..5_000).prop_map(|(a, b)| Predicate::Time(TimeRange {
            start: a.min(b) * 1_000_003,
            end: a.max(b) * 1_000_003
        })),
        prop::sample::select(WORDS.to_vec()).prop_map(|word| Predicate::Phrase(crate::tokenize(word))),
        prop::sample::select(vec!["order created", "payment timeout", "get orders"])
            .prop_map(|text| Predicate::Phrase(crate::tokenize(text))),
        Just(Predicate::TokenPrefix("or".to_owned())),
        prop::sample::select(vec!["ment t", "(?s)^Order.*y$", "größe"])
            .prop_map(|pattern| Predicate::Body(Test::Regex(regex::Regex::new(pattern).expect("valid")))),
        (1_u8..8).prop_map(|trace| Predicate::Trace(trace_id(trace).expect("not zero"))),
        (1_u8..8).prop_map(|link| Predicate::Link(trace_id(link).expect("not zero"))),
        (1_u8..10).prop_map(|span| Predicate::Span(span_id(span).expect("not zero"))),
        (any::<bool>(), test.clone()).prop_map(|(any_key, test)| Predicate::Correlation {
            key: (!any_key || matches!(test, Test::Exists)).then(|| "order.id".to_owned()),
            test
        }),
        (scope, key, test.clone()).prop_map(|(scope, key, test)| Predicate::Attribute {
            scope,
            key: key.into(),
            test
        }),
        test.clone().prop_map(Predicate::Name),
        test.clone().prop_map(Predicate::EventName),
        test.prop_map(Predicate::ScopeVersion),
        (0_u8..25, 0_u8..25).prop_map(|(a, b)| Predicate::Severity(a.min(b)..=a.max(b))),
        prop::sample::select(SpanKind::ALL.to_vec()).prop_map(Predicate::Kind),
        prop::sample::select(SpanStatus::ALL.to_vec()).prop_map(Predicate::Status),
        (0_u64..5_000).prop_map(|low| Predicate::Duration(low * 1_000_003..=u64::MAX)),
        Just(Predicate::Root),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Predicate::And),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Predicate::Or),
            inner.prop_map(|part| Predicate::Not(Box::new(part))),
        ]
    })
}

/// What the predicate means, on one record.
pub(super) fn holds(predicate: &Predicate, record: &Record) -> bool {
    let is_span = record.signal == Signal::Spans;
    let has_attribute =
        |key: &str, test: &Test| record.attributes.iter().any(|raw| matching::attribute(raw, key, test));
    match predicate {
        Predicate::All => true,
        Predicate::None => false,
        Predicate::And(parts) => parts.iter().all(|part| holds(part, record)),
        Predicate::Or(parts) => parts.iter().any(|part| holds(part, record)),
        Predicate::Not(part) => !holds(part, record),
        Predicate::Signal(signal) => record.signal == *signal,
        Predicate::Time(range) => range.contains(record.time),
        Predicate::Phrase(tokens) => {
            let text = tokens_of(record);
            text.windows(tokens.len()).any(|window| window == tokens)
        }
        Predicate::TokenPrefix(prefix) => {
            let text = tokens_of(record);
            text.iter().any(|token| token.starts_with(prefix.as_str()))
        }
        Predicate::Body(test) => match &record.body {
            RecordBody::None => false,
            RecordBody::Text(text) => test.accepts(text),
            RecordBody::Value(value) => {
                let mut found = false;
                flatten("", ValueRef::parse(value), &mut |_, text| found |= test.accepts(text));
                found
            }
        },
        Predicate::Trace(id) => record.trace_id == Some(*id),
        Predicate::Span(id) => record.span_id == Some(*id),
        Predicate::Link(id) => record.links().any(|(trace, _)| trace == *id),
        Predicate::Correlation { key, test } => record
            .correlations
            .iter()
            .any(|(found, value)| key.as_ref().is_none_or(|key| key == found) && test.accepts(value)),
        Predicate::Attribute { scope, key, test } => match scope {
            AttributeScope::Record => has_attribute(key, test),
            AttributeScope::Resource => matching::resource(&record.stream, key, test),
            AttributeScope::Scope => matching::scope(&record.stream, key, test),
            AttributeScope::Event => {
                is_span && matching::part_attribute(&record.rest, Part::Event, key, test)
            }
            AttributeScope::Link => is_span && matching::part_attribute(&record.rest, Part::Link, key, test),
            AttributeScope::Any => {
                has_attribute(key, test)
                    || matching::resource(&record.stream, key, test)
                    || matching::scope(&record.stream, key, test)
                    || (is_span
                        && [Part::Event, Part::Link]
                            .iter()
                            .any(|part| matching::part_attribute(&record.rest, *part, key, test)))
            }
        },
        Predicate::Name(test) => !record.name.is_empty() && test.accepts(&record.name),
        Predicate::EventName(test) => is_span && matching::event_name(&record.rest, test),
        Predicate::ScopeName(test) => test.accepts(&record.stream.scope_name),
        Predicate::ScopeVersion(test) => test.accepts(&record.stream.scope_version),
        Predicate::Severity(range) => !is_span && range.contains(&record.severity_or_kind),
        Predicate::Kind(kind) => is_span && record.kind() == *kind,
        Predicate::Status(status) => is_span && record.status == *status,
        Predicate::Duration(range) => is_span && range.contains(&record.duration()),
        Predicate::Root => is_span && record.parent_span_id.is_none(),
    }
}

/// Chains of places as queries ask for them.
pub(super) fn origins() -> Vec<Vec<Origin>> {
    let attribute = |key: &str| Origin::Attribute(key.to_owned());
    vec![
        vec![Origin::Signal],
        vec![Origin::Severity],
        vec![Origin::Kind],
        vec![Origin::Status],
        vec![Origin::Root],
        vec![Origin::Name],
        vec![Origin::EventName, Origin::LogName],
        vec![Origin::Trace],
        vec![Origin::Link],
        vec![Origin::Correlation("order.id".to_owned()), attribute("app.key")],
        vec![attribute("http.status"), Origin::EventAttribute("exception.type".to_owned())],
        vec![attribute("body.order.item")],
        vec![attribute("request.uuid"), Origin::Stream(Arc::new(|stream| Some(stream.service.clone())))],
    ]
}
