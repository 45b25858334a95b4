//! Records of the tests, from small ranges so that queries meet something: as hot rows and as a split.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;
use spoor_proto::otlp::{AnyValue, ArrayValue, KeyValue, KeyValueList, Resource, any_value::Value, span};

use crate::catalog::SplitMeta;
use crate::disk::{Disk as _, RealDisk};
use crate::hot::HotRows;
use crate::leaf::Leaf;
use crate::model::{BatchBuilder, Body, Row, Signal, SpanId, SpanStatus, StreamParts, Tenant, TraceId};
use crate::split::{self, SplitCache, SplitHandle};

/// One record.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) is_span: bool,
    pub(super) service: u8,
    pub(super) time: u64,
    pub(super) end: u64,
    pub(super) kind: u8,
    pub(super) status: u8,
    pub(super) trace: u8,
    pub(super) span: u8,
    pub(super) parent: u8,
    pub(super) name: String,
    pub(super) words: Vec<&'static str>,
    pub(super) attributes: Vec<(&'static str, Value)>,
    pub(super) order: Option<u8>,
    pub(super) link: Option<u8>,
    pub(super) unique: bool,
}

pub(super) const WORDS: [&str; 6] = ["payment", "timeout", "Order", "query", "retry", "größe"];

pub(super) fn value() -> impl Strategy<Value = Value> {
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

pub(super) fn sample() -> impl Strategy<Value = Sample> {
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

pub(super) fn trace_id(number: u8) -> Option<TraceId> {
    TraceId::from_bytes(&[number; 16])
}

pub(super) fn span_id(number: u8) -> Option<SpanId> {
    SpanId::from_bytes(&[number; 8])
}

pub(super) fn key_value(key: &str, value: Value) -> Vec<u8> {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
        .encode_to_vec()
}

pub(super) fn rest(sample: &Sample) -> Vec<u8> {
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
pub(super) fn structured(sample: &Sample) -> Option<Vec<u8>> {
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

pub(super) fn hot_rows(samples: &[Sample]) -> Arc<HotRows> {
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

pub(super) fn split_of(rows: &HotRows, folder: &Path) -> Leaf {
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
