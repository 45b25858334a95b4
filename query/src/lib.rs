//! Asks the store and answers: the search language, flows, searches, and the HTTP API they are reached by.
//!
//! | module | owns |
//! |---|---|
//! | [`language`] | text ↔ tree; pure |
//! | `plan` | tree → the store's predicate; which leaves a query visits |
//! | `execute` | turns, computing threads, deadlines, merging |
//! | [`flows`] | what an id is, and everything that shares it |
//! | [`search`] | pages of records, counts over time, values |
//! | [`stats`] | reports: groups, measures, series |
//! | [`export`] | all selected records as a file, piece by piece |
//! | [`services`] | rates, errors and durations; the service graph |
//! | [`otlp`] | records back to OTLP |
//! | `live` | records as they arrive, one flow as it grows |
//! | `json` | records and values in JSON |
//! | `api` | the native HTTP API |
//! | [`jaeger`] | Jaeger's HTTP and gRPC API |
//!
//! Architecture invariant: this crate never sees the collector, and writes nothing.

mod api;
pub mod config;
pub mod engine;
pub mod error;
mod execute;
pub mod export;
pub mod flows;
pub mod jaeger;
mod json;
mod keys;
pub mod language;
mod live;
mod metrics;
mod nearest;
pub mod otlp;
mod owners;
mod plan;
#[cfg(test)]
mod samples;
pub mod search;
pub mod services;
mod spelling;
pub mod stats;

use std::collections::BTreeMap;

use axum::Router;
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::shutdown::ShutdownTrigger;
use spoor_store::Reader;

pub use config::Config;
pub use engine::Engine;
pub use error::{Error, Result};
pub use jaeger::JaegerGrpc;
pub use keys::KeyAliases;

/// The queries of a process.
pub struct Query {
    engine: Engine,
}

/// What queries need from the rest of the process.
pub struct Parts {
    /// The store.
    pub reader: Reader,
    /// Threads to compute on.
    pub cpu: CpuPool,
    /// What time it is.
    pub clock: Clock,
    /// Every correlation key, built-in ones too.
    pub correlation_keys: Vec<KeyAliases>,
    /// Owner by service, where the service's resource names none.
    pub owners: BTreeMap<String, String>,
}

impl Query {
    /// Puts the queries together; `config` must be valid.
    pub fn build(config: Config, parts: Parts, metrics: &mut Metrics) -> Self {
        let Parts { reader, cpu, clock, correlation_keys, owners } = parts;
        let metrics = metrics::QueryMetrics::register(metrics);
        let keys = keys::Keys::new(correlation_keys);
        let owners = owners::Owners::new(owners);
        Self { engine: Engine::new(config, keys, owners, (reader, cpu, clock), metrics) }
    }

    /// The APIs' routes, from the root of the listener: `/api/v1/…`, and Jaeger's `/api/…`.
    pub fn routes(&self) -> Router {
        let jaeger = jaeger::routes(&self.engine, &self.engine.config().jaeger_base_path);
        api::routes(self.engine.clone()).merge(jaeger)
    }

    /// Jaeger's gRPC service, for a listener of its own.
    ///
    /// # Errors
    /// [`Error::Reflection`].
    pub fn jaeger_grpc(&self) -> Result<JaegerGrpc> {
        jaeger::grpc::build(&self.engine)
    }

    /// Ends tails and live flows once it is pulled: they last as long as their readers, and must not hold up a stop.
    pub fn end_of_streams(&self) -> ShutdownTrigger {
        self.engine.end_of_streams()
    }

    /// The engine, for those that query without HTTP.
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }
}
