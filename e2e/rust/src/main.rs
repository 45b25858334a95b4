//! A Rust service of the end-to-end tests: `spoor-e2e-rust PROTOCOL ENDPOINT ORDER`, with `grpc` or `http/protobuf`.
//!
//! Settles an order in a trace of two spans, linked to a trace that is not here, and logs with and without context.
//! Prints what it sent as JSON; fails when the SDK could not deliver it.

use std::borrow::Cow;
use std::error::Error;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::trace::{
    Link, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    Compression, LogExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

type Exporters = (SpanExporter, LogExporter);

fn exporters(protocol: &str, endpoint: &str) -> Result<Exporters, Box<dyn Error>> {
    if protocol == "grpc" {
        let spans = SpanExporter::builder().with_tonic().with_compression(Compression::Gzip);
        let logs = LogExporter::builder().with_tonic();
        return Ok((spans.with_endpoint(endpoint).build()?, logs.with_endpoint(endpoint).build()?));
    }
    let spans = SpanExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/traces"));
    let logs = LogExporter::builder().with_http().with_endpoint(format!("{endpoint}/v1/logs"));
    Ok((spans.build()?, logs.build()?))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, protocol, endpoint, order] = arguments.as_slice() else {
        return Err("usage: spoor-e2e-rust grpc|http/protobuf ENDPOINT ORDER".into());
    };
    // Only the gRPC exporter works in it, and the HTTP one refuses to.
    let runtime = tokio::runtime::Runtime::new()?;
    let entered = (protocol == "grpc").then(|| runtime.enter());
    let (spans, logs) = exporters(protocol, endpoint)?;
    let resource = Resource::builder().with_service_name("settlement").build();
    let tracers =
        SdkTracerProvider::builder().with_batch_exporter(spans).with_resource(resource.clone()).build();
    let loggers = SdkLoggerProvider::builder().with_batch_exporter(logs).with_resource(resource).build();

    // A trace that nothing else links to: two that share one would be one flow.
    let linked = TraceId::from(u128::from_str_radix(&order.replace('-', ""), 16)?);
    let sent = settle(order, linked, &tracers, &loggers);
    drop(entered);
    tracers.shutdown()?;
    loggers.shutdown()?;
    println!("{sent}");
    Ok(())
}

/// Does the work, and tells what was sent.
fn settle(
    order: &str,
    trace: TraceId,
    tracers: &SdkTracerProvider,
    loggers: &SdkLoggerProvider,
) -> serde_json::Value {
    let (tracer, logger) = (tracers.tracer("settlement"), loggers.logger("settlement"));
    let span = SpanId::from(7_u64);
    let linked = SpanContext::new(trace, span, TraceFlags::SAMPLED, true, TraceState::default());
    let settling = tracer
        .span_builder("settle")
        .with_kind(SpanKind::Consumer)
        .with_attributes([KeyValue::new("order.id", order.to_owned()), KeyValue::new("parts", 3_i64)])
        .with_links(vec![Link::new(linked, vec![KeyValue::new("why", "batch")], 0)])
        .start(&tracer);
    let context = Context::current_with_span(settling);
    let write = |severity, body: Cow<'static, str>| {
        let mut record = logger.create_log_record();
        record.set_severity_number(severity);
        record.set_body(AnyValue::from(body.into_owned()));
        record.add_attribute("bytes", AnyValue::Bytes(Box::new(vec![0, 159, 255])));
        logger.emit(record);
    };
    let ids = {
        let _entered = context.clone().attach();
        write(Severity::Info, "settling".into());
        let transfer = tracer.start_with_context("transfer", &context);
        let inner = context.with_span(transfer);
        inner.span().add_event("refused", vec![KeyValue::new("attempt", 2_i64)]);
        inner.span().set_status(Status::error("the bank is closed"));
        inner.span().end();
        context.span().end();
        [&context, &inner].map(|context| context.span().span_context().span_id().to_string())
    };
    write(Severity::Warn, format!("settled later, orderId: {order}").into());
    serde_json::json!({
        "trace_id": context.span().span_context().trace_id().to_string(),
        "settle": ids[0],
        "transfer": ids[1],
        "linked": [trace.to_string(), span.to_string()],
    })
}
