//! OTLP out equals OTLP in, through the whole write path: decoder, write-ahead log, hot rows, split, replay.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

/// The collector's random requests: every field, every type, empty and unset, ids and times that break rules.
#[path = "../../collector/src/decode/tests/arbitrary.rs"]
mod arbitrary;

/// What [`arbitrary`] shares with the collector's tests.
mod recorder {
    pub(super) const ARRIVAL: u64 = 1_700_000_000_000_000_000;
}

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message as _;
use spoor_collector::{CorrelationConfig, OtlpDecoder};
use spoor_proto::otlp::{ExportLogsServiceRequest, ExportTraceServiceRequest, LogRecord, Span};
use spoor_query::otlp::to_document;
use spoor_runtime::clock::Clock;
use spoor_runtime::metrics::Metrics;
use spoor_runtime::supervisor::Supervisor;
use spoor_store::leaf::Budget;
use spoor_store::model::{Record, Signal, Tenant};
use spoor_store::predicate::Predicate;
use spoor_store::{Config, Decoder as _, Store};

use self::recorder::ARRIVAL;

/// A request as it is sent.
#[derive(Debug, Clone)]
enum Request {
    Logs(ExportLogsServiceRequest),
    Traces(ExportTraceServiceRequest),
}

fn request() -> impl Strategy<Value = Request> {
    prop_oneof![arbitrary::logs().prop_map(Request::Logs), arbitrary::traces().prop_map(Request::Traces),]
}

/// One record with the resource, scope and schema URLs it stands under, encoded as a request of its own: equal also
/// where doubles are NaN.
type Whole = (Signal, Vec<u8>);

fn has_length(id: &[u8], length: usize) -> bool {
    id.is_empty() || id.len() == length
}

fn is_set(id: &[u8], length: usize) -> bool {
    id.len() == length && id.iter().any(|byte| *byte != 0)
}

fn is_valid_log(log: &LogRecord) -> bool {
    has_length(&log.trace_id, 16) && has_length(&log.span_id, 8)
}

fn is_valid_span(span: &Span) -> bool {
    is_set(&span.trace_id, 16) && is_set(&span.span_id, 8) && has_length(&span.parent_span_id, 8)
}

impl Request {
    fn signal(&self) -> Signal {
        match self {
            Self::Logs(_) => Signal::Logs,
            Self::Traces(_) => Signal::Spans,
        }
    }

    fn encoded(&self) -> Bytes {
        match self {
            Self::Logs(request) => request.encode_to_vec().into(),
            Self::Traces(request) => request.encode_to_vec().into(),
        }
    }

    /// The records that OTLP allows, each in a request of its own.
    fn records(&self) -> Vec<Whole> {
        let mut all = Vec::new();
        match self {
            Self::Logs(request) => {
                for group in &request.resource_logs {
                    for scope in &group.scope_logs {
                        for log in scope.log_records.iter().filter(|log| is_valid_log(log)) {
                            let mut alone = (group.clone(), scope.clone());
                            alone.1.log_records = vec![log.clone()];
                            alone.0.scope_logs = vec![alone.1];
                            let request = ExportLogsServiceRequest { resource_logs: vec![alone.0] };
                            all.push((Signal::Logs, request.encode_to_vec()));
                        }
                    }
                }
            }
            Self::Traces(request) => {
                for group in &request.resource_spans {
                    for scope in &group.scope_spans {
                        for span in scope.spans.iter().filter(|span| is_valid_span(span)) {
                            let mut alone = (group.clone(), scope.clone());
                            alone.1.spans = vec![span.clone()];
                            alone.0.scope_spans = vec![alone.1];
                            let request = ExportTraceServiceRequest { resource_spans: vec![alone.0] };
                            all.push((Signal::Spans, request.encode_to_vec()));
                        }
                    }
                }
            }
        }
        all
    }
}

/// A stored record as OTLP, in a request of its own.
fn whole(record: &Record) -> Whole {
    let document = to_document([record]);
    let bytes = match record.signal {
        Signal::Logs => ExportLogsServiceRequest { resource_logs: document.resource_logs }.encode_to_vec(),
        Signal::Spans => {
            ExportTraceServiceRequest { resource_spans: document.resource_spans }.encode_to_vec()
        }
    };
    (record.signal, bytes)
}

/// The store over one folder, with its tasks.
struct Opened {
    store: Store,
    decoder: OtlpDecoder,
    supervisor: Supervisor,
}

impl Opened {
    async fn open(folder: &Path) -> Self {
        let decoder = OtlpDecoder::new(&CorrelationConfig::default()).unwrap();
        let config = Config {
            data_dir: folder.to_owned(),
            disk_free_min: 0,
            // Times are of any age.
            retention_seconds: 0,
            ..Config::default()
        };
        let clock = Clock::system();
        let replayer = Arc::new(decoder.clone());
        let (store, tasks) = Store::open(config, clock.clone(), &mut Metrics::new(), replayer).await.unwrap();
        let mut supervisor = Supervisor::new(clock);
        supervisor.start_all(tasks);
        Self { store, decoder, supervisor }
    }

    /// Opens again what is on disk now, hot rows from the write-ahead log.
    async fn reopened(mut self, folder: &Path) -> Self {
        self.supervisor.stop(Duration::from_secs(10)).await;
        drop(self.store);
        Self::open(folder).await
    }

    async fn append(&self, request: &Request) {
        let (signal, bytes) = (request.signal(), request.encoded());
        let batch = self.decoder.decode(Tenant::default(), signal, ARRIVAL, bytes).unwrap();
        assert_eq!(
            batch.len(),
            request.records().len(),
            "records were accepted that are not allowed, or not"
        );
        self.store.writer().append(batch).await.unwrap();
    }

    fn check(&self, expected: &[Whole], when: &str) {
        let budget = Budget::new(Clock::system(), Duration::MAX, u64::MAX);
        let mut found = Vec::new();
        for leaf in self.store.reader().snapshot(&Tenant::default()).leaves() {
            let docs = leaf.select(&Predicate::All, &budget).unwrap();
            let ordinals: Vec<u32> = docs.iter().collect();
            found.extend(leaf.fetch(&ordinals, &budget).unwrap().iter().map(whole));
        }
        found.sort();
        assert_eq!(found.len(), expected.len(), "{when}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(shown(found), shown(expected), "{when}");
        }
    }
}

/// For the message of a test that fails; with the bytes, since NaN is not equal to itself.
fn shown((signal, bytes): &Whole) -> (String, &[u8]) {
    let text = match signal {
        Signal::Logs => format!("{:?}", ExportLogsServiceRequest::decode(bytes.as_slice())),
        Signal::Spans => format!("{:?}", ExportTraceServiceRequest::decode(bytes.as_slice())),
    };
    (text, bytes)
}

async fn comes_back_as_it_came(mut requests: Vec<Request>) {
    // The store takes a resent request once.
    let mut sent = HashSet::new();
    requests.retain(|request| sent.insert((request.signal(), request.encoded())));
    let mut expected: Vec<Whole> = requests.iter().flat_map(Request::records).collect();
    expected.sort();
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::open(folder.path()).await;
    for request in &requests {
        opened.append(request).await;
    }
    opened.check(&expected, "in hot rows");
    let opened = opened.reopened(folder.path()).await;
    opened.check(&expected, "in hot rows that were replayed");
    opened.store.publish_all().await.unwrap();
    opened.check(&expected, "in splits");
    let opened = opened.reopened(folder.path()).await;
    opened.check(&expected, "in splits that were opened");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_field_of_every_accepted_record_comes_back(requests in prop::collection::vec(request(), 1..12)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(comes_back_as_it_came(requests));
    }
}
