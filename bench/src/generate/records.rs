//! Records as an instrumented service makes them: a stage with a clock that opens and closes spans and writes logs.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};

use super::estate::{Estate, Service};
use super::rng::Rng;
use super::values::{int, string, text};
use crate::truth::FlowTruth;

/// Keys of the values that are unique on every record in the high-cardinality workload; none is a correlation key.
pub const UNIQUE_KEYS: [&str; 8] = [
    "app.cache.key",
    "app.idempotency.token",
    "app.render.uuid",
    "app.lock.owner",
    "app.etag",
    "app.nonce",
    "app.upload.part",
    "app.lease",
];

/// A span or a log record.
#[derive(Clone, Debug)]
pub enum Record {
    /// A finished span.
    Span(Span),
    /// A log record.
    Log(LogRecord),
}

/// A record on its way to its instance's exporter.
#[derive(Clone, Debug)]
pub struct Emitted {
    /// When the instance hands it to its exporter, in unix nanoseconds.
    pub time: u64,
    /// Which instance made it.
    pub instance: usize,
    /// The flow it belongs to; none for background noise.
    pub flow: Option<u32>,
    /// A second copy of a record sent before, in another request.
    pub duplicate: bool,
    /// Whose span called this one, by parent or link.
    pub caller: Option<Service>,
    /// The record.
    pub record: Record,
}

/// A span that has started; [`Stage::end`] or [`Stage::fail`] finishes it.
#[derive(Debug)]
pub(super) struct OpenSpan {
    /// Whose span called it.
    pub(super) caller: Option<Service>,
    /// The instance it runs in.
    pub(super) instance: usize,
    /// The span so far.
    pub(super) span: Span,
}

/// Where a flow plays: the clock moves as it acts, and what it makes is collected.
pub(super) struct Stage<'a> {
    /// The estate.
    pub(super) estate: &'a Estate,
    /// The flow's randomness.
    pub(super) rng: &'a mut Rng,
    /// Now, in unix nanoseconds.
    pub(super) now: u64,
    /// What the flow must be found to hold.
    pub(super) truth: FlowTruth,
    /// The flow's number.
    pub(super) flow: u32,
    /// The customer's session, on every log record within a span.
    pub(super) session: String,
    /// How many unique values each record carries.
    pub(super) unique_attributes: usize,
    /// What was made.
    pub(super) emitted: Vec<Emitted>,
}

impl Stage<'_> {
    /// Lets between `low` and `high` microseconds pass, with nanosecond jitter.
    pub(super) fn pass(&mut self, low: u64, high: u64) {
        self.now += self.rng.between(low * 1000, high * 1000);
    }

    /// A new trace of this flow.
    pub(super) fn new_trace(&mut self) -> [u8; 16] {
        let trace = self.rng.bytes();
        self.truth.traces.push(trace);
        trace
    }

    /// Starts a root span.
    pub(super) fn begin_root(
        &mut self,
        instance: usize,
        trace: [u8; 16],
        kind: SpanKind,
        name: &str,
    ) -> OpenSpan {
        let mut attributes = Vec::with_capacity(10);
        self.add_thread(instance, &mut attributes);
        let span = Span {
            trace_id: trace.to_vec(),
            span_id: self.rng.bytes::<8>().to_vec(),
            flags: 0x101,
            name: name.to_owned(),
            kind: kind as i32,
            start_time_unix_nano: self.now,
            attributes,
            ..Span::default()
        };
        OpenSpan { caller: None, instance, span }
    }

    /// Starts a child of `parent`, in any instance.
    pub(super) fn begin(
        &mut self,
        instance: usize,
        parent: &OpenSpan,
        kind: SpanKind,
        name: &str,
    ) -> OpenSpan {
        let mut child = self.begin_root(instance, [0; 16], kind, name);
        child.caller = Some(self.estate.instances[parent.instance].service);
        child.span.trace_id.clone_from(&parent.span.trace_id);
        child.span.parent_span_id.clone_from(&parent.span.span_id);
        if parent.instance != instance {
            child.span.flags |= 0x200;
        }
        child
    }

    /// Finishes a span without a status.
    pub(super) fn end(&mut self, open: OpenSpan) {
        let OpenSpan { caller, instance, mut span } = open;
        self.pass(5, 60);
        span.end_time_unix_nano = self.now;
        self.add_unique(&mut span.attributes);
        self.truth.spans += 1;
        if span.status.as_ref().is_some_and(|status| status.code == StatusCode::Error as i32) {
            self.truth.error_spans += 1;
        }
        // One span in 500 flows or so is sent again in a later request, as a re-batching collector does.
        if self.rng.below(12_000) == 0 {
            self.truth.duplicates += 1;
            let again = Emitted {
                time: self.now + 3_000_000_000,
                instance,
                flow: Some(self.flow),
                duplicate: true,
                caller,
                record: Record::Span(span.clone()),
            };
            self.emitted.push(again);
        }
        self.emit(instance, Some(self.flow), caller, Record::Span(span));
    }

    /// Finishes a span in error, with an exception event.
    pub(super) fn fail(&mut self, mut open: OpenSpan, exception: &str, message: &str) {
        let attributes = vec![
            text("exception.type", exception),
            text("exception.message", message),
            text(
                "exception.stacktrace",
                format!("{exception}: {message}\n  at handle (service:118)\n  at run (pool:42)"),
            ),
        ];
        let event =
            Event { time_unix_nano: self.now, name: "exception".to_owned(), attributes, ..Event::default() };
        open.span.events.push(event);
        open.span.status = Some(Status { message: message.to_owned(), code: StatusCode::Error as i32 });
        self.end(open);
    }

    /// Writes a log record within a span.
    pub(super) fn log(
        &mut self,
        within: &OpenSpan,
        severity: SeverityNumber,
        body: String,
        extra: Vec<KeyValue>,
    ) {
        let mut record = self.log_record(within.instance, severity, string(body), extra);
        record.trace_id.clone_from(&within.span.trace_id);
        record.span_id.clone_from(&within.span.span_id);
        record.flags = 1;
        record.attributes.push(text("session.id", self.session.clone()));
        self.count_log(severity);
        self.emit(within.instance, Some(self.flow), None, Record::Log(record));
    }

    /// Writes a log record without trace context that carries the flow's id, so the flow must hold it.
    pub(super) fn log_by_id(
        &mut self,
        instance: usize,
        severity: SeverityNumber,
        body: String,
        extra: Vec<KeyValue>,
    ) {
        let record = self.log_record(instance, severity, string(body), extra);
        self.count_log(severity);
        self.emit(instance, Some(self.flow), None, Record::Log(record));
    }

    /// Writes a log record that belongs to no flow.
    pub(super) fn noise(&mut self, instance: usize, severity: SeverityNumber, body: AnyValue) {
        let record = self.log_record(instance, severity, body, Vec::new());
        self.emit(instance, None, None, Record::Log(record));
    }

    fn log_record(
        &mut self,
        instance: usize,
        severity: SeverityNumber,
        body: AnyValue,
        mut attributes: Vec<KeyValue>,
    ) -> LogRecord {
        self.pass(2, 40);
        self.add_thread(instance, &mut attributes);
        self.add_unique(&mut attributes);
        attributes.push(text("code.function.name", self.rng.pick(&FUNCTIONS)));
        attributes.push(int("code.line.number", self.rng.between(20, 60)));
        attributes.push(text("log.logger", self.estate.instances[instance].log_scope.name.clone()));
        LogRecord {
            time_unix_nano: self.now,
            observed_time_unix_nano: self.now + self.rng.between(900, 45_000),
            severity_number: severity as i32,
            severity_text: severity_text(severity).to_owned(),
            body: Some(body),
            attributes,
            ..LogRecord::default()
        }
    }

    fn count_log(&mut self, severity: SeverityNumber) {
        self.truth.logs += 1;
        if severity as i32 >= SeverityNumber::Error as i32 {
            self.truth.error_logs += 1;
        }
    }

    fn add_thread(&mut self, instance: usize, attributes: &mut Vec<KeyValue>) {
        if self.estate.instances[instance].service.has_threads() {
            let thread = self.rng.below(16);
            attributes.push(text("thread.name", format!("grpc-worker-{thread}")));
            attributes.push(int("thread.id", 30 + thread));
        }
    }

    fn add_unique(&mut self, attributes: &mut Vec<KeyValue>) {
        for key in UNIQUE_KEYS.iter().take(self.unique_attributes) {
            attributes.push(text(key, self.rng.uuid()));
        }
    }

    fn emit(&mut self, instance: usize, flow: Option<u32>, caller: Option<Service>, record: Record) {
        self.emitted.push(Emitted { time: self.now, instance, flow, duplicate: false, caller, record });
    }
}

const FUNCTIONS: [&str; 8] =
    ["handle", "PlaceOrder", "loadCart", "prepareItems", "reserve", "onMessage", "convert", "render"];

fn severity_text(severity: SeverityNumber) -> &'static str {
    match severity {
        SeverityNumber::Debug => "DEBUG",
        SeverityNumber::Warn => "WARN",
        SeverityNumber::Error => "ERROR",
        SeverityNumber::Fatal => "FATAL",
        _ => "INFO",
    }
}

/// A link to a span.
pub(super) fn link_to(open: &OpenSpan) -> Link {
    Link {
        trace_id: open.span.trace_id.clone(),
        span_id: open.span.span_id.clone(),
        flags: 0x301,
        ..Link::default()
    }
}
