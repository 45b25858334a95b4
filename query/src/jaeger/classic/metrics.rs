//! `/api/metrics/latencies`, `/calls`, `/errors` and `/minstep`: Jaeger's `MetricFamily` as JSON, without the envelope.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use spoor_store::model::{SpanKind, TimeRange, UnixNanos};
use spoor_store::rollup::RESOLUTION_MIN;

use super::answer::{Envelope, encode, respond};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::go;
use crate::jaeger::metrics::{Measure, Metric, MetricsQuestion, Point};
use crate::jaeger::request::{NANOS_PER_MILLI, Params, Request};

const SECOND: u64 = 1_000_000_000;

/// What a call means that says nothing else.
const LOOKBACK_NANOS: u64 = 3_600 * SECOND;
const STEP_NANOS: u64 = 5 * SECOND;
const RATE_PER_NANOS: u64 = 600 * SECOND;

#[derive(Serialize)]
struct FamilyJson {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    help: String,
    metrics: Vec<MetricJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MetricJson {
    labels: Vec<LabelJson>,
    metric_points: Vec<PointJson>,
}

#[derive(Serialize)]
struct LabelJson {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PointJson {
    #[serde(serialize_with = "rfc3339")]
    timestamp: UnixNanos,
    gauge_value: GaugeJson,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GaugeJson {
    #[serde(serialize_with = "number")]
    double_value: f64,
}

pub(super) async fn latencies(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_latencies", async {
        let quantile = quantile(&request.params())?;
        family(&engine, &request, Measure::Latency(quantile)).await
    })
    .await
}

pub(super) async fn calls(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_calls", family(&engine, &request, Measure::Calls)).await
}

pub(super) async fn errors(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_errors", family(&engine, &request, Measure::Errors)).await
}

/// The narrowest buckets that spans are counted in: points closer together tell nothing more.
pub(super) async fn min_step(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_minstep", async {
        let millis = RESOLUTION_MIN / NANOS_PER_MILLI;
        encode(&engine, 1, Envelope::of(millis), request.params().is_pretty()).await
    })
    .await
}

async fn family(engine: &Engine, request: &Request, measure: Measure) -> Result<Vec<u8>> {
    let params = request.params();
    let question = question(&params, measure, engine.clock().now_unix_nanos())?;
    let (name, help) = words(measure, question.by_operation);
    let metrics = engine.span_metrics(&request.tenant()?, question).await?;
    let points = metrics.iter().map(|metric| metric.points.len()).sum();
    let shown = move || metrics.into_iter().map(MetricJson::from).collect();
    let metrics = engine.cpu().run(shown).await?;
    encode(engine, points, FamilyJson { name, kind: "GAUGE", help, metrics }, params.is_pretty()).await
}

fn quantile(params: &Params) -> Result<f64> {
    let wrong = |why| Error::malformed(format!("unable to parse param 'quantile': {why}"));
    let quantile = go::float(params.first("quantile").unwrap_or_default()).map_err(wrong)?;
    if !(0.0..=1.0).contains(&quantile) {
        return Err(wrong("must be from 0 to 1".to_owned()));
    }
    Ok(quantile)
}

/// In the order in which Jaeger looks at them, so that the same one of several faults is told.
fn question(params: &Params, measure: Measure, now: u64) -> Result<MetricsQuestion> {
    let services: Vec<String> =
        params.all("service").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if services.is_empty() {
        let missing = "unable to parse param 'service': please provide at least one service name";
        return Err(Error::malformed(missing));
    }
    let by_operation = params.classic("groupByOperation", go::boolean)?.unwrap_or(false);
    let kinds = kinds(params)?;
    let end = params.millis("endTs")?.unwrap_or(now - now % NANOS_PER_MILLI);
    let lookback = params.millis_long("lookback", 0)?.unwrap_or(LOOKBACK_NANOS);
    let step = params.millis_long("step", 1)?.unwrap_or(STEP_NANOS);
    let rate_per = params.millis_long("ratePer", 1)?.unwrap_or(RATE_PER_NANOS);
    let range = TimeRange { start: end.saturating_sub(lookback), end };
    MetricsQuestion { measure, services, by_operation, kinds, range, step, rate_per }.check()
}

fn kinds(params: &Params) -> Result<Vec<SpanKind>> {
    let read = |text: &str| {
        SpanKind::parse(text).ok_or_else(|| {
            Error::malformed(format!("unable to parse param 'spanKind': unsupported span kind: '{text}'"))
        })
    };
    let kinds: Vec<SpanKind> = params.all("spanKind").map(read).collect::<Result<_>>()?;
    Ok(if kinds.is_empty() { vec![SpanKind::Server] } else { kinds })
}

/// Name and help of a family, as Jaeger has them.
fn words(measure: Measure, by_operation: bool) -> (String, String) {
    let (name, help) = match measure {
        Measure::Latency(quantile) => ("latencies", format!("{quantile:.2}th quantile latency")),
        Measure::Calls => ("call_rate", "calls/sec".to_owned()),
        Measure::Errors => {
            ("error_rate", "error rate, computed as a fraction of errors/sec over calls/sec".to_owned())
        }
    };
    let (of, by) = if by_operation { ("service_operation", " & operation") } else { ("service", "") };
    (format!("{of}_{name}"), format!("{help}, grouped by service{by}"))
}

impl From<Metric> for MetricJson {
    fn from(metric: Metric) -> Self {
        let service = LabelJson { name: "service_name", value: metric.service };
        let operation = metric.operation.map(|value| LabelJson { name: "operation", value });
        let point =
            |Point { at, value }| PointJson { timestamp: at, gauge_value: GaugeJson { double_value: value } };
        Self {
            labels: std::iter::once(service).chain(operation).collect(),
            metric_points: metric.points.into_iter().map(point).collect(),
        }
    }
}

/// A time as protobuf's JSON writes it: thousandths of a second only when there are any.
fn rfc3339<S: Serializer>(nanos: &UnixNanos, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    let time = Timestamp::from_nanosecond(i128::from(*nanos)).map_err(S::Error::custom)?;
    if nanos.is_multiple_of(SECOND) {
        serializer.collect_str(&format_args!("{time:.0}"))
    } else {
        serializer.collect_str(&format_args!("{time:.3}"))
    }
}

/// A number as protobuf's JSON writes it, which JSON itself cannot where it is none.
fn number<S: Serializer>(value: &f64, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    if value.is_nan() { serializer.serialize_str("NaN") } else { serializer.serialize_f64(*value) }
}
