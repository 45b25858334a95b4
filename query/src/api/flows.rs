//! `GET /api/v1/flows/{id}`: everything that shares an id.

use axum::extract::State;
use axum::response::Response;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::answer::{respond, write};
use super::params::{Format, Request};
use crate::engine::Engine;
use crate::flows::Flow;
use crate::flows::flow::FlowRequest;
use crate::json::record::RecordsJson;
use crate::otlp;
use crate::owners::Owners;

pub(super) async fn flow(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "flow", async {
        let params = request.params(&engine, &["key", "start", "end", "limit", "format"])?;
        let format = params.format()?;
        let asked = FlowRequest {
            tenant: params.tenant.clone(),
            id: request.path("id").await?,
            key: params.text("key").map(str::to_owned),
            range: params.range()?,
            limit: params.optional_count("limit", engine.config().flow_records_max)?,
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
        map.serialize_entry("busy_ns", &flow.busy_ns.to_string())?;
        map.serialize_entry("traces", &flow.traces)?;
        map.serialize_entry("services", &flow.services)?;
        map.serialize_entry("span_count", &flow.spans.len())?;
        map.serialize_entry("log_count", &flow.logs.len())?;
        map.serialize_entry("error_count", &flow.error_count)?;
        map.serialize_entry("duplicate_count", &flow.duplicate_count)?;
        map.serialize_entry("truncated", &flow.truncated)?;
        map.serialize_entry("links", &flow.links)?;
        map.serialize_entry("spans", &RecordsJson { records: &flow.spans, owners: self.owners })?;
        map.serialize_entry("logs", &RecordsJson { records: &flow.logs, owners: self.owners })?;
        map.serialize_entry("stats", &flow.stats)?;
        map.end()
    }
}
