//! The OpenTelemetry SDK of a Node service, set up as its users do, and a record of what the service really sent.
//!
//! Endpoint, compression and service name come from the standard `OTEL_*` variables.

"use strict";

const { DiagLogLevel, SpanKind, SpanStatusCode, diag, metrics, trace } = require("@opentelemetry/api");
const api = require("@opentelemetry/api-logs");
const { NodeSDK, logs, metrics: sdkMetrics, tracing } = require("@opentelemetry/sdk-node");

const PACKAGE = { grpc: "grpc", "http/protobuf": "proto", "http/json": "http" }[process.env.OTEL_EXPORTER_OTLP_PROTOCOL];
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${PACKAGE}`);
const { OTLPLogExporter } = require(`@opentelemetry/exporter-logs-otlp-${PACKAGE}`);
const { OTLPMetricExporter } = require(`@opentelemetry/exporter-metrics-otlp-${PACKAGE}`);

// What the SDK itself has to complain about goes to standard error, which the tests expect to be empty.
const complain = (...message) => console.error(...message);
const quiet = () => {};
diag.setLogger({ error: complain, warn: complain, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);

const nanos = ([seconds, rest]) => String(BigInt(seconds) * 1_000_000_000n + BigInt(rest));

/** What went to the exporters, in the words of Spoor's API. */
const truth = { spans: [], logs: [] };

const spanTruth = {
	onStart() {},
	onEnd(span) {
		truth.spans.push({
			trace_id: span.spanContext().traceId,
			span_id: span.spanContext().spanId,
			parent_span_id: span.parentSpanContext?.spanId ?? "",
			name: span.name,
			kind: SpanKind[span.kind].toLowerCase(),
			time: nanos(span.startTime),
			end: nanos(span.endTime),
			status: SpanStatusCode[span.status.code].toLowerCase(),
			attributes: span.attributes,
			events: span.events.map((event) => event.name),
			links: span.links.map(({ context }) => [context.traceId, context.spanId]),
		});
	},
	forceFlush: async () => {},
	shutdown: async () => {},
};

const logTruth = {
	onEmit(record) {
		truth.logs.push({
			trace_id: record.spanContext?.traceId ?? "",
			span_id: record.spanContext?.spanId ?? "",
			time: nanos(record.hrTime),
			severity_number: record.severityNumber,
			body: record.body,
			attributes: record.attributes,
		});
	},
	forceFlush: async () => {},
	shutdown: async () => {},
};

const spanBatches = new tracing.BatchSpanProcessor(new OTLPTraceExporter());
const logBatches = new logs.BatchLogRecordProcessor({ exporter: new OTLPLogExporter() });
const reader = new sdkMetrics.PeriodicExportingMetricReader({
	exporter: new OTLPMetricExporter(),
	exportIntervalMillis: 3_600_000,
});

const sdk = new NodeSDK({
	spanProcessors: [spanTruth, spanBatches],
	logRecordProcessors: [logTruth, logBatches],
	metricReaders: [reader],
});
sdk.start();

/** Exports everything there is; what was sent, and whether each export was acknowledged. */
async function flush() {
	const flushed = {};
	for (const [name, part] of Object.entries({ spans: spanBatches, logs: logBatches, metrics: reader })) {
		flushed[name] = await part.forceFlush().then(
			() => true,
			(error) => {
				complain(error);
				return false;
			},
		);
	}
	return { ...truth, flushed };
}

module.exports = {
	flush,
	log: api.logs.getLogger("shop", "0.9"),
	orders: metrics.getMeter("shop").createCounter("orders"),
	tracer: trace.getTracer("shop", "0.9"),
};
