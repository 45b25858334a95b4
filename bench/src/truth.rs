//! What must be found: kept while the workload is generated, never derived from what a server says.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::generate::{Emitted, Record, Service};

/// How many of a search's newest times are kept.
pub const NEWEST_KEPT: usize = 100;

/// Traces that a Jaeger search of [`JAEGER_SERVICE`] asks for.
pub const JAEGER_LIMIT: usize = 20;

/// The service that the Jaeger search names.
pub const JAEGER_SERVICE: Service = Service::Payment;

/// What one flow holds, by the flow rule: everything with its id, their traces, and traces linked to those.
#[derive(Clone, Debug, Default)]
pub struct FlowTruth {
    /// The correlation id.
    pub id: String,
    /// Its traces, the first one first.
    pub traces: Vec<[u8; 16]>,
    /// Spans, each once.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Spans whose status is error.
    pub error_spans: u64,
    /// Log records of severity error and above.
    pub error_logs: u64,
    /// Spans that are sent a second time in another request.
    pub duplicates: u64,
    /// The requests that hold its records, ascending.
    pub requests: Vec<u32>,
}

/// What one service sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceTruth {
    /// Spans, each once.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Second copies of spans in other requests: a server may count them until it compacts.
    pub duplicate_spans: u64,
    /// Spans of kind server and consumer, each once.
    pub requests: u64,
}

/// Who reaches whom, and whether by a message.
pub type Edge = (Service, Service, bool);

/// A search over log records whose answer is known.
#[derive(Clone, Copy, Debug)]
pub struct SearchCase {
    /// Its name in the report.
    pub name: &'static str,
    /// Words the body must hold, as whole tokens.
    pub words: &'static [&'static str],
    /// The service it must come from.
    pub service: Option<Service>,
    /// The string attribute it must carry.
    pub attribute: Option<(&'static str, &'static str)>,
}

impl SearchCase {
    /// The query in Spoor's search language.
    pub fn query(&self) -> String {
        let mut parts: Vec<String> = self.words.iter().map(|word| (*word).to_owned()).collect();
        parts.extend(self.service.map(|service| format!("service:{}", service.name())));
        parts.extend(self.attribute.map(|(key, value)| format!("{key}:\"{value}\"")));
        parts.join(" ")
    }

    /// Whether `log` of `service` answers it.
    pub fn matches(&self, service: Service, log: &LogRecord) -> bool {
        self.service.is_none_or(|wanted| wanted == service)
            && self.words.iter().all(|word| body_holds(log.body.as_ref(), word))
            && self.attribute.is_none_or(|(key, value)| holds_text(&log.attributes, key, value))
    }
}

/// The searches the benchmark asks.
pub const SEARCHES: [SearchCase; 3] = [
    SearchCase { name: "text: query orders", words: &["query", "orders"], service: None, attribute: None },
    SearchCase {
        name: "text: targeted binoculars",
        words: &["targeted", "binoculars"],
        service: None,
        attribute: None,
    },
    SearchCase {
        name: "attribute: thread.name of payment",
        words: &[],
        service: Some(Service::Payment),
        attribute: Some(("thread.name", "grpc-worker-3")),
    },
];

/// What a search finds.
#[derive(Clone, Debug, Default)]
pub struct SearchTruth {
    /// All matches.
    pub count: u64,
    /// Times of the newest matches, newest first.
    pub newest: Vec<u64>,
}

/// What a workload holds.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// By flow number.
    pub flows: Vec<FlowTruth>,
    /// By service.
    pub services: BTreeMap<Service, ServiceTruth>,
    /// Nanoseconds that the spans of each service took, each span once, ascending.
    pub durations: BTreeMap<Service, Vec<u64>>,
    /// Spans called by another service's, each once.
    pub edges: BTreeMap<Edge, u64>,
    /// Beside [`SEARCHES`].
    pub searches: [SearchTruth; SEARCHES.len()],
    /// Traces of [`JAEGER_SERVICE`] by the time of their newest span of it; the newest [`JAEGER_LIMIT`] once finished.
    pub jaeger_traces: BTreeMap<[u8; 16], u64>,
    /// Records in all requests, resent ones twice.
    pub sent_records: u64,
}

impl Truth {
    /// Records, each once.
    pub fn records(&self) -> u64 {
        self.services.values().map(|service| service.spans + service.logs).sum()
    }

    /// Second copies of spans.
    pub fn duplicates(&self) -> u64 {
        self.services.values().map(|service| service.duplicate_spans).sum()
    }

    /// Takes in another workload's truth; flow numbers then no longer name requests.
    pub fn merge(&mut self, other: Self) {
        self.flows.extend(other.flows);
        for (service, more) in other.services {
            let have = self.services.entry(service).or_default();
            have.spans += more.spans;
            have.logs += more.logs;
            have.duplicate_spans += more.duplicate_spans;
            have.requests += more.requests;
        }
        for (edge, more) in other.edges {
            *self.edges.entry(edge).or_default() += more;
        }
        for (service, more) in other.durations {
            self.durations.entry(service).or_default().extend(more);
        }
        for (have, more) in self.searches.iter_mut().zip(other.searches) {
            have.count += more.count;
            have.newest.extend(more.newest);
        }
        for (trace, time) in other.jaeger_traces {
            see_trace(&mut self.jaeger_traces, trace, time);
        }
        self.sent_records += other.sent_records;
        self.finish();
    }

    /// Keeps `count` flows, spread evenly; counts of services and searches stay those of all.
    pub fn keep_flows(&mut self, count: usize) {
        let step = (self.flows.len() / count.max(1)).max(1);
        let mut position = 0;
        self.flows.retain(|_| {
            position += 1;
            (position - 1) % step == 0
        });
    }

    pub(crate) fn observe(&mut self, service: Service, emitted: &Emitted) {
        if let Record::Span(span) = &emitted.record
            && service == JAEGER_SERVICE
            && let Ok(trace) = span.trace_id.as_slice().try_into()
        {
            see_trace(&mut self.jaeger_traces, trace, span.start_time_unix_nano);
        }
        let counts = self.services.entry(service).or_default();
        match &emitted.record {
            Record::Span(_) if emitted.duplicate => counts.duplicate_spans += 1,
            Record::Span(span) => {
                counts.spans += 1;
                let took = span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano);
                self.durations.entry(service).or_default().push(took);
                let is_consumer = span.kind == SpanKind::Consumer as i32;
                counts.requests += u64::from(is_consumer || span.kind == SpanKind::Server as i32);
                if let Some(caller) = emitted.caller.filter(|caller| *caller != service) {
                    *self.edges.entry((caller, service, is_consumer)).or_default() += 1;
                }
            }
            Record::Log(log) => {
                counts.logs += 1;
                for (case, found) in SEARCHES.iter().zip(&mut self.searches) {
                    if case.matches(service, log) {
                        found.count += 1;
                        found.newest.push(log.time_unix_nano);
                    }
                }
            }
        }
    }

    pub(crate) fn observe_request(&mut self, emitted: &Emitted, request: u32) {
        let Some(flow) = emitted.flow else { return };
        let requests = &mut self.flows[flow as usize].requests;
        if !requests.contains(&request) {
            requests.push(request);
        }
    }

    pub(crate) fn finish(&mut self) {
        self.durations.values_mut().for_each(|durations| durations.sort_unstable());
        for search in &mut self.searches {
            search.newest.sort_unstable_by(|left, right| right.cmp(left));
            search.newest.truncate(NEWEST_KEPT);
        }
        let mut times: Vec<u64> = self.jaeger_traces.values().copied().collect();
        times.sort_unstable_by(|left, right| right.cmp(left));
        if let Some(oldest) = times.get(JAEGER_LIMIT - 1) {
            self.jaeger_traces.retain(|_, time| *time >= *oldest);
        }
    }
}

fn see_trace(traces: &mut BTreeMap<[u8; 16], u64>, trace: [u8; 16], time: u64) {
    let newest = traces.entry(trace).or_default();
    *newest = time.max(*newest);
}

fn body_holds(body: Option<&AnyValue>, word: &str) -> bool {
    let Some(Value::StringValue(text)) = body.and_then(|body| body.value.as_ref()) else { return false };
    // Most bodies do not hold the word at all; only those that do are cut into tokens.
    text.contains(word) && tokens(text).any(|token| token == word)
}

/// The words of a text as a search sees them, but for their case.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|token| !token.is_empty())
}

fn holds_text(attributes: &[KeyValue], key: &str, value: &str) -> bool {
    attributes.iter().any(|attribute| {
        attribute.key == key
            && matches!(attribute.value.as_ref().and_then(|any| any.value.as_ref()),
                Some(Value::StringValue(text)) if text == value)
    })
}
