//! gRPC health: serving until the process stops.

use spoor_runtime::task::{OnError, Task};
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, HealthService};

use crate::otlp::Export;

/// The state that `grpc.health.v1.Health` tells; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    reporter: HealthReporter,
}

impl Health {
    /// Serving, as far as the empty service name goes; the task adds the others.
    pub(crate) fn new() -> Self {
        Self { reporter: HealthReporter::new() }
    }

    /// The gRPC service.
    pub(crate) fn into_service(self) -> tonic_health::pb::health_server::HealthServer<HealthService> {
        let service = HealthService::from_health_reporter(self.reporter);
        tonic_health::pb::health_server::HealthServer::new(service)
    }

    /// Says that every service serves, and at stop that none does.
    pub(crate) fn task(self) -> Task {
        Task::told("collector-health", OnError::Degrade, |shutdown| async move {
            self.set(ServingStatus::Serving).await;
            shutdown.cancelled().await;
            self.set(ServingStatus::NotServing).await;
            Ok(())
        })
    }

    async fn set(&self, status: ServingStatus) {
        self.reporter.set_service_status("", status).await;
        for export in Export::ALL {
            self.reporter.set_service_status(export.service(), status).await;
        }
    }
}
