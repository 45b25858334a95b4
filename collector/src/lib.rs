//! OTLP in: both transports, both encodings, decoded, checked, and handed to the store.
//!
//! | module | owns |
//! |---|---|
//! | `ingest` | the write path in one place; read it first |
//! | `otlp` | OTLP/gRPC and OTLP/HTTP on the wire, and their answers |
//! | `decode` | requests to rows, without copying |
//! | `correlation` | ids that join records into flows |
//! | `admission` | tenant and memory, before a body is read |
//! | `append` | where batches go: the store, or a test |
//! | `outcome` | what became of a request, in no protocol's terms |
//! | `forward` | metrics, passed on as they came |
//! | `health`, `metrics`, `config`, `error` | what their names say |
//!
//! Architecture invariant: this crate and the query side never see each other; the store knows no protocol and gets
//! [`OtlpDecoder`] to read its write-ahead log with.

mod admission;
mod append;
mod config;
mod correlation;
mod decode;
mod error;
mod forward;
mod health;
mod ingest;
mod metrics;
mod otlp;
mod outcome;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::task::Task;

pub use append::{Append, AppendFuture};
pub use config::Config;
pub use correlation::{CorrelationConfig, KeyConfig};
pub use decode::{Malformed, OtlpDecoder, Reason, Tally};
pub use error::{Error, Result};

use crate::admission::Memory;
use crate::forward::Forwarder;
use crate::health::Health;
use crate::ingest::Ingest;
use crate::metrics::CollectorMetrics;

/// The collector, built: routes to serve and tasks to run.
pub struct Collector {
    routes: Router,
    tasks: Vec<Task>,
}

/// What the collector is built from beside its configuration.
pub struct Parts {
    /// Takes the batches.
    pub append: Arc<dyn Append>,
    /// Decodes requests; the one the store was opened with.
    pub decoder: OtlpDecoder,
    /// Threads for large requests.
    pub cpu: CpuPool,
    /// Gives arrival times.
    pub clock: Clock,
}

impl Collector {
    /// Builds the collector; opens no socket and starts nothing.
    ///
    /// # Errors
    /// [`Error::Config`] when a setting is out of bounds.
    pub fn build(config: &Config, parts: Parts, metrics: &mut Metrics) -> Result<Self> {
        config.validate()?;
        let metrics = metrics.with_prefix("collector", CollectorMetrics::new);
        let Parts { append, decoder, cpu, clock } = parts;
        let (forwarder, forwarding) = Forwarder::new(config, clock.clone(), metrics.clone())?;
        let health = Health::new();
        let ingest = Arc::new(Ingest {
            append,
            decoder,
            memory: Memory::new(config.in_flight_bytes_max, metrics.in_flight_bytes.clone()),
            cpu,
            clock,
            metrics,
            forwarder,
            request_bytes_max: config.request_bytes_max,
            body_time_max: Duration::from_secs(config.body_seconds_max),
        });
        let routes = otlp::routes(&ingest, health.clone(), &config.cors_origins)?;
        let tasks = std::iter::once(health.task()).chain(forwarding).collect();
        Ok(Self { routes, tasks })
    }

    /// Every route: OTLP over gRPC and HTTP, gRPC health and reflection. One router for both ports.
    pub fn routes(&self) -> Router {
        self.routes.clone()
    }

    /// Takes the tasks to run.
    pub fn tasks(&mut self) -> Vec<Task> {
        std::mem::take(&mut self.tasks)
    }
}
