//! `GET /api/v1/flows/{id}`: everything that shares an id.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use futures_util::{Stream, StreamExt as _, stream};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use spoor_store::model::{Record, Signal};

use super::answer::{INLINE_RECORDS_MAX, respond, write};
use super::events::{self, Events};
use super::params::{Format, Params, Request};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::flows::Flow;
use crate::flows::flow::FlowRequest;
use crate::flows::timeline::Extent;
use crate::json;
use crate::json::record::{RecordJson, RecordsJson};
use crate::live::flow::{FlowNews, LiveFlow, Opening};
use crate::otlp;
use crate::owners::Owners;

/// Everything that shares an id.
#[utoipa::path(
    get,
    path = "/api/v1/flows/{id}",
    tag = "flows",
    params(
        ("id" = String, Path, description = "Any id, in any spelling"),
        ("key" = Option<String>, Query, description = "The correlation key it stands under, `trace_id` or `span_id`"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("limit" = Option<usize>, Query, description = "Most records"),
        ("format" = Option<String>, Query, description = "`json`, or `otlp-json`"),
        ("adjusted" = Option<String>, Query, description = "`1`: times by the clock of the flow's first service beside their own"),
        ("live" = Option<String>, Query, description = "`1`: server-sent events `flow` or `waiting`, then `records` and `state`"),
    ),
    responses(
        (status = 200, description = "The flow", body = super::schema::Flow),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn flow(State(engine): State<Engine>, mut request: Request) -> Response {
    if request.has("live") {
        return live(engine, request).await;
    }
    respond(&engine, "flow", async {
        let (asked, params) = asked(&engine, &mut request).await?;
        let format = params.format()?;
        if asked.adjusted && format == Format::OtlpJson {
            return Err(Error::parameter("adjusted", "`otlp-json` holds times as they were sent"));
        }
        // It is large, and moves to another thread.
        let flow = Box::new(Box::pin(engine.flow(&asked)).await?);
        let count = flow.spans.len() + flow.logs.len();
        let owners = engine.owners().clone();
        let body = write(&engine, count, move || match format {
            Format::Native => {
                serde_json::to_vec(&FlowJson { flow: &flow, owners: &owners, has_records: true })
            }
            Format::OtlpJson => serde_json::to_vec(&otlp::to_document(flow.spans.iter().chain(&flow.logs))),
        })
        .await?;
        Ok(body.into())
    })
    .await
}

async fn asked(engine: &Engine, request: &mut Request) -> Result<(FlowRequest, Params)> {
    let known = ["key", "start", "end", "limit", "format", "adjusted", "live"];
    let params = request.params(engine, &known)?;
    let asked = FlowRequest {
        tenant: params.tenant.clone(),
        id: request.path("id").await?,
        key: params.text("key").map(str::to_owned),
        range: params.range()?,
        limit: params.optional_count("limit", engine.config().flow_records_max)?,
        adjusted: params.flag("adjusted")?,
    };
    Ok((asked, params))
}

/// The flow, and what happens to it, as server-sent events.
async fn live(engine: Engine, mut request: Request) -> Response {
    events::respond(&engine, "live_flow", async {
        let (asked, params) = asked(&engine, &mut request).await?;
        if !params.flag("live")? || params.format()? != Format::Native {
            return Err(Error::parameter("live", "takes 1, without `format`; leave it out for one answer"));
        }
        if asked.adjusted {
            return Err(Error::parameter(
                "adjusted",
                "not known while records still arrive; leave out `live`",
            ));
        }
        let id = asked.id.clone();
        let (flow, opening) = LiveFlow::open(&engine, asked).await?;
        let mut shown = Shown { engine: engine.clone(), state: Vec::new() };
        let mut first = Events::opening();
        match opening {
            Opening::Flow(flow) => first.append(shown.tell(flow, true).await?),
            Opening::Waiting => first.add("waiting", None, &serde_json::json!({ "id": id }))?,
        }
        Ok(stream_of(flow, shown, first))
    })
    .await
}

fn stream_of(
    flow: LiveFlow,
    shown: Shown,
    first: Events,
) -> impl Stream<Item = std::result::Result<Bytes, Infallible>> + Send {
    let rest = stream::unfold(Some((flow, shown)), |state| async {
        let (mut flow, mut shown) = state?;
        let told = match flow.next().await {
            Ok(FlowNews::End) => return None,
            Ok(FlowNews::Silence) => Ok(Events::ping()),
            Ok(FlowNews::Flow(flow)) => shown.tell(flow, true).await,
            Ok(FlowNews::Change(flow)) => shown.tell(flow, false).await,
            Err(error) => Err(error),
        };
        match told {
            Ok(events) => Some((Ok(events.into_bytes()), Some((flow, shown)))),
            Err(error) => Some((Ok(Events::failure(&shown.engine, &error).into_bytes()), None)),
        }
    });
    stream::once(async { Ok(first.into_bytes()) }).chain(rest)
}

/// What the reader of a live flow was told of its state.
struct Shown {
    engine: Engine,
    state: Vec<u8>,
}

impl Shown {
    /// The events about a flow, whole or with new records alone; written on a computing thread when there are many.
    async fn tell(&mut self, flow: Box<Flow>, is_whole: bool) -> Result<Events> {
        let owners = self.engine.owners().clone();
        let before = std::mem::take(&mut self.state);
        let count = flow.spans.len() + flow.logs.len();
        let told = move || told(&flow, &owners, &before, is_whole);
        let (events, state) =
            if count <= INLINE_RECORDS_MAX { told()? } else { self.engine.cpu().run(told).await?? };
        self.state = state;
        Ok(events)
    }
}

/// The events about a flow whose state was told as `before`, and its state.
fn told(flow: &Flow, owners: &Owners, before: &[u8], is_whole: bool) -> Result<(Events, Vec<u8>)> {
    let mut events = Events::default();
    let state = serde_json::to_vec(&FlowJson { flow, owners, has_records: false })?;
    if is_whole {
        events.add("flow", None, &FlowJson { flow, owners, has_records: true })?;
        return Ok((events, state));
    }
    if !flow.spans.is_empty() || !flow.logs.is_empty() {
        let spans = RecordsJson { records: &flow.spans, owners };
        let logs = RecordsJson { records: &flow.logs, owners };
        events.add("records", None, &NewRecords { spans, logs })?;
    }
    if state != before {
        events.add_json("state", None, &state);
    }
    if events.is_empty() {
        events = Events::ping();
    }
    Ok((events, state))
}

#[derive(Serialize)]
struct NewRecords<'a> {
    spans: RecordsJson<'a>,
    logs: RecordsJson<'a>,
}

struct FlowJson<'a> {
    flow: &'a Flow,
    owners: &'a Owners,
    /// Without them, it is how the flow stands.
    has_records: bool,
}

impl Serialize for FlowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let flow = self.flow;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &flow.id)?;
        map.serialize_entry("keys", &flow.keys)?;
        map.serialize_entry("state", &flow.state)?;
        map.serialize_entry("cause", &flow.cause)?;
        map.serialize_entry("completeness", &flow.completeness)?;
        map.serialize_entry("start", &flow.start.to_string())?;
        map.serialize_entry("end", &flow.end.to_string())?;
        map.serialize_entry("adjusted", &flow.adjusted.is_some())?;
        map.serialize_entry("busy_ns", &flow.busy_ns.to_string())?;
        map.serialize_entry("queue_ns", &flow.queue_ns.to_string())?;
        map.serialize_entry("traces", &flow.traces)?;
        map.serialize_entry("services", &flow.services)?;
        map.serialize_entry("span_count", &flow.span_count)?;
        map.serialize_entry("log_count", &flow.log_count)?;
        map.serialize_entry("error_count", &flow.error_count)?;
        map.serialize_entry("duplicate_count", &flow.duplicate_count)?;
        map.serialize_entry("truncated", &flow.truncated)?;
        map.serialize_entry("links", &flow.links)?;
        map.serialize_entry("queues", &flow.queues)?;
        map.serialize_entry("critical_path", &flow.critical_path)?;
        map.serialize_entry("gaps", &flow.gaps)?;
        map.serialize_entry("skew", &flow.skew)?;
        if !self.has_records {
            return map.end();
        }
        let owners = self.owners;
        if let Some(times) = &flow.adjusted {
            let logs: Vec<Extent> =
                times.logs.iter().map(|time| Extent { start: *time, end: *time }).collect();
            let spans = AdjustedRecords { records: &flow.spans, times: &times.spans, owners };
            map.serialize_entry("spans", &spans)?;
            map.serialize_entry("logs", &AdjustedRecords { records: &flow.logs, times: &logs, owners })?;
        } else {
            map.serialize_entry("spans", &RecordsJson { records: &flow.spans, owners })?;
            map.serialize_entry("logs", &RecordsJson { records: &flow.logs, owners })?;
        }
        map.serialize_entry("stats", &flow.stats)?;
        map.end()
    }
}

/// Records with their times by the clock of the flow's first service beside their own.
struct AdjustedRecords<'a> {
    records: &'a [Record],
    times: &'a [Extent],
    owners: &'a Owners,
}

#[derive(Serialize)]
struct AdjustedRecord<'a> {
    #[serde(flatten)]
    record: RecordJson<'a>,
    #[serde(serialize_with = "json::nanos")]
    adjusted_time: u64,
    /// Of spans that have ended.
    #[serde(serialize_with = "json::optional_nanos", skip_serializing_if = "Option::is_none")]
    adjusted_end: Option<u64>,
}

impl Serialize for AdjustedRecords<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self.records.iter().zip(self.times).map(|(record, times)| {
            let has_ended = record.signal == Signal::Spans && record.end_or_observed >= record.time;
            AdjustedRecord {
                record: RecordJson { record, owner: self.owners.of(&record.stream) },
                adjusted_time: times.start,
                adjusted_end: has_ended.then_some(times.end),
            }
        }))
    }
}
