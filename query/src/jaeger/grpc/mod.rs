//! Jaeger's gRPC query service, with reflection and health.

mod parameters;
mod service;

use axum::Router;
use spoor_proto::jaeger::DESCRIPTORS;
use spoor_proto::jaeger::api_v3::query_service_server::{QueryServiceServer, SERVICE_NAME};
use spoor_proto::otlp::DESCRIPTORS as OTLP_DESCRIPTORS;
use spoor_runtime::task::{OnError, Task};
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::engine::Engine;
use crate::error::{Error, Result};

/// The service, ready to be served, and the task that tells of its health.
pub struct JaegerGrpc {
    /// What to serve on a listener of its own.
    pub routes: Router,
    /// Says that the service serves, and at stop that it does not.
    pub health: Task,
}

/// Puts the service together.
///
/// # Errors
/// [`Error::Reflection`] when the descriptors that were compiled in do not fit together.
pub(crate) fn build(engine: &Engine) -> Result<JaegerGrpc> {
    let reporter = HealthReporter::new();
    let health = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
    let reflection = |builder: tonic_reflection::server::Builder<'static>| {
        builder
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(OTLP_DESCRIPTORS)
            .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
    };
    let broken = |error: tonic_reflection::server::Error| Error::Reflection { source: Box::new(error) };
    let newest = reflection(tonic_reflection::server::Builder::configure()).build_v1().map_err(broken)?;
    let older = reflection(tonic_reflection::server::Builder::configure()).build_v1alpha().map_err(broken)?;
    let service = QueryServiceServer::new(service::Service::new(engine.clone()));
    let routes = Routes::new(service).add_service(health).add_service(newest).add_service(older);
    Ok(JaegerGrpc { routes: routes.into_axum_router(), health: health_task(reporter) })
}

fn health_task(reporter: HealthReporter) -> Task {
    Task::told("jaeger-health", OnError::Degrade, |shutdown| async move {
        let tell = async |status| {
            reporter.set_service_status("", status).await;
            reporter.set_service_status(SERVICE_NAME, status).await;
        };
        tell(ServingStatus::Serving).await;
        shutdown.cancelled().await;
        tell(ServingStatus::NotServing).await;
        Ok(())
    })
}
