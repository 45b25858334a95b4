//! Composition: binds the sockets, opens the store, builds the parts on it, runs them, stops them in order.

use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use http::{HeaderValue, header};
use prometheus_client::metrics::info::Info;
use spoor_runtime::clock::Clock;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::supervisor::{Failure, Supervisor};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::admin::Admin;
use crate::cli::VERSION;
use crate::config::{Config, LogFormat};
use crate::listen::{Listener, ListenerMetrics, Socket, Sockets};
use crate::process::ProcessCollector;
use crate::stop::{Running, Signals, millis};
use crate::welcome::{self, Addresses};
use crate::{parts, ui};

/// Runs the server until a signal or a failure stops it.
///
/// # Errors
/// What kept it from starting, or the failure that stopped it.
pub(crate) async fn serve(config: Config) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut signals = Signals::catch()?;
    let sockets = Sockets::bind(&config.listen)?;
    let addresses = Addresses {
        otlp_grpc: sockets.otlp_grpc.address,
        otlp_http: sockets.otlp_http.address,
        http: sockets.http.address,
        jaeger_grpc: sockets.jaeger_grpc.address,
    };
    tracing::info!(version = VERSION, data_dir = %config.store.data_dir.display(), "starting");
    if config.listen.insecure {
        tracing::warn!(
            "listening without authentication: anybody who reaches the addresses can send and read data"
        );
    }

    let mut metrics = Metrics::new();
    let listener_metrics = ListenerMetrics::default();
    metrics.with_prefix("server", |registry| listener_metrics.register(registry));
    let mut running = Running {
        admin: Admin::new(),
        end_of_streams: None,
        listeners: Supervisor::new(clock.clone()),
        parts: Supervisor::new(clock.clone()),
        storage: Supervisor::new(clock.clone()),
        store: None,
        clock: clock.clone(),
    };
    register_process(&mut metrics, &running);
    let connections_max = config.listen.connections_max;
    let listen = |socket: Socket, router: Router| {
        let router = router.layer(CatchPanicLayer::new());
        Listener::new(socket, router, connections_max, listener_metrics.clone(), clock.clone()).task()
    };
    running.listeners.start(listen(sockets.http, running.admin.routes()));

    let parts = tokio::select! {
        parts = parts::build(&config, &clock, &mut metrics) => parts,
        signal = signals.next() => {
            tracing::info!(signal, "stopped while starting");
            return Ok(());
        },
    };
    let parts = parts?;
    running.storage.start_all(parts.storage_tasks);
    running.parts.start_all(parts.tasks);
    running.store = Some(parts.store);
    running.end_of_streams = Some(parts.end_of_streams);
    running.admin.open(app_routes(parts.api, &config.listen.base_path), metrics, parts.check);
    running.listeners.start(listen(sockets.otlp_grpc, parts.otlp.clone()));
    running.listeners.start(listen(sockets.otlp_http, parts.otlp));
    running.listeners.start(listen(sockets.jaeger_grpc, parts.jaeger_grpc));
    announce(&config, addresses, clock.monotonic());
    wait_and_stop(running, signals).await
}

/// Joins the API and the page, under the path a reverse proxy gives them.
fn app_routes(api: Router, base_path: &str) -> Router {
    // Flows are large and read once: the fastest level already makes them several times smaller.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    // Parquet is compressed already.
    let compression = compression.compress_when(
        DefaultPredicate::new().and(NotForContentType::const_new("application/vnd.apache.parquet")),
    );
    let as_declared = SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let app = api.fallback(ui::serve).layer(compression).layer(as_declared);
    if base_path.is_empty() {
        return app;
    }
    let root = format!("{base_path}/");
    let to_root = move || std::future::ready(Redirect::temporary(&root));
    Router::new()
        .route("/", get(to_root.clone()))
        .route(base_path, get(to_root))
        .nest(&format!("{base_path}/"), app)
}

fn register_process(metrics: &mut Metrics, running: &Running) {
    metrics.with_root(|registry| registry.register_collector(Box::new(ProcessCollector)));
    metrics.with_prefix("storage", |registry| running.storage.register(registry));
    metrics.with_prefix("parts", |registry| running.parts.register(registry));
    metrics.with_prefix("listeners", |registry| running.listeners.register(registry));
    let build = Info::new(vec![("version", VERSION)]);
    metrics.with_prefix("server", |registry| registry.register("build", "What is running", build));
}

fn announce(config: &Config, addresses: Addresses, took: Duration) {
    tracing::info!(
        otlp_grpc = %addresses.otlp_grpc,
        otlp_http = %addresses.otlp_http,
        http = %addresses.http,
        jaeger_grpc = %addresses.jaeger_grpc,
        took_ms = millis(took),
        "ready"
    );
    if config.telemetry.log_format == LogFormat::Text {
        welcome::print(addresses, &config.listen.base_path, &config.store.data_dir);
    }
}

async fn wait_and_stop(mut running: Running, mut signals: Signals) -> anyhow::Result<()> {
    let failure: Option<Failure> = tokio::select! {
        signal = signals.next() => {
            tracing::info!(signal, "stopping; a second signal stops at once");
            None
        },
        failure = running.storage.failure() => Some(failure),
        failure = running.parts.failure() => Some(failure),
        failure = running.listeners.failure() => Some(failure),
    };
    tokio::select! {
        () = running.stop() => tracing::info!("stopped"),
        signal = signals.next() => {
            tracing::warn!(signal, "stopped at once; the next start reads back what is acknowledged");
        },
    }
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}
