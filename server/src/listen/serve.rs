//! Accepts connections, serves a router on them, and drains them when it is told to stop.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use spoor_runtime::clock::Clock;
use spoor_runtime::shutdown::Shutdown;
use spoor_runtime::supervisor::Connections;
use spoor_runtime::task::{OnError, Task};
use tokio::net::{TcpListener, TcpStream};

use super::bind::Socket;

/// Room for more than one request of the usual exporters; with the default 64 KiB each request waits for updates.
const STREAM_WINDOW_BYTES: u32 = 4 << 20;
/// Room for several streams at once.
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
/// Requests in flight on one HTTP/2 connection.
const STREAMS_MAX: u32 = 256;
/// A `baggage` header may be 8 KiB; a few such headers fit.
const HEADER_BYTES_MAX: u32 = 64 << 10;
/// Header lines of one HTTP/1 request.
const HEADER_LINES_MAX: usize = 100;
/// How long a connection may take to send its next request's head; an idle one is closed.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// An HTTP/2 peer that is gone without a word is noticed after this and the next.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);
/// Accepting fails when the process is out of file descriptors; trying at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests in flight have to finish once the process stops.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// One socket with the router it serves.
pub(crate) struct Listener {
    socket: Socket,
    router: Router,
    connections: Connections,
    metrics: ListenerMetrics,
    clock: Clock,
}

/// Counts of all listeners.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListenerMetrics {
    open: Family<Label, Gauge>,
    accepted: Family<Label, Counter>,
    full: Family<Label, Counter>,
    accept_failures: Family<Label, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    listener: &'static str,
}

impl ListenerMetrics {
    /// Registers the counts.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Open connections", self.open.clone());
        registry.register("connections_accepted", "Connections accepted", self.accepted.clone());
        let full = "Times the next connection had to wait because connections_max were open";
        registry.register("connections_full", full, self.full.clone());
        let failures = "Connections that could not be accepted";
        registry.register("accept_failures", failures, self.accept_failures.clone());
    }
}

impl Listener {
    /// Prepares to serve `router` on `socket`, to at most `connections_max` connections at a time.
    pub(crate) fn new(
        socket: Socket,
        router: Router,
        connections_max: usize,
        metrics: ListenerMetrics,
        clock: Clock,
    ) -> Self {
        Self { socket, router, connections: Connections::new(connections_max), metrics, clock }
    }

    /// Returns the task that accepts until it is told to stop, and then lets requests in flight finish.
    pub(crate) fn task(self) -> Task {
        let name = self.socket.name;
        Task::told(name, OnError::ShutDown, |shutdown| async move { Ok(self.run(shutdown).await?) })
    }

    async fn run(self, shutdown: Shutdown) -> io::Result<()> {
        let Self { socket, router, connections, metrics, clock } = self;
        let label = Label { listener: socket.name };
        let listener = TcpListener::from_std(socket.listener)?;
        let graceful = GracefulShutdown::new();
        let http = http_settings();
        loop {
            let permit = match connections.try_permit() {
                Some(permit) => permit,
                None => {
                    metrics.full.get_or_create(&label).inc();
                    tokio::select! {
                        permit = connections.permit() => permit,
                        () = shutdown.cancelled() => break,
                    }
                }
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = shutdown.cancelled() => break,
            };
            let stream = match accepted.and_then(|(stream, _)| prepare(stream)) {
                Ok(stream) => stream,
                Err(error) => {
                    metrics.accept_failures.get_or_create(&label).inc();
                    if !is_peers_fault(&error) {
                        tracing::warn!(listener = label.listener, %error, "failed to accept a connection");
                        clock.sleep(ACCEPT_PAUSE).await;
                    }
                    continue;
                }
            };
            metrics.accepted.get_or_create(&label).inc();
            let service = TowerToHyperService::new(router.clone());
            let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = graceful.watch(connection);
            let open = metrics.open.get_or_create(&label).clone();
            let name = label.listener;
            open.inc();
            connections.spawn(permit, async move {
                let _closed = CountDown(open);
                if let Err(error) = connection.await {
                    tracing::debug!(listener = name, error, "connection ended early");
                }
            });
        }
        drop(listener);
        drain(label.listener, graceful, &connections, &clock).await;
        Ok(())
    }
}

/// Lowers the gauge also when the connection is dropped.
struct CountDown(Gauge);

impl Drop for CountDown {
    fn drop(&mut self) {
        self.0.dec();
    }
}

async fn drain(name: &str, graceful: GracefulShutdown, connections: &Connections, clock: &Clock) {
    if clock.timeout(DRAIN_LIMIT, graceful.shutdown()).await.is_err() {
        tracing::warn!(
            listener = name,
            limit_seconds = DRAIN_LIMIT.as_secs(),
            "requests did not finish in time"
        );
    }
    connections.abort();
    connections.idle().await;
}

fn http_settings() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(HEADER_LINES_MAX)
        .max_buf_size(HEADER_BYTES_MAX as usize);
    http.http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEADER_BYTES_MAX)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    http
}

/// Without `TCP_NODELAY` each request stalls 40 ms on the peer's delayed acknowledgement.
fn prepare(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn is_peers_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidInput, NotConnected};
    // macOS answers EINVAL when the option is set on a connection that was closed already.
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset | InvalidInput | NotConnected
    )
}
