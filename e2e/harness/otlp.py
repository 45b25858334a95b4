"""OTLP requests made by hand, good and bad, over real sockets."""

import gzip
import http.client
import json
import time
from dataclasses import dataclass

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

PROTOBUF = "application/x-protobuf"
SERVICES = {
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
}
# A record keeps its time between tests, so that equal ones are equal.
NOW = time.time_ns()


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)


def text(key, value):
    return KeyValue(key=key, value=AnyValue(string_value=value))


def keyed(order, number=0, **fields):
    """Fields of a span or log that carries an order."""
    ids = {"trace_id": bytes.fromhex(order.replace("-", "")), "span_id": (number + 1).to_bytes(8, "big")}
    return {**ids, "attributes": [text("order.id", order)], **fields}


def log_request(records):
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.append(text("service.name", "by-hand"))
    scope = group.scope_logs.add()
    for index, fields in enumerate(records):
        log = {"time_unix_nano": NOW + index, "severity_number": 9, "body": AnyValue(string_value="written by hand")}
        scope.log_records.add(**{**log, **fields})
    return request.SerializeToString()


def span_request(records):
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.append(text("service.name", "by-hand"))
    scope = group.scope_spans.add()
    for fields in records:
        span = {"name": "by hand", "kind": 1, "start_time_unix_nano": NOW, "end_time_unix_nano": NOW + 1_000_000}
        scope.spans.add(**{**span, **fields})
    return request.SerializeToString()


def send(spoor, signal, body, content_type=PROTOBUF, compress=False, headers=None, path=None):
    """Posts `body` over HTTP."""
    headers = {**({"content-type": content_type} if content_type else {}), **(headers or {})}
    if compress:
        body, headers["content-encoding"] = gzip.compress(body), "gzip"
    connection = http.client.HTTPConnection(spoor.otlp_http, timeout=60)
    try:
        connection.request("POST", path or f"/v1/{signal}", body, headers)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, told, answer.read())
    finally:
        connection.close()


def ask(spoor, signal, body, compress=False):
    """Calls `Export` over gRPC with bytes as they are; the code, and the answer or the error."""
    options = [("grpc.max_send_message_length", -1)]
    compression = grpc.Compression.Gzip if compress else grpc.Compression.NoCompression
    with grpc.insecure_channel(spoor.otlp_grpc, options=options, compression=compression) as channel:
        call = channel.unary_unary(f"/{SERVICES[signal]}/Export", lambda sent: sent, lambda told: told)
        try:
            return grpc.StatusCode.OK, call(body, timeout=60)
        except grpc.RpcError as error:
            return error.code(), error
