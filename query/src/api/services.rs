//! `GET /api/v1/services…` and `/api/v1/graph`: who sent something, what services do and how long it takes, who reaches
//! whom.

use axum::extract::State;
use axum::response::Response;
use spoor_store::model::SpanKind;

use super::answer::respond;
use super::params::{Params, Request};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::language::quote;
use crate::services::{CallFilter, GraphAnswer, LatencyAnswer, OperationsAnswer, ServicesAnswer};

const LATENCY_BUCKETS_DEFAULT: usize = 60;

/// Who sent something.
#[utoipa::path(
    get,
    path = "/api/v1/services",
    tag = "services",
    params(
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("buckets" = Option<usize>, Query, description = "Most steps of a series; no series without it"),
    ),
    responses(
        (status = 200, description = "The services", body = ServicesAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn services(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "services", async {
        let params = request.params(&engine, &["start", "end", "buckets"])?;
        let buckets = params.optional_count("buckets", engine.config().buckets_max)?;
        let services = engine.services(&params.tenant, params.range()?, buckets).await?;
        Ok(serde_json::to_vec(&services)?.into())
    })
    .await
}

/// What a service does.
#[utoipa::path(
    get,
    path = "/api/v1/services/{name}/operations",
    tag = "services",
    params(
        ("name" = String, Path, description = "The service"),
        ("kind" = Option<String>, Query, description = "Kind of span; all without it"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("buckets" = Option<usize>, Query, description = "Most steps of a series; no series without it"),
    ),
    responses(
        (status = 200, description = "The operations", body = OperationsAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn operations(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "operations", async {
        let service = request.path("name").await?;
        let params = request.params(&engine, &["kind", "start", "end", "buckets"])?;
        let buckets = params.optional_count("buckets", engine.config().buckets_max)?;
        let filter = CallFilter { services: vec![service], operation: None, kinds: kinds(&params)? };
        let answer = engine.operations(&params.tenant, filter, params.range()?, buckets).await?;
        Ok(serde_json::to_vec(&answer)?.into())
    })
    .await
}

/// How long a service takes, as a heat map.
#[utoipa::path(
    get,
    path = "/api/v1/services/{name}/latency",
    tag = "services",
    params(
        ("name" = String, Path, description = "The service"),
        ("operation" = Option<String>, Query, description = "Span name; all without it"),
        ("kind" = Option<String>, Query, description = "Kind of span; all without it"),
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
        ("buckets" = Option<usize>, Query, description = "Most steps of time, 60 without it"),
    ),
    responses(
        (status = 200, description = "Counts by time and duration", body = LatencyAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn latency(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "latency", async {
        let service = request.path("name").await?;
        let params = request.params(&engine, &["operation", "kind", "start", "end", "buckets"])?;
        let buckets = params.count("buckets", LATENCY_BUCKETS_DEFAULT, engine.config().buckets_max)?;
        let operation = params.text("operation").map(str::to_owned);
        let filter = CallFilter { services: vec![service], operation, kinds: kinds(&params)? };
        let answer = engine.latency(&params.tenant, filter, params.range()?, buckets).await?;
        Ok(serde_json::to_vec(&answer)?.into())
    })
    .await
}

/// Who reaches whom.
#[utoipa::path(
    get,
    path = "/api/v1/graph",
    tag = "services",
    params(
        ("start" = Option<String>, Query, description = "Begin of the range, included: RFC 3339, Unix time, or `-15m`"),
        ("end" = Option<String>, Query, description = "End of the range, included"),
    ),
    responses(
        (status = 200, description = "Services and the edges between them", body = GraphAnswer),
        (status = "default", description = "Refused", body = super::schema::Error),
    ),
)]
pub(super) async fn graph(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "graph", async {
        let params = request.params(&engine, &["start", "end"])?;
        let graph = engine.graph(&params.tenant, params.range()?).await?;
        Ok(serde_json::to_vec(&graph)?.into())
    })
    .await
}

fn kinds(params: &Params) -> Result<Vec<SpanKind>> {
    let Some(name) = params.text("kind") else { return Ok(Vec::new()) };
    let expected = SpanKind::ALL.map(SpanKind::as_str).join(", ");
    let kind = SpanKind::parse(name)
        .ok_or_else(|| Error::parameter("kind", format!("`{}` is none of {expected}", quote(name))))?;
    Ok(vec![kind])
}
