"""The OpenTelemetry SDK of a Python service, set up as its users do, and a record of what the service really sent.

Endpoint and compression come from the standard `OTEL_*` variables.
"""

import logging
import os
import sys
import threading
import warnings

from opentelemetry import metrics, trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler, LogRecordProcessor
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

if os.environ["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter


def _hex(number, digits):
    return f"{number:0{digits}x}" if number else ""


class Truth(SpanProcessor, LogRecordProcessor):
    """What went to the exporters, in the words of Spoor's API."""

    def __init__(self):
        self._lock = threading.Lock()
        self.spans = []
        self.logs = []

    def on_end(self, span):
        record = {
            "trace_id": _hex(span.context.trace_id, 32),
            "span_id": _hex(span.context.span_id, 16),
            "parent_span_id": _hex(span.parent.span_id, 16) if span.parent else "",
            "name": span.name,
            "kind": span.kind.name.lower(),
            "time": str(span.start_time),
            "end": str(span.end_time),
            "status": span.status.status_code.name.lower(),
            "attributes": dict(span.attributes),
            "events": [event.name for event in span.events],
            "links": [[_hex(link.context.trace_id, 32), _hex(link.context.span_id, 16)] for link in span.links],
        }
        with self._lock:
            self.spans.append(record)

    def on_emit(self, log_record):
        log = log_record.log_record
        record = {
            "trace_id": _hex(log.trace_id, 32),
            "span_id": _hex(log.span_id, 16),
            "time": str(log.timestamp),
            "severity_number": log.severity_number.value,
            "body": log.body,
            "attributes": dict(log.attributes),
        }
        with self._lock:
            self.logs.append(record)

    def shutdown(self):
        pass

    def force_flush(self, timeout_millis=30000):
        return True

    def everything(self):
        with self._lock:
            return {"spans": list(self.spans), "logs": list(self.logs)}


class Telemetry:
    """Tracer, logger and meter of this service."""

    def __init__(self):
        self.truth = Truth()
        resource = Resource.create({"service.version": "1.2.3"})
        self._tracers = TracerProvider(resource=resource)
        self._tracers.add_span_processor(self.truth)
        self._tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(self._tracers)
        self._loggers = LoggerProvider(resource=resource)
        self._loggers.add_log_record_processor(self.truth)
        self._loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=3_600_000)
        self._meters = MeterProvider(resource=resource, metric_readers=[reader])
        metrics.set_meter_provider(self._meters)

        # What the SDK itself has to complain about goes to standard error, which the tests expect to be empty.
        logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
        with warnings.catch_warnings():
            # The handler is moving to another package; until then this is where users find it.
            warnings.simplefilter("ignore", DeprecationWarning)
            handler = LoggingHandler(logger_provider=self._loggers)
        self.log = logging.getLogger("shop")
        self.log.setLevel(logging.DEBUG)
        self.log.propagate = False
        self.log.addHandler(handler)
        self.tracer = trace.get_tracer("shop", "0.9")
        self.orders = metrics.get_meter("shop").create_counter("orders")

    def flush(self):
        """Exports everything there is; what was sent, and whether each export was acknowledged."""
        providers = {"spans": self._tracers, "logs": self._loggers, "metrics": self._meters}
        flushed = {name: provider.force_flush(20_000) for name, provider in providers.items()}
        return {**self.truth.everything(), "flushed": flushed}
