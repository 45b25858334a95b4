//! The table of paths. One router serves both ports: sending to the wrong one is the usual mistake.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::routing::post;
use spoor_proto::otlp::DESCRIPTORS;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS;

use super::{Export, grpc, http};
use crate::error::{Error, Result};
use crate::health::Health;
use crate::ingest::Ingest;

/// Routes of OTLP/HTTP, OTLP/gRPC, gRPC health and gRPC reflection.
pub(crate) fn routes(ingest: &Arc<Ingest>, health: Health, cors_origins: &[String]) -> Result<Router> {
    let mut over_http = Router::new();
    let mut over_grpc = services(health)?;
    for export in Export::ALL {
        let shared = Arc::clone(ingest);
        let handler = move |request: Request| http::export(Arc::clone(&shared), export, request);
        over_http = over_http.route(export.http_path(), post(handler).fallback(http::wrong_method));
        let shared = Arc::clone(ingest);
        let handler = move |request: Request| grpc::export(Arc::clone(&shared), export, request);
        over_grpc = over_grpc.route(&format!("/{}/Export", export.service()), post(handler));
    }
    Ok(over_http.layer(http::cors(cors_origins)).merge(over_grpc).fallback(http::unknown))
}

/// Health and reflection.
fn services(health: Health) -> Result<Router> {
    let reflection = |builder: tonic_reflection::server::Builder<'static>| {
        builder
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
    };
    let broken = |error: tonic_reflection::server::Error| Error::Reflection { source: Box::new(error) };
    let newest = reflection(tonic_reflection::server::Builder::configure()).build_v1().map_err(broken)?;
    let older = reflection(tonic_reflection::server::Builder::configure()).build_v1alpha().map_err(broken)?;
    let routes = tonic::service::Routes::new(health.into_service()).add_service(newest).add_service(older);
    Ok(routes.into_axum_router().reset_fallback())
}
