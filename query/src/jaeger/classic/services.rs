//! `/api/services`, `/api/services/{service}/operations` and `/api/operations`.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use spoor_store::model::SpanKind;

use super::answer::{Envelope, encode, respond};
use crate::engine::Engine;
use crate::error::Error;
use crate::jaeger::operations::Operation;
use crate::jaeger::request::Request;

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
        encode(&engine, 0, Envelope::list(services), request.params().is_pretty()).await
    })
    .await
}

pub(super) async fn names(State(engine): State<Engine>, mut request: Request) -> Response {
    respond(&engine, "jaeger_operations", async {
        let service = request.path().await?;
        let found = engine.jaeger_operations(&request.tenant()?, &service, None).await?;
        let mut names: Vec<String> = found.into_iter().map(|operation| operation.name).collect();
        names.dedup();
        encode(&engine, 0, Envelope::list(names), request.params().is_pretty()).await
    })
    .await
}

pub(super) async fn operations(State(engine): State<Engine>, request: Request) -> Response {
    respond(&engine, "jaeger_operations", async {
        let params = request.params();
        let missing = || Error::malformed("parameter 'service' is required");
        let service = params.first("service").ok_or_else(missing)?;
        let found = engine.operations_of_kind(&request.tenant()?, service, params.first("spanKind")).await?;
        let shown =
            found.into_iter().map(|Operation { name, kind }| OperationJson { name, span_kind: shown(kind) });
        encode(&engine, 0, Envelope::list(shown.collect()), params.is_pretty()).await
    })
    .await
}

fn shown(kind: SpanKind) -> &'static str {
    if kind == SpanKind::Unspecified { "" } else { kind.as_str() }
}
