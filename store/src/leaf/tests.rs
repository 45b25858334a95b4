//! Hot rows and the split made of them must give the same answers; both must give what a plain list gives.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;
use spoor_proto::otlp::{AnyValue, ArrayValue, KeyValue, KeyValueList, Resource, any_value::Value, span};
use spoor_runtime::clock::Clock;

use super::*;
use crate::catalog::SplitMeta;
use crate::disk::{Disk as _, RealDisk};
use crate::hot::HotRows;
use crate::index::matching;
use crate::index::term::Part;
use crate::model::value::flatten;
use crate::model::{
    BatchBuilder, Body, RecordBody, Row, Signal, SpanId, SpanKind, SpanStatus, StreamParts, Tenant, TraceId,
    ValueRef,
};
use crate::predicate::{AttributeScope, NumberRange, Test};
use crate::split::{self, SplitCache};

/// A record of the tests, from small ranges so that queries meet something.
#[derive(Debug, Clone)]
struct Sample {
    is_span: bool,
    service: u8,
    time: u64,
    end: u64,
    kind: u8,
    status: u8,
    trace: u8,
    span: u8,
    parent: u8,
    name: String,
    words: Vec<&'static str>,
    attributes: Vec<(&'static str, Value)>,
    order: Option<u8>,
    link: Option<u8>,
    unique: bool,
}

const WORDS: [&str; 6] = ["payment", "timeout", "Order", "query", "retry", "größe"];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_i64..600).prop_map(Value::IntValue),
        prop::sample::select(vec!["500", "GET", "a b", ""])
            .prop_map(|text| Value::StringValue(text.to_owned())),
        any::<bool>().prop_map(Value::BoolValue),
        Just(Value::DoubleValue(1.5)),
        Just(Value::StringValue("long ".repeat(60))),
        Just(Value::BytesValue(vec![0, 1, 2])),
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    let ids = (0_u8..6, 0_u8..9, 0_u8..9, proptest::option::of(0_u8..4), proptest::option::of(0_u8..6));
    let fixed = (any::<bool>(), 0_u8..3, 0_u64..5_000, 0_u64..6_000, 0_u8..24, 0_u8..3);
    let texts = (
        prop::sample::select(vec!["GET /orders", "charge", "Order created", ""]),
        prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..5),
        prop::collection::vec((prop::sample::select(vec!["http.status", "app.key"]), value()), 0..4),
        any::<bool>(),
    );
    (fixed, ids, texts).prop_map(|(fixed, ids, texts)| Sample {
        is_span: fixed.0,
        service: fixed.1,
        time: fixed.2 * 1_000_003,
        end: fixed.3 * 1_000_003,
        kind: if fixed.0 { fixed.4 % 6 } else { fixed.4 },
        status: fixed.5,
        trace: ids.0,
        span: ids.1,
        parent: ids.2,
        order: ids.3,
        link: ids.4,
        name: texts.0.to_owned(),
        words: texts.1,
        attributes: texts.2,
        unique: texts.3,
    })
}

fn trace_id(number: u8) -> Option<TraceId> {
    TraceId::from_bytes(&[number; 16])
}

fn span_id(number: u8) -> Option<SpanId> {
    SpanId::from_bytes(&[number; 8])
}

fn key_value(key: &str, value: Value) -> Vec<u8> {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
        .encode_to_vec()
}

fn rest(sample: &Sample) -> Vec<u8> {
    let Some(link) = sample.link.filter(|_| sample.is_span) else { return Vec::new() };
    let event = span::Event {
        name: "exception".to_owned(),
        attributes: vec![KeyValue {
            key: "exception.type".to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue(format!("Type{link}"))) }),
            ..Default::default()
        }],
        ..Default::default()
    };
    let text = if link == 5 { "long ".repeat(60) } else { format!("Type{}", 5 - link) };
    let link = span::Link {
        trace_id: vec![link; 16],
        span_id: vec![link; 8],
        attributes: vec![KeyValue {
            key: "exception.type".to_owned(),
            value: Some(AnyValue { value: Some(Value::StringValue(text)) }),
            ..Default::default()
        }],
        ..Default::default()
    };
    spoor_proto::otlp::Span { events: vec![event], links: vec![link], ..Default::default() }.encode_to_vec()
}

/// Some log bodies are maps of lists, their items short or too long to be terms.
fn structured(sample: &Sample) -> Option<Vec<u8>> {
    let repeats = usize::from(sample.link?) * 8 + 1;
    let text = |word: &&str| AnyValue { value: Some(Value::StringValue(word.repeat(repeats))) };
    let values = sample.words.iter().map(text).collect();
    let map = |key: &str, value| {
        let value = Some(AnyValue { value: Some(value) });
        let values = vec![KeyValue { key: key.to_owned(), value, ..Default::default() }];
        Value::KvlistValue(KeyValueList { values })
    };
    let order = map("item", Value::ArrayValue(ArrayValue { values }));
    Some(AnyValue { value: Some(map("order", order)) }.encode_to_vec())
}

fn tokens_of(record: &Record) -> Vec<String> {
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

fn hot_rows(samples: &[Sample]) -> Arc<HotRows> {
    let rows = Arc::new(HotRows::new(Tenant::default()));
    for (number, sample) in samples.iter().enumerate() {
        let signal = if sample.is_span { Signal::Spans } else { Signal::Logs };
        let mut builder = BatchBuilder::new(Tenant::default(), signal, 1, Bytes::new());
        let name = key_value("service.name", Value::StringValue(format!("service-{}", sample.service)));
        let resource =
            Resource { attributes: vec![KeyValue::decode(&name[..]).expect("valid")], ..Default::default() };
        let stream = builder
            .stream(StreamParts { resource: Some(resource.encode_to_vec()), ..StreamParts::default() });
        let mut attributes: Vec<Vec<u8>> =
            sample.attributes.iter().map(|(key, value)| key_value(key, value.clone())).collect();
        if sample.unique {
            attributes.push(key_value("request.uuid", Value::StringValue(format!("unique-{number}"))));
        }
        let attributes: Vec<&[u8]> = attributes.iter().map(Vec::as_slice).collect();
        let order = sample.order.map(|order| format!("ord-{order}"));
        let request = sample.unique.then(|| format!("req-{number}"));
        let orders = order.iter().map(|order| ("order.id", order.as_str()));
        let correlations: Vec<_> =
            orders.chain(request.iter().map(|request| ("request.id", request.as_str()))).collect();
        let body = sample.words.join(" ");
        let structured = structured(sample);
        let rest = rest(sample);
        builder.row(&Row {
            stream,
            signal,
            time: sample.time,
            time_is_set: true,
            end_or_observed: sample.end,
            severity_or_kind: sample.kind,
            status: SpanStatus::from_u8(if sample.is_span { sample.status } else { 0 }),
            status_is_set: sample.is_span,
            flags: u32::from(sample.status) * 257,
            trace_id: trace_id(sample.trace),
            span_id: span_id(sample.span),
            parent_span_id: if sample.is_span { span_id(sample.parent) } else { None },
            name: if sample.is_span { &sample.name } else { "" },
            severity_text: if sample.is_span { "" } else { "INFO" },
            body: match &structured {
                _ if sample.is_span => Body::None,
                Some(value) => Body::Value(value),
                None => Body::Text(&body),
            },
            attributes: &attributes,
            correlations: &correlations,
            rest: &rest,
        });
        rows.append(&builder.finish(), number as u64 + 1);
    }
    rows
}

fn split_of(rows: &HotRows, folder: &Path) -> Leaf {
    Leaf::split(handle_of(rows, folder).expect("not empty"))
}

/// The split of some rows; `None` when there are none.
pub(crate) fn handle_of(rows: &HotRows, folder: &Path) -> Option<Arc<SplitHandle>> {
    let built = split::build(&rows.read(), &rows.rollup.summary(rows)).expect("built")?;
    let path = folder.join(format!("{}.split", rows.id));
    let file = RealDisk.create(&path).expect("created");
    file.write_all(&built.bytes).expect("written");
    let meta = SplitMeta {
        id: rows.id,
        tenant: Tenant::default(),
        records: built.records,
        spans: built.spans,
        logs: built.records - built.spans,
        min_time: built.times.start,
        max_time: built.times.end,
        bytes: built.bytes.len() as u64,
        created_at: 0,
        first_sequence: 1,
        last_sequence: 1,
        format: 1,
    };
    let handle = Arc::new(SplitHandle::new(meta, path, SplitCache::new(1 << 20)));
    handle.reader().expect("opens").verify().expect("is whole");
    Some(handle)
}

fn predicate() -> impl Strategy<Value = Predicate> {
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
fn holds(predicate: &Predicate, record: &Record) -> bool {
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
fn origins() -> Vec<Vec<Origin>> {
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

fn budget() -> Budget {
    Budget::new(Clock::system(), Duration::from_secs(60), u64::MAX)
}

fn same_record(a: &Record, b: &Record) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn hot_rows_and_split_answer_alike(
        samples in prop::collection::vec(sample(), 1..700),
        predicates in prop::collection::vec(predicate(), 12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = hot_rows(&samples);
        let (hot, split) = (Leaf::hot(rows.view()), split_of(&rows, folder.path()));
        let everything: Vec<u32> = (0..samples.len() as u32).collect();
        let records = hot.fetch(&everything, &budget()).expect("fetched");
        for (a, b) in records.iter().zip(split.fetch(&everything, &budget()).expect("fetched")) {
            prop_assert!(same_record(a, &b), "hot {a:?}\nsplit {b:?}");
        }
        for (record, sample) in records.iter().zip(&samples) {
            prop_assert_eq!(record.time, sample.time);
            prop_assert_eq!(record.end_or_observed, sample.end);
            prop_assert_eq!(record.attributes.len(), sample.attributes.len() + usize::from(sample.unique));
        }
        let backwards: Vec<u32> = (0..=samples.len() as u32).rev().collect();
        let traces: Vec<Option<TraceId>> =
            backwards.iter().map(|at| records.get(*at as usize).and_then(|record| record.trace_id)).collect();
        prop_assert_eq!(&hot.trace_of_each(&backwards, &budget()).expect("read"), &traces);
        prop_assert_eq!(&split.trace_of_each(&backwards, &budget()).expect("read"), &traces);
        for (number, predicate) in predicates.iter().enumerate() {
            let expected: Vec<u32> = everything.iter().copied().filter(|at| holds(predicate, &records[*at as usize])).collect();
            let docs = hot.select(predicate, &budget()).expect("selected");
            prop_assert_eq!(docs.iter().collect::<Vec<_>>(), expected.clone(), "hot {:?}", predicate);
            let in_split = split.select(predicate, &budget()).expect("selected");
            prop_assert_eq!(in_split.iter().collect::<Vec<_>>(), expected, "split {:?}", predicate);

            let newest = hot.newest(&docs, None, 7).expect("found");
            let mut by_time: Vec<Place> = docs.iter().map(|ordinal| Place { time: records[ordinal as usize].time, ordinal }).collect();
            by_time.sort_by(|a, b| b.cmp(a));
            prop_assert_eq!(&newest[..], &by_time[..by_time.len().min(7)]);
            prop_assert_eq!(&newest, &split.newest(&docs, None, 7).expect("found"));
            if let Some(last) = newest.last() {
                let next = split.newest(&docs, Some(*last), 7).expect("found");
                prop_assert_eq!(&next[..], &by_time[newest.len()..by_time.len().min(newest.len() + 7)]);
            }
            by_time.reverse();
            for leaf in [&hot, &split] {
                let oldest = leaf.oldest(&docs, None, 7).expect("found");
                prop_assert_eq!(&oldest[..], &by_time[..by_time.len().min(7)]);
                let after = oldest.last().copied();
                let next = leaf.oldest(&docs, after, 5).expect("found");
                prop_assert_eq!(&next[..], &by_time[oldest.len()..by_time.len().min(oldest.len() + 5)]);
            }
            for facet in [
                Facet::Signal, Facet::Service, Facet::Severity, Facet::Kind, Facet::Status, Facet::Name,
                Facet::Correlation("order.id".into()), Facet::Attribute("app.key".into()), Facet::Attribute("service.name".into()),
            ] {
                let values = hot.values(&docs, &facet, &budget()).expect("counted");
                prop_assert_eq!(&values, &split.values(&docs, &facet, &budget()).expect("counted"), "{:?}", facet);
            }
            let buckets = Buckets { start: 1_000_000_000, width: 500_000_000, count: 6 };
            let counts = split.histogram(&docs, buckets, Some(&Facet::Severity), &budget()).expect("counted");
            let inside = by_time.iter().filter(|place| (1_000_000_000..4_000_000_000).contains(&place.time)).count() as u64;
            prop_assert_eq!(counts.values().flatten().sum::<u64>(), inside);
            prop_assert_eq!(counts, hot.histogram(&docs, buckets, Some(&Facet::Severity), &budget()).expect("counted"));
            // A few are enough: what is selected hardly matters here.
            for origins in origins().into_iter().filter(|_| number < 3) {
                let expected: Vec<Option<String>> = docs.iter().map(|at| origins.iter().find_map(|origin| origin.of(&records[at as usize]))).collect();
                for (leaf, read_max) in [(&hot, 0), (&split, 0), (&split, 4_096)] {
                    let values = fields::field_reading(leaf, &docs, &origins, &budget(), read_max).expect("found");
                    let text = |at| values.number(at).checked_sub(1).map(|number| values.texts()[number as usize].clone());
                    prop_assert_eq!(docs.iter().map(text).collect::<Vec<_>>(), expected.clone(), "hot: {}, {:?}", leaf.is_hot(), predicate);
                }
            }
            let mut timings = Vec::new();
            split.timings(&docs, &budget(), &mut |some| { timings.extend_from_slice(some); Ok(()) }).expect("read");
            let expected: Vec<Timing> = docs.iter().map(|ordinal| {
                let record = &records[ordinal as usize];
                Timing { ordinal, time: record.time, duration: (record.signal == Signal::Spans).then(|| record.duration()) }
            }).collect();
            prop_assert_eq!(timings, expected);
            prop_assert_eq!(hot.traces(&docs, &budget()).expect("read"), split.traces(&docs, &budget()).expect("read"));
        }
        for prefix in ["", "http.", "app.key", "x"] {
            let fields = hot.fields(prefix, &budget()).expect("listed");
            prop_assert!(fields.keys().all(|(_, name)| name.starts_with(prefix)));
            prop_assert_eq!(fields, split.fields(prefix, &budget()).expect("listed"), "{}", prefix);
        }
        prop_assert_eq!(hot.correlation_keys("ord-1").expect("read"), split.correlation_keys("ord-1").expect("read"));
    }

    #[test]
    fn recent_ids_are_those_of_the_newest_records_each_once(
        samples in prop::collection::vec(sample(), 1..900),
        range in (0_u64..5_000, 0_u64..5_000).prop_map(|(a, b)| TimeRange { start: a.min(b) * 1_000_003, end: a.max(b) * 1_000_003 }),
        wanted in prop::sample::subsequence(vec!["order.id", "request.id", "unknown.id"], 1..3),
        limit in 1_usize..40,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let rows = hot_rows(&samples);
        let (hot, split) = (Leaf::hot(rows.view()), split_of(&rows, folder.path()));
        let keys: BTreeSet<String> = wanted.iter().map(|key| (*key).to_owned()).collect();
        let records = hot.fetch(&(0..samples.len() as u32).collect::<Vec<_>>(), &budget()).expect("fetched");
        let mut newest: BTreeMap<(String, String), u64> = BTreeMap::new();
        for record in records.iter().filter(|record| range.contains(record.time)) {
            for pair in record.correlations.iter().filter(|(key, _)| keys.contains(key)) {
                let time = newest.entry(pair.clone()).or_default();
                *time = record.time.max(*time);
            }
        }
        let mut expected: Vec<RecentId> =
            newest.into_iter().map(|((key, id), time)| RecentId { time, key, id }).collect();
        expected.sort();
        for leaf in [&hot, &split] {
            let (mut except, mut after, mut found) = (HashSet::new(), None, Vec::new());
            loop {
                let query = RecentQuery { range, keys: &keys, after: after.as_ref(), except: &except, limit };
                let page = leaf.recent(&query, &budget()).expect("read");
                prop_assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                after = Some(last.clone());
                except.extend(page.iter().map(|recent| (recent.key.clone(), recent.id.clone())));
                found.extend(page);
            }
            prop_assert_eq!(&found, &expected);
        }
        for key in wanted {
            let stands = records.iter().any(|record| record.correlations.iter().any(|(found, _)| found == key));
            prop_assert_eq!(hot.has_correlation_key(key, &budget()).expect("read"), stands);
            prop_assert_eq!(split.has_correlation_key(key, &budget()).expect("read"), stands);
        }
    }
}

#[test]
fn unique_values_stay_out_of_the_dictionary_and_are_found() {
    let samples: Vec<Sample> = (0..12_000_u32)
        .map(|number| Sample {
            is_span: false,
            service: 0,
            time: u64::from(number),
            end: 0,
            kind: 9,
            status: 0,
            trace: 1,
            span: 1,
            parent: 0,
            name: String::new(),
            words: vec![],
            attributes: vec![],
            order: None,
            link: None,
            unique: true,
        })
        .collect();
    let rows = hot_rows(&samples);
    assert!(rows.read().tables.attributes.len() < 5_000, "the dictionary is bounded");
    let folder = tempfile::tempdir().expect("a folder");
    let (hot, split) = (Leaf::hot(rows.view()), split_of(&rows, folder.path()));
    for wanted in [0, 4_000, 11_999] {
        let test = Test::Equals(format!("unique-{wanted}"));
        let predicate = Predicate::Attribute { scope: AttributeScope::Any, key: "request.uuid".into(), test };
        for leaf in [&hot, &split] {
            let docs = leaf.select(&predicate, &budget()).expect("selected");
            assert_eq!(docs.iter().collect::<Vec<_>>(), [wanted]);
        }
    }
    let uuid = [Origin::Attribute("request.uuid".to_owned())];
    for leaf in [&hot, &split] {
        let values = leaf.field(&DocSet::all(12_000), &uuid, &budget()).expect("found");
        for ordinal in [0, 4_000, 11_999] {
            let number = values.number(ordinal) as usize;
            assert_eq!(values.texts()[number - 1], format!("unique-{ordinal}"));
        }
        let held = budget();
        drop(leaf.field(&DocSet::all(12_000), &uuid, &held).expect("found"));
        assert_eq!(held.held(), 0, "what is dropped is given back");
        let small = Budget::new(Clock::system(), Duration::from_secs(60), 100_000);
        let refused = leaf.field(&DocSet::all(12_000), &uuid, &small);
        assert!(matches!(refused, Err(Error::TooCostly { .. })), "memory is bounded");
    }
    let exists = Predicate::Attribute {
        scope: AttributeScope::Record,
        key: "request.uuid".into(),
        test: Test::Exists,
    };
    assert_eq!(split.select(&exists, &budget()).expect("selected").len(), 12_000);
}
