//! Jaeger's query API over the same records, so that its clients work unchanged: HTTP as jaeger-ui, Grafana and Kiali
//! call it, and gRPC.
//!
//! | module | owns |
//! |---|---|
//! | `question` | what a search for traces asks, and the predicate it comes down to |
//! | `find` | the newest traces with a span that satisfies it |
//! | `load` | all spans of some traces, one round for each leaf |
//! | `trace` | a trace as OTLP has it, between loading and answering |
//! | `adjust` | what a read that is not raw mends |
//! | `operations` | services, and names and kinds of their spans |
//! | `dependencies` | how often services reached each other |
//! | `metrics` | rates, errors and latencies of spans over time |
//! | `summary` | a trace, counted |
//! | `go`, `trace_id` | how Go and Jaeger spell durations, times, booleans, ids |
//! | `request`, `failure` | parameters in, errors out |
//! | `classic` | `/api/…` |
//! | `v3` | `/api/v3/…` |
//! | `grpc` | `jaeger.api_v3.QueryService` |

mod adjust;
mod classic;
mod dependencies;
mod failure;
mod find;
mod go;
pub(crate) mod grpc;
mod load;
mod metrics;
mod operations;
mod question;
mod request;
mod summary;
mod trace;
mod trace_id;
mod v3;

pub use grpc::JaegerGrpc;

use axum::Router;

use crate::engine::Engine;

/// Most traces that one request may ask for, by a limit or by their ids.
pub(crate) const TRACES_MAX: usize = 10_000;

/// Jaeger's HTTP API, at the root and, where `base_path` is not empty, under it too.
pub(crate) fn routes(engine: &Engine, base_path: &str) -> Router {
    let mut prefixes = vec![""];
    if !base_path.is_empty() {
        prefixes.push(base_path);
    }
    let add = |router: Router<Engine>, prefix: &&str| {
        router.merge(v3::routes(prefix)).merge(classic::routes(prefix))
    };
    prefixes.iter().fold(Router::new(), add).with_state(engine.clone())
}
