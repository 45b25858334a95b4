//! `POST /api/transform`: OTLP JSON that somebody has in a file, in Jaeger's model.

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use spoor_proto::otlp::ExportTraceServiceRequest;
use spoor_store::model::Tenant;

use super::answer::{Envelope, encode, refusal, respond};
use super::model::TraceJson;
use super::translate;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::request::tenant;
use crate::jaeger::trace::Trace;

/// Longest file.
const BYTES_MAX: usize = 16 << 20;

/// What parsed JSON takes of memory for each byte of its text, at most about.
const MEMORY_PER_BYTE: usize = 10;

pub(super) async fn transform(State(engine): State<Engine>, headers: HeaderMap, body: Body) -> Response {
    let Ok(body) = to_bytes(body, BYTES_MAX).await else {
        let message = format!("cannot read the body, or it is longer than {BYTES_MAX} bytes");
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, message);
    };
    respond(&engine, "jaeger_transform", async {
        let traces = translated(&engine, &tenant(&headers)?, body.into()).await?;
        let spans = traces.iter().map(|trace| trace.spans.len()).sum();
        encode(&engine, spans, Envelope::of(traces), false).await
    })
    .await
}

async fn translated(engine: &Engine, tenant: &Tenant, body: Vec<u8>) -> Result<Vec<TraceJson>> {
    let turn = engine.turn(tenant).await?;
    let read = turn.run.once(move |budget| {
        budget.hold(body.len() * MEMORY_PER_BYTE)?;
        let read = serde_json::from_slice::<ExportTraceServiceRequest>(&body);
        Ok(read.map(|request| Trace::of_request(request).iter().map(translate::trace).collect::<Vec<_>>()))
    });
    read.await?.map_err(|why| Error::malformed(format!("cannot unmarshal OTLP: {why}")))
}
