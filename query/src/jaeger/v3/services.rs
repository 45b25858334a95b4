//! `/api/v3/services` and `/api/v3/operations`.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use spoor_store::model::SpanKind;

use super::answer::respond;
use crate::engine::Engine;
use crate::error::Error;
use crate::jaeger::operations::Operation;
use crate::jaeger::request::Request;

#[derive(Serialize)]
struct ServicesJson {
    services: Vec<String>,
}

#[derive(Serialize)]
struct OperationsJson {
    operations: Vec<OperationJson>,
}

/// A name of spans and their kind.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationJson {
    name: String,
    span_kind: &'static str,
}

pub(super) async fn services(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_services", async {
        let services = engine.jaeger_services(&request.tenant()?).await?;
        Ok(serde_json::to_vec(&ServicesJson { services })?)
    })
    .await
}

pub(super) async fn operations(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_operations", async {
        let params = request.params();
        let missing = || Error::malformed("parameter service is required");
        let service = params.first("service").ok_or_else(missing)?;
        let kind = params.either(&["spanKind", "span_kind"]).map(|(_, kind)| kind);
        let found = engine.operations_of_kind(&request.tenant()?, service, kind).await?;
        let shown = |Operation { name, kind }| OperationJson { name, span_kind: shown(kind) };
        Ok(serde_json::to_vec(&OperationsJson { operations: found.into_iter().map(shown).collect() })?)
    })
    .await
}

/// Version 3 knows no span without a kind.
pub(in crate::jaeger) fn shown(kind: SpanKind) -> &'static str {
    if kind == SpanKind::Unspecified { SpanKind::Internal.as_str() } else { kind.as_str() }
}
