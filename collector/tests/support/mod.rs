//! A collector on a real socket, in front of a store that only remembers.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "a module of several test crates, each using its own part"
)]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spoor_collector::{Append, AppendFuture, Collector, Config, CorrelationConfig, OtlpDecoder, Parts};
use spoor_proto::otlp::any_value::Value;
use spoor_proto::otlp::{
    AnyValue, ExportLogsServiceRequest, ExportTraceServiceRequest, KeyValue, LogRecord, Resource,
    ResourceLogs, ResourceSpans, ScopeLogs, ScopeSpans, Span,
};
use spoor_runtime::clock::Clock;
use spoor_runtime::cpu::CpuPool;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::supervisor::Supervisor;
use spoor_runtime::task::{OnError, OnStop, Task};
use spoor_store::model::Batch;
use spoor_store::{Appended, Error};

/// What the store was given: tenant and number of records.
pub type Stored = (String, usize);

/// A store that remembers, and fails when told to.
#[derive(Default)]
pub struct Memory {
    stored: Mutex<Vec<Stored>>,
    admit: Mutex<VecDeque<Error>>,
    append: Mutex<VecDeque<Result<Appended, Error>>>,
}

impl Memory {
    pub fn stored(&self) -> Vec<Stored> {
        self.stored.lock().unwrap().clone()
    }

    pub fn records(&self) -> usize {
        self.stored().iter().map(|(_, records)| records).sum()
    }

    /// The next request is not admitted.
    pub fn refuse_admission(&self, error: Error) {
        self.admit.lock().unwrap().push_back(error);
    }

    /// The next batch meets this.
    pub fn answer_append(&self, answer: Result<Appended, Error>) {
        self.append.lock().unwrap().push_back(answer);
    }
}

impl Append for Memory {
    fn admit(&self, _: usize) -> Result<(), Error> {
        self.admit.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    fn append(&self, batch: Batch) -> AppendFuture<'_> {
        Box::pin(async move {
            if let Some(answer) = self.append.lock().unwrap().pop_front() {
                return answer;
            }
            let stored = (batch.tenant().as_str().to_owned(), batch.len());
            self.stored.lock().unwrap().push(stored);
            Ok(Appended::Stored)
        })
    }
}

/// A running collector; it ends with the test.
pub struct Server {
    pub address: SocketAddr,
    pub store: Arc<Memory>,
    pub metrics: Metrics,
    supervisor: Supervisor,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let store = Arc::new(Memory::default());
        let clock = Clock::system();
        let parts = Parts {
            append: Arc::clone(&store) as Arc<dyn Append>,
            decoder: OtlpDecoder::new(&CorrelationConfig::default()).unwrap(),
            cpu: CpuPool::new(2, 64),
            clock: clock.clone(),
        };
        let mut metrics = Metrics::new();
        let mut collector = Collector::build(&config, parts, &mut metrics).unwrap();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut supervisor = Supervisor::new(clock);
        supervisor.start_all(collector.tasks());
        let routes = collector.routes();
        supervisor.start(Task::new("server", OnError::ShutDown, OnStop::Abort, async move {
            axum::serve(listener, routes).await.map_err(Into::into)
        }));
        Self { address, store, metrics, supervisor }
    }

    /// Stops the collector's tasks, as the process does.
    pub async fn stop(&mut self) {
        assert!(self.supervisor.stop(Duration::from_secs(5)).await.is_empty());
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The value of a metric, with its labels as Prometheus writes them.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = self.metrics.encode();
        let line = text.lines().find(|line| line.starts_with(&format!("spoor_collector_{name} ")))?;
        line.rsplit(' ').next()?.parse().ok()
    }
}

/// Waits for a condition, at most ten seconds.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

pub fn resource(service: &str) -> Option<Resource> {
    let value = Some(AnyValue { value: Some(Value::StringValue(service.to_owned())) });
    let attributes = vec![KeyValue { key: "service.name".to_owned(), value, ..Default::default() }];
    Some(Resource { attributes, ..Default::default() })
}

pub fn log(body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: 1_700_000_000_000_000_000,
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        ..Default::default()
    }
}

pub fn span(number: u8) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![number; 8],
        name: "GET /".to_owned(),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_000_000_005,
        ..Default::default()
    }
}

pub fn logs(log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: resource("shop"), scope_logs, ..Default::default() }],
    }
}

pub fn spans(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource: resource("shop"), scope_spans, ..Default::default() }],
    }
}
