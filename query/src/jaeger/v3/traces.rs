//! `/api/v3/traces` and `/api/v3/traces/{trace_id}`: OTLP in the gateway's envelope.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use spoor_proto::otlp::ResourceSpans;

use super::answer::respond;
use super::parameters::{is_raw, question};
use crate::api::answer::write;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::request::Request;
use crate::jaeger::trace::Trace;
use crate::jaeger::{go, trace_id};

#[derive(Serialize)]
struct ResultJson {
    result: TracesJson,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TracesJson {
    resource_spans: Vec<ResourceSpans>,
}

pub(super) async fn search(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_traces", async {
        let params = request.params();
        let raw = is_raw(&params, &["query.rawTraces", "query.raw_traces"])?;
        let question = question(&params)?;
        let tenant = request.tenant()?;
        let found = engine.find_traces(&tenant, question, raw, Trace::into_resource_spans).await?;
        encode(&engine, found).await
    })
    .await
}

pub(super) async fn trace(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "jaeger_trace", async {
        let wrong = |why| Error::malformed(format!("malformed parameter trace_id: {why}"));
        let id = trace_id::parse(&request.path().await?).map_err(wrong)?;
        let params = request.params();
        // They say where the trace may be; it is found without.
        params.v3(&["startTime", "start_time"], go::time)?;
        params.v3(&["endTime", "end_time"], go::time)?;
        let raw = is_raw(&params, &["rawTraces", "raw_traces"])?;
        let ids = id.into_iter().collect();
        let found = engine.load_traces(&request.tenant()?, ids, raw, Trace::into_resource_spans).await?;
        encode(&engine, found).await
    })
    .await
}

async fn encode(engine: &Engine, traces: Vec<Vec<ResourceSpans>>) -> Result<Vec<u8>> {
    if traces.is_empty() {
        return Err(Error::TraceNotFound);
    }
    let resource_spans: Vec<ResourceSpans> = traces.into_iter().flatten().collect();
    let scopes = resource_spans.iter().flat_map(|group| &group.scope_spans);
    let spans = scopes.map(|group| group.spans.len()).sum();
    let result = TracesJson { resource_spans };
    write(engine, spans, move || serde_json::to_vec(&ResultJson { result })).await
}
