//! `/api/traces`, `/api/traces/{id}` and `/api/archive/{id}`.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use spoor_store::model::{Tenant, TraceId};

use super::answer::{Envelope, ErrorJson, encode, refusal, respond};
use super::model::TraceJson;
use super::{parameters, translate};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::jaeger::request::Request;
use crate::jaeger::{TRACES_MAX, go, trace_id};

pub(super) async fn search(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_traces", async {
        let params = request.params();
        let tenant = request.tenant()?;
        let raw = params.classic("raw", go::boolean)?.unwrap_or(false);
        let ids = params.trace_ids()?;
        let (traces, errors) = if ids.is_empty() {
            let question = parameters::question(&params, engine.clock().now_unix_nanos())?;
            (engine.find_traces(&tenant, question, raw, |trace| translate::trace(&trace)).await?, Vec::new())
        } else {
            by_ids(&engine, &tenant, ids, raw).await?
        };
        let spans = traces.iter().map(|trace| trace.spans.len()).sum();
        let errors = (!errors.is_empty()).then_some(errors);
        let answer = Envelope { errors, ..Envelope::of(traces) };
        encode(&engine, spans, answer, params.is_pretty()).await
    })
    .await
}

/// The traces in the order asked for, and what is missing.
async fn by_ids(
    engine: &Engine,
    tenant: &Tenant,
    ids: Vec<(Option<TraceId>, String)>,
    raw: bool,
) -> Result<(Vec<TraceJson>, Vec<ErrorJson>)> {
    if ids.len() > TRACES_MAX {
        return Err(Error::malformed(format!("a request takes at most {TRACES_MAX} trace ids")));
    }
    let wanted: Vec<TraceId> = ids.iter().filter_map(|(id, _)| *id).collect();
    let mut found = engine
        .load_traces(tenant, wanted, raw, |trace| translate::trace(&trace))
        .await?
        .into_iter()
        .peekable();
    let mut traces = Vec::new();
    let mut errors = Vec::new();
    for (_, text) in ids {
        // What is found comes in the order asked for, each trace once.
        match found.next_if(|trace| trace.trace_id == text) {
            Some(trace) => traces.push(trace),
            None if traces.iter().any(|trace| trace.trace_id == text) => {}
            None => errors.push(ErrorJson::no_trace(text)),
        }
    }
    Ok((traces, errors))
}

pub(super) async fn trace(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "jaeger_trace", async {
        let id = trace_id::parse(&request.path().await?)?;
        let params = request.params();
        // They say where the trace may be; it is found without.
        params.micros("start")?;
        params.micros("end")?;
        let raw = params.classic("raw", go::boolean)?.unwrap_or(false);
        let ids = id.into_iter().collect();
        let traces =
            engine.load_traces(&request.tenant()?, ids, raw, |trace| translate::trace(&trace)).await?;
        if traces.is_empty() {
            return Err(Error::TraceNotFound);
        }
        let spans = traces.iter().map(|trace| trace.spans.len()).sum();
        encode(&engine, spans, Envelope::of(traces), params.is_pretty()).await
    })
    .await
}

/// There is no archive: everything is kept as long as the rest.
pub(super) async fn archive(State(engine): State<Engine>, mut request: Request) -> Response {
    let id = async { trace_id::parse(&request.path().await?) }.await;
    match id {
        Err(error) => respond(&engine, "jaeger_archive", async { Err(error) }).await,
        Ok(_) => refusal(StatusCode::NOT_IMPLEMENTED, "archive span storage was not configured".to_owned()),
    }
}
