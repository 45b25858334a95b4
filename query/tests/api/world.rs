//! A store in a temporary folder, what is put into it, and the API over it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Body as _;
use prost::Message as _;
use serde_json::Value as Json;
use spoor_proto::otlp::{
    AnyValue, InstrumentationScope, KeyValue, LogRecord, Resource, Span, Status, any_value::Value, span::Link,
};
use spoor_query::{Config, Engine, KeyAliases, Parts, Query};
use spoor_runtime::clock::{Clock, ManualClock};
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::shutdown::ShutdownTrigger;
use spoor_runtime::supervisor::Supervisor;
use spoor_store::model::{
    Batch, BatchBuilder, Body as RowBody, Row, Signal, SpanId, SpanStatus, StreamParts, Tenant, TraceId,
    UnixNanos,
};
use spoor_store::{Decoder, Store};
use tower::ServiceExt as _;

/// What time it is in the tests: 2027-01-15T08:00:00Z.
pub(crate) const NOW: u64 = 1_800_000_000_000_000_000;

pub(crate) const SECOND: u64 = 1_000_000_000;

/// An hour ago, where most records of the tests are.
pub(crate) const T: u64 = NOW - 3_600 * SECOND;

/// A store, and the API over it.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) engine: Engine,
    pub(crate) hand: ManualClock,
    pub(crate) end: ShutdownTrigger,
    pub(crate) cpu: CpuPool,
    router: Router,
    /// Jaeger's gRPC service.
    pub(crate) jaeger_grpc: Router,
    metrics: Metrics,
    requests: AtomicU64,
    _supervisor: Supervisor,
    _folder: tempfile::TempDir,
}

/// Nothing is replayed in these tests.
struct NoReplay;

impl Decoder for NoReplay {
    fn decode(
        &self,
        _: Tenant,
        _: Signal,
        _: UnixNanos,
        _: Bytes,
    ) -> Result<Batch, Box<dyn std::error::Error + Send + Sync>> {
        Err("nothing to replay".into())
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let (clock, hand) = Clock::manual(NOW);
        Self::at(config, clock, hand).await
    }

    /// A world whose time passes by itself, for what waits.
    pub(crate) async fn live(config: Config) -> Self {
        let (_, hand) = Clock::manual(NOW);
        Self::at(config, Clock::system(), hand).await
    }

    async fn at(config: Config, query_clock: Clock, hand: ManualClock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut metrics = Metrics::new();
        // The records' times are fixed: whenever the tests run, none is too old.
        let store_config = spoor_store::Config {
            data_dir: folder.path().to_owned(),
            retention_seconds: 0,
            ..spoor_store::Config::default()
        };
        let clock = Clock::system();
        let (store, tasks) =
            Store::open(store_config, clock.clone(), &mut metrics, Arc::new(NoReplay)).await.unwrap();
        let mut supervisor = Supervisor::new(clock);
        supervisor.start_all(tasks);
        let cpu = CpuPool::new(2, 1_000);
        let parts = Parts {
            reader: store.reader(),
            cpu: cpu.clone(),
            clock: query_clock,
            correlation_keys: vec![
                KeyAliases {
                    name: "order.id".to_owned(),
                    attributes: vec!["order.id".to_owned(), "orderId".to_owned()],
                    built_in: false,
                },
                KeyAliases {
                    name: "request.id".to_owned(),
                    attributes: vec!["x-request-id".to_owned()],
                    built_in: true,
                },
            ],
            owners: BTreeMap::from([("payment".to_owned(), "payments".to_owned())]),
        };
        let query = Query::build(config, parts, &mut metrics);
        Self {
            engine: query.engine(),
            end: query.end_of_streams(),
            cpu,
            router: query.routes(),
            jaeger_grpc: query.jaeger_grpc().unwrap().routes,
            store,
            hand,
            metrics,
            requests: AtomicU64::new(0),
            _supervisor: supervisor,
            _folder: folder,
        }
    }

    /// Appends samples, in one batch for each signal.
    pub(crate) async fn append(&self, samples: Vec<Sample>) {
        self.append_for(&Tenant::default(), samples).await;
    }

    pub(crate) async fn append_for(&self, tenant: &Tenant, samples: Vec<Sample>) {
        for signal in [Signal::Spans, Signal::Logs] {
            let number = self.requests.fetch_add(1, Ordering::Relaxed);
            let bytes = Bytes::from(format!("request {number}"));
            let mut builder = BatchBuilder::new(tenant.clone(), signal, NOW, bytes);
            let mut any = false;
            for sample in &samples {
                any |= sample.add_to(&mut builder, signal);
            }
            if any {
                self.store.writer().append(builder.finish()).await.unwrap();
            }
        }
    }

    /// Turns what was appended into a split.
    pub(crate) async fn publish(&self) {
        self.store.publish_all().await.unwrap();
    }

    /// The JSON of a successful call.
    pub(crate) async fn get(&self, path: &str) -> Json {
        let (status, _, json) = self.call(Method::GET, path, &[]).await;
        assert_eq!(status, StatusCode::OK, "{path}: {json}");
        json
    }

    /// Status, and the `error` of a call that fails.
    pub(crate) async fn refused(&self, path: &str) -> (u16, Json) {
        let (status, _, json) = self.call(Method::GET, path, &[]).await;
        (status.as_u16(), json["error"].clone())
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, Json) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.respond(request.body(Body::empty()).unwrap()).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    /// Status and JSON of a call with a form.
    pub(crate) async fn post(&self, path: &str, form: &str) -> (u16, Json) {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    /// Opens a stream of events.
    pub(crate) async fn stream(&self, path: &str, last: Option<&str>) -> EventReader {
        let mut request = Request::get(path);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = self.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        EventReader { body: response.into_body(), text: String::new() }
    }

    /// Waits until merges have left fewer than `leaves` leaves.
    pub(crate) async fn wait_until_merged(&self, leaves: usize) {
        const LIMIT: Duration = Duration::from_secs(60);
        let clock = Clock::system();
        while self.store.reader().snapshot(&Tenant::default()).leaves().len() >= leaves {
            assert!(clock.monotonic() < LIMIT, "nothing was merged");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until a metric without labels satisfies `holds`.
    pub(crate) async fn wait_until(&self, metric: &str, holds: impl Fn(u64) -> bool) {
        const LIMIT: Duration = Duration::from_secs(60);
        let clock = Clock::system();
        loop {
            let text = self.metrics();
            let value = text.lines().find_map(|line| line.strip_prefix(metric)?.trim().parse().ok());
            if value.is_some_and(&holds) {
                return;
            }
            assert!(clock.monotonic() < LIMIT, "{metric} stayed {value:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Status and JSON of a call with a body.
    pub(crate) async fn send(&self, path: &str, body: impl Into<Body>) -> (u16, Json) {
        let request = Request::post(path).body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (parts.status.as_u16(), serde_json::from_slice(&bytes).unwrap_or(Json::Null))
    }

    /// The response, its body unread.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The JSON of a successful call of some tenant.
    pub(crate) async fn get_for(&self, tenant: &str, path: &str) -> Json {
        let (status, _, json) = self.call(Method::GET, path, &[("x-scope-orgid", tenant)]).await;
        assert_eq!(status, StatusCode::OK, "{path}: {json}");
        json
    }

    pub(crate) fn metrics(&self) -> String {
        self.metrics.encode()
    }
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Json,
}

/// Reads events off a response.
pub(crate) struct EventReader {
    body: Body,
    text: String,
}

impl EventReader {
    /// The next event; `None` at the end of the stream. Comments are passed over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
                };
                let event = field("event").map(|name| Event {
                    name,
                    id: field("id"),
                    data: serde_json::from_str(&field("data").unwrap()).unwrap(),
                });
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let frame = std::future::poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await;
            let bytes = frame?.unwrap().into_data().unwrap();
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event, which must be called `name`.
    pub(crate) async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap();
        assert_eq!(event.name, name, "{event:?}");
        event
    }
}

/// A record as OTLP has it, with what extraction would find.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) item: Item,
    resource: Resource,
    scope: Option<InstrumentationScope>,
    correlations: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Span(Box<Span>),
    Log(Box<LogRecord>),
}

/// A trace id that ends in `number`, as text.
pub(crate) fn trace_hex(number: u8) -> String {
    format!("{number:032x}")
}

/// A span id that ends in `number`, as text.
pub(crate) fn span_hex(number: u8) -> String {
    format!("{number:016x}")
}

fn trace_bytes(number: u8) -> Vec<u8> {
    u128::from(number).to_be_bytes().to_vec()
}

fn span_bytes(number: u8) -> Vec<u8> {
    u64::from(number).to_be_bytes().to_vec()
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// A server span of `trace`, from `start` for a second.
pub(crate) fn span(service: &str, trace: u8, id: u8, start: u64) -> Sample {
    let span = Span {
        trace_id: trace_bytes(trace),
        span_id: span_bytes(id),
        name: format!("{service} {id}"),
        kind: 2,
        start_time_unix_nano: start,
        end_time_unix_nano: start + SECOND,
        ..Span::default()
    };
    Sample::of(Item::Span(Box::new(span)), service)
}

/// A log record of severity info, of no trace.
pub(crate) fn log(service: &str, body: &str, time: u64) -> Sample {
    let log = LogRecord {
        time_unix_nano: time,
        severity_number: 9,
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        ..LogRecord::default()
    };
    Sample::of(Item::Log(Box::new(log)), service)
}

impl Sample {
    pub(crate) fn of(item: Item, service: &str) -> Self {
        let resource = Resource { attributes: vec![text("service.name", service)], ..Resource::default() };
        Self { item, resource, scope: None, correlations: Vec::new() }
    }

    pub(crate) fn correlated(mut self, key: &str, value: &str) -> Self {
        self.correlations.push((key.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn resource(mut self, attribute: KeyValue) -> Self {
        self.resource.attributes.push(attribute);
        self
    }

    pub(crate) fn without_resource(mut self) -> Self {
        self.resource.attributes.clear();
        self
    }

    pub(crate) fn scope(mut self, scope: InstrumentationScope) -> Self {
        self.scope = Some(scope);
        self
    }

    pub(crate) fn attribute(mut self, attribute: KeyValue) -> Self {
        match &mut self.item {
            Item::Span(span) => span.attributes.push(attribute),
            Item::Log(log) => log.attributes.push(attribute),
        }
        self
    }

    pub(crate) fn span(mut self, change: impl FnOnce(&mut Span)) -> Self {
        if let Item::Span(span) = &mut self.item {
            change(span);
        }
        self
    }

    pub(crate) fn log(mut self, change: impl FnOnce(&mut LogRecord)) -> Self {
        if let Item::Log(log) = &mut self.item {
            change(log);
        }
        self
    }

    pub(crate) fn under(self, parent: u8) -> Self {
        self.span(|span| span.parent_span_id = span_bytes(parent))
    }

    /// Whether it was sent by `service`.
    pub(crate) fn is_of(&self, service: &str) -> bool {
        self.resource.attributes.contains(&text("service.name", service))
    }

    /// A log record written in a span.
    pub(crate) fn within(self, trace: u8, span: u8) -> Self {
        self.log(|log| {
            log.trace_id = trace_bytes(trace);
            log.span_id = span_bytes(span);
        })
    }

    pub(crate) fn linked_to(self, trace: u8, id: u8) -> Self {
        let link = Link { trace_id: trace_bytes(trace), span_id: span_bytes(id), ..Link::default() };
        self.span(|span| span.links.push(link))
    }

    pub(crate) fn failed(self, message: &str) -> Self {
        let status = Status { code: 2, message: message.to_owned() };
        self.span(|span| span.status = Some(status)).log(|log| log.severity_number = 17)
    }

    /// Adds the record if it is of the batch's signal.
    fn add_to(&self, builder: &mut BatchBuilder, signal: Signal) -> bool {
        let parts = StreamParts {
            resource: Some(self.resource.encode_to_vec()),
            scope: self.scope.as_ref().map(InstrumentationScope::encode_to_vec),
            ..StreamParts::default()
        };
        let correlations: Vec<(&str, &str)> =
            self.correlations.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        match (&self.item, signal) {
            (Item::Span(span), Signal::Spans) => add_span(builder, parts, span, &correlations),
            (Item::Log(log), Signal::Logs) => add_log(builder, parts, log, &correlations),
            _ => return false,
        }
        true
    }
}

/// What has a column goes there; the rest stays together. As the store's model says, not as the collector does it.
fn add_span(builder: &mut BatchBuilder, parts: StreamParts, span: &Span, correlations: &[(&str, &str)]) {
    let mut rest = span.clone();
    let attributes = raw(&std::mem::take(&mut rest.attributes));
    let status = rest.status.clone().unwrap_or_default();
    if status.message.is_empty() && (0..=2).contains(&status.code) {
        rest.status = None;
    }
    let start = std::mem::take(&mut rest.start_time_unix_nano);
    let kind = u8::try_from(span.kind).unwrap_or(0);
    if kind > 0 {
        rest.kind = 0;
    }
    rest.name.clear();
    for id in [&mut rest.trace_id, &mut rest.span_id, &mut rest.parent_span_id] {
        id.clear();
    }
    let row = Row {
        stream: builder.stream(parts),
        signal: Signal::Spans,
        time: if start == 0 { NOW } else { start },
        time_is_set: start != 0,
        end_or_observed: std::mem::take(&mut rest.end_time_unix_nano),
        severity_or_kind: kind,
        status: SpanStatus::from_u8(u8::try_from(status.code).unwrap_or(0)),
        status_is_set: span.status.is_some(),
        flags: std::mem::take(&mut rest.flags),
        trace_id: TraceId::from_bytes(&span.trace_id),
        span_id: SpanId::from_bytes(&span.span_id),
        parent_span_id: SpanId::from_bytes(&span.parent_span_id),
        name: &span.name,
        severity_text: "",
        body: RowBody::None,
        attributes: &attributes.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        correlations,
        rest: &rest.encode_to_vec(),
    };
    builder.row(&row);
}

fn add_log(builder: &mut BatchBuilder, parts: StreamParts, log: &LogRecord, correlations: &[(&str, &str)]) {
    let mut rest = log.clone();
    let attributes = raw(&std::mem::take(&mut rest.attributes));
    let time = std::mem::take(&mut rest.time_unix_nano);
    let severity = u8::try_from(log.severity_number).unwrap_or(0);
    if severity > 0 {
        rest.severity_number = 0;
    }
    let trace_id = TraceId::from_bytes(&log.trace_id);
    let span_id = SpanId::from_bytes(&log.span_id);
    if trace_id.is_some() {
        rest.trace_id.clear();
    }
    if span_id.is_some() {
        rest.span_id.clear();
    }
    rest.event_name.clear();
    rest.severity_text.clear();
    let body = rest.body.take();
    let value = body.as_ref().map(AnyValue::encode_to_vec);
    let row = Row {
        stream: builder.stream(parts),
        signal: Signal::Logs,
        time: if time == 0 { NOW } else { time },
        time_is_set: time != 0,
        end_or_observed: std::mem::take(&mut rest.observed_time_unix_nano),
        severity_or_kind: severity,
        status: SpanStatus::Unset,
        status_is_set: false,
        flags: std::mem::take(&mut rest.flags),
        trace_id,
        span_id,
        parent_span_id: None,
        name: &log.event_name,
        severity_text: &log.severity_text,
        body: match (&body, &value) {
            (Some(AnyValue { value: Some(Value::StringValue(text)) }), _) => RowBody::Text(text),
            (Some(_), Some(value)) => RowBody::Value(value),
            _ => RowBody::None,
        },
        attributes: &attributes.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        correlations,
        rest: &rest.encode_to_vec(),
    };
    builder.row(&row);
}

fn raw(attributes: &[KeyValue]) -> Vec<Vec<u8>> {
    attributes.iter().map(KeyValue::encode_to_vec).collect()
}
