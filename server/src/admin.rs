//! `/livez`, `/readyz` and `/metrics`: what machines ask the process about itself.
//!
//! They answer from the first moment, while everything behind the gate waits for the store to open.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use spoor_runtime::metrics::Metrics;
use tower::ServiceExt as _;

/// What Prometheus expects of the text that the registry writes.
const METRICS_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// A check that a part passes while it can do its work; the error says why it cannot.
pub(crate) type Check = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// A handle to what the process says about itself.
#[derive(Clone)]
pub(crate) struct Admin {
    shared: Arc<Shared>,
}

struct Shared {
    phase: Mutex<Phase>,
    open: OnceLock<Open>,
}

/// What exists once every part is built.
struct Open {
    app: Router,
    metrics: Metrics,
    check: Check,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Stopping,
}

impl Admin {
    /// Creates the handle of a process that is starting.
    pub(crate) fn new() -> Self {
        Self { shared: Arc::new(Shared { phase: Mutex::new(Phase::Starting), open: OnceLock::new() }) }
    }

    /// Opens the gate to `app` and calls the process ready for as long as `check` passes.
    pub(crate) fn open(&self, app: Router, metrics: Metrics, check: Check) {
        let opened = self.shared.open.set(Open { app, metrics, check });
        assert!(opened.is_ok(), "the gate opens once");
        self.enter(Phase::Ready);
    }

    /// Calls the process unready, so that nothing new is sent to it.
    pub(crate) fn stop(&self) {
        self.enter(Phase::Stopping);
    }

    /// Returns the routes of this file, with everything else behind the gate.
    pub(crate) fn routes(&self) -> Router {
        Router::new()
            .route("/livez", get(async || "ok\n"))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .fallback(gate)
            .with_state(self.clone())
    }

    fn enter(&self, phase: Phase) {
        *self.shared.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    fn readiness(&self) -> Result<(), String> {
        let phase = *self.shared.phase.lock().unwrap_or_else(PoisonError::into_inner);
        match (phase, self.shared.open.get()) {
            (Phase::Ready, Some(open)) => (open.check)(),
            (Phase::Stopping, _) => Err("stopping".to_owned()),
            _ => Err("starting: reading back what is stored".to_owned()),
        }
    }
}

async fn readyz(State(admin): State<Admin>) -> Response {
    match admin.readiness() {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics(State(admin): State<Admin>) -> Response {
    match admin.shared.open.get() {
        Some(open) => ([(header::CONTENT_TYPE, METRICS_TYPE)], open.metrics.encode()).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "starting\n").into_response(),
    }
}

async fn gate(State(admin): State<Admin>, request: Request) -> Response {
    match admin.shared.open.get() {
        Some(open) => open.app.clone().oneshot(request).await.into_response(),
        None => {
            let again = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
            (StatusCode::SERVICE_UNAVAILABLE, again, "starting: reading back what is stored\n")
                .into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn status(admin: &Admin, path: &str) -> StatusCode {
        let request = Request::get(path).body(axum::body::Body::empty()).unwrap();
        admin.routes().oneshot(request).await.unwrap().status()
    }

    fn open(admin: &Admin, check: Check) {
        admin.open(Router::new().route("/api", get(async || "here")), Metrics::new(), check);
    }

    #[tokio::test]
    async fn a_starting_process_lives_is_unready_and_keeps_the_gate_shut() {
        let admin = Admin::new();
        assert_eq!(status(&admin, "/livez").await, StatusCode::OK);
        for path in ["/readyz", "/metrics", "/api"] {
            assert_eq!(status(&admin, path).await, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        }
    }

    #[tokio::test]
    async fn an_open_process_serves_and_is_ready_until_it_stops() {
        let admin = Admin::new();
        open(&admin, Box::new(|| Ok(())));
        for path in ["/livez", "/readyz", "/metrics", "/api"] {
            assert_eq!(status(&admin, path).await, StatusCode::OK, "{path}");
        }
        admin.stop();
        assert_eq!(status(&admin, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(&admin, "/api").await, StatusCode::OK);
    }

    #[tokio::test]
    async fn a_part_that_cannot_work_makes_the_process_unready() {
        let admin = Admin::new();
        open(&admin, Box::new(|| Err("disk is gone".to_owned())));
        assert_eq!(status(&admin, "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(&admin, "/livez").await, StatusCode::OK);
    }
}
