//! `/api/dependencies`.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use spoor_store::model::TimeRange;

use super::answer::{Envelope, encode, respond};
use crate::engine::Engine;
use crate::error::Result;
use crate::jaeger::dependencies::Dependency;
use crate::jaeger::request::{NANOS_PER_MILLI, Params, Request};

/// How far dependencies look back when the caller does not say.
const LOOKBACK_NANOS: u64 = 86_400_000_000_000;

/// A service that reached another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DependencyJson {
    parent: String,
    child: String,
    call_count: u64,
}

pub(super) async fn dependencies(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_dependencies", async {
        let params = request.params();
        let range = range(&params, engine.clock().now_unix_nanos())?;
        let found = engine.dependencies(&request.tenant()?, range, params.first("service")).await?;
        let shown = |Dependency { parent, child, calls }| DependencyJson { parent, child, call_count: calls };
        let shown: Vec<DependencyJson> = found.into_iter().map(shown).collect();
        encode(&engine, shown.len(), Envelope::of(shown), params.is_pretty()).await
    })
    .await
}

fn range(params: &Params, now: u64) -> Result<TimeRange> {
    let end = params.millis("endTs")?.unwrap_or(now);
    let lookback = params.millis_long("lookback", 0)?.unwrap_or(LOOKBACK_NANOS);
    // A millisecond is as fine as the caller can say: all of the last one is meant.
    Ok(TimeRange { start: end.saturating_sub(lookback), end: end.saturating_add(NANOS_PER_MILLI - 1) })
}
