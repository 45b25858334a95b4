//! `GET /api/v1/flows/{id}`: everything that shares an id.

use axum::extract::State;
use axum::response::Response;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use spoor_store::model::{Record, Signal};

use super::answer::{respond, write};
use super::params::{Format, Request};
use crate::engine::Engine;
use crate::error::Error;
use crate::flows::Flow;
use crate::flows::flow::FlowRequest;
use crate::flows::timeline::Extent;
use crate::json;
use crate::json::record::{RecordJson, RecordsJson};
use crate::otlp;
use crate::owners::Owners;

pub(super) async fn flow(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "flow", async {
        let params = request.params(&engine, &["key", "start", "end", "limit", "format", "adjusted"])?;
        let format = params.format()?;
        let adjusted = params.flag("adjusted")?;
        if adjusted && format == Format::OtlpJson {
            return Err(Error::parameter("adjusted", "`otlp-json` holds times as they were sent"));
        }
        let asked = FlowRequest {
            tenant: params.tenant.clone(),
            id: request.path("id").await?,
            key: params.text("key").map(str::to_owned),
            range: params.range()?,
            limit: params.optional_count("limit", engine.config().flow_records_max)?,
            adjusted,
        };
        let flow = engine.flow(&asked).await?;
        let count = flow.spans.len() + flow.logs.len();
        let owners = engine.owners().clone();
        let body = write(&engine, count, move || match format {
            Format::Native => serde_json::to_vec(&FlowJson { flow: &flow, owners: &owners }),
            Format::OtlpJson => serde_json::to_vec(&otlp::to_document(flow.spans.iter().chain(&flow.logs))),
        })
        .await?;
        Ok(body.into())
    })
    .await
}

struct FlowJson<'a> {
    flow: &'a Flow,
    owners: &'a Owners,
}

impl Serialize for FlowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
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
        map.serialize_entry("span_count", &flow.spans.len())?;
        map.serialize_entry("log_count", &flow.logs.len())?;
        map.serialize_entry("error_count", &flow.error_count)?;
        map.serialize_entry("duplicate_count", &flow.duplicate_count)?;
        map.serialize_entry("truncated", &flow.truncated)?;
        map.serialize_entry("links", &flow.links)?;
        map.serialize_entry("queues", &flow.queues)?;
        map.serialize_entry("critical_path", &flow.critical_path)?;
        map.serialize_entry("gaps", &flow.gaps)?;
        map.serialize_entry("skew", &flow.skew)?;
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
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
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
