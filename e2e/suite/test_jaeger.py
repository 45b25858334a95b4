"""Jaeger's clients, unchanged: the calls that Grafana's data source and jaeger-ui make, answers in the shapes they state,
and the gRPC service as a client finds it by reflection."""

import json
import os
import subprocess
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from harness.process import environment
from harness.spoor import Spoor

HERE = Path(__file__).resolve().parent.parent
CONFIG = "query: {jaeger_base_path: /jaeger/ui}\n"
SERVICE = "jaeger.api_v3.QueryService"
SECONDS_MAX = 60


def tracer(spoor, service):
    """The SDK as its users set it up; every span is sent when it ends."""
    provider = TracerProvider(resource=Resource.create({"service.name": service, "host.name": "e2e"}))
    exporter = OTLPSpanExporter(endpoint=f"http://{spoor.otlp_http}/v1/traces")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("e2e.jaeger", "1.0")


class Jaeger(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        cls.addClassCleanup(folder.cleanup)
        config = Path(folder.name) / "spoor.yaml"
        config.write_text(CONFIG)
        cls.spoor = Spoor(Path(folder.name) / "data", config)
        cls.addClassCleanup(lambda: cls.spoor.process.end("KILL"))
        cls.began = time.time_ns()
        cls.send()
        cls.ended = time.time_ns()

    @classmethod
    def send(cls):
        """A call from `web` to `shop/cart` that fails, and a consumer in a trace of its own that links to it."""
        web, cart = tracer(cls.spoor, "web"), tracer(cls.spoor, "shop/cart")
        with web.start_as_current_span("GET /cart", kind=SpanKind.CLIENT, attributes={"http.response.status_code": 500}):
            with cart.start_as_current_span("cart.get", kind=SpanKind.SERVER) as span:
                span.set_attributes({"big": 2**60, "ratio": 72.5, "items": ["a", "b"], "cached": False})
                span.add_event("exception", {"exception.type": "Timeout"})
                span.set_status(Status(StatusCode.ERROR, "too slow"))
                cls.context = span.get_span_context()
        link = Link(cls.context, {"link.reason": "retry"})
        with web.start_as_current_span("consume", context=trace.set_span_in_context(trace.INVALID_SPAN), kind=SpanKind.CONSUMER, links=[link]):
            pass
        cls.trace_id = f"{cls.context.trace_id:032x}"

    def call(self, shape, path, status=200, **parameters):
        """The answer of a call, of the status and the shape expected."""
        query = f"?{urllib.parse.urlencode(parameters, doseq=True)}" if parameters else ""
        told, text = self.spoor.request(path + query)
        self.assertEqual(told, status, f"{path}{query}: {text}")
        answer = json.loads(text)
        self.seen.append({"shape": shape, "answer": answer})
        return answer

    def setUp(self):
        self.seen = []

    def check_shapes(self):
        """Asks the schemas of the page about every answer since the test began."""
        command = ["node", str(HERE / "jaeger" / "schemas.cjs")]
        modules = {**environment(), "NODE_PATH": str(Path(os.environ["E2E_NODE"]) / "node_modules")}
        lines = "".join(json.dumps(seen) + "\n" for seen in self.seen)
        done = subprocess.run(command, input=lines, env=modules, capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        checked = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(checked), len(self.seen))
        self.assertEqual([one for one in checked if one["faults"]], [])

    def test_grafana_asks_the_classic_api(self):
        """Services, operations, search and trace as Grafana's Jaeger data source asks for them, with its parameters."""
        start, end = self.began // 1000, self.ended // 1000
        for base in ("", "/jaeger/ui"):
            self.assertEqual(self.call("classic services", f"{base}/api/services")["data"], ["shop/cart", "web"])
            path = f"{base}/api/services/{urllib.parse.quote('shop/cart', safe='')}/operations"
            self.assertEqual(self.call("classic services", path)["data"], ["cart.get"])
            search = {"service": "web", "operation": "GET /cart", "start": start, "end": end, "limit": 20, "lookback": "custom"}
            search |= {"tags": json.dumps({"http.response.status_code": "500"}), "minDuration": "1us", "maxDuration": "10m"}
            found = self.call("classic traces", f"{base}/api/traces", **search)["data"]
            self.assertEqual([trace["traceID"] for trace in found], [self.trace_id])
            whole = self.call("classic traces", f"{base}/api/traces/{self.trace_id.upper()}", start=start, end=end)["data"]
            self.assertEqual(whole, found)
        spans = {span["operationName"]: span for span in whole[0]["spans"]}
        tags = {tag["key"]: (tag["type"], tag["value"]) for tag in spans["cart.get"]["tags"]}
        self.assertEqual(tags["big"], ("int64", str(2**60)))
        self.assertEqual(tags["items"], ("string", '["a","b"]'))
        self.assertEqual(tags["error"], ("bool", True))
        self.assertEqual(tags["otel.scope.name"], ("string", "e2e.jaeger"))
        reference = {"refType": "CHILD_OF", "traceID": self.trace_id, "spanID": spans["GET /cart"]["spanID"]}
        self.assertEqual(spans["cart.get"]["references"], [reference])
        processes = whole[0]["processes"]
        self.assertEqual(processes[spans["cart.get"]["processID"]]["serviceName"], "shop/cart")
        linked = self.call("classic traces", "/api/traces", service="web", tags=json.dumps({"link.reason": "retry"}))["data"]
        self.assertEqual(linked[0]["spans"][0]["references"][0]["refType"], "FOLLOWS_FROM")
        self.call("classic operations", "/api/operations", service="web")
        both = self.call("classic traces", "/api/traces", traceID=[self.trace_id, "1"])
        self.assertEqual(both["errors"], [{"msg": "trace not found", "traceID": "0000000000000001"}])
        self.call("classic error", "/api/metrics/calls", 400)
        self.call("classic error", "/api/traces", 400)
        self.call("classic error", "/api/traces/1", 404)
        self.check_shapes()

    def test_jaeger_ui_asks_for_dependencies_and_metrics(self):
        """The service graph and the monitor, with the parameters that jaeger-ui sends."""
        told = lambda path: json.loads(self.spoor.request(path)[1])
        ends = self.ended // 10**6 + 10_000
        called = {"parent": "web", "child": "shop/cart"}
        graph = told(f"/api/dependencies?endTs={ends}&lookback=604800000")["data"]
        self.assertIn({**called, "callCount": 1}, graph)
        common = f"service=shop%2Fcart&endTs={ends}&lookback=3600000&step=60000&ratePer=600000&spanKind=server"
        for metric, family, least in (
            ("latencies", "service_operation_latencies", 0),
            ("calls", "service_operation_call_rate", 1 / 601),
            ("errors", "service_operation_error_rate", 0.99),
        ):
            answer = told(f"/api/metrics/{metric}?{common}&quantile=0.95&groupByOperation=true")
            self.assertEqual((answer["name"], answer["type"]), (family, "GAUGE"))
            labels = {label["name"]: label["value"] for label in answer["metrics"][0]["labels"]}
            self.assertEqual(labels, {"service_name": "shop/cart", "operation": "cart.get"})
            points = answer["metrics"][0]["metricPoints"]
            self.assertEqual(len(points), 61)
            self.assertGreater(points[-1]["gaugeValue"]["doubleValue"], least)

    def test_jaeger_ui_and_grafana_ask_version_3(self):
        """Times with an unencoded plus, as Grafana appends them; summaries, as jaeger-ui lists them."""
        self.assertEqual(self.call("v3 services", "/api/v3/services"), {"services": ["shop/cart", "web"]})
        self.call("v3 operations", "/api/v3/operations", service="web", span_kind="client")
        moment = lambda nanos: time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanos // 10**9))
        times = f"query.startTimeMin={moment(self.began - 10**9)}+00:00&query.startTimeMax={moment(self.ended + 2 * 10**9)}+00:00"
        summaries = self.call("v3 summaries", f"/api/v3/trace-summaries?query.serviceName=shop%2Fcart&{times}")["summaries"]
        self.assertEqual([(one["traceId"], one["spanCount"], one["errorSpanCount"]) for one in summaries], [(self.trace_id, 2, 1)])
        self.assertEqual((summaries[0]["rootServiceName"], summaries[0]["rootOperationName"]), ("web", "GET /cart"))
        found = self.call("v3 traces", f"/api/v3/traces?query.service_name=shop%2Fcart&query.num_traces=20&{times}")
        self.assertEqual(self.call("v3 traces", f"/api/v3/traces/{self.trace_id}"), found)
        self.call("v3 traces", f"/api/v3/traces?query.serviceName=web&{times}")
        self.call("v3 summaries", f"/api/v3/trace-summaries?query.serviceName=none&{times}")
        self.call("v3 error", f"/api/v3/traces?query.serviceName=none&{times}", 404)
        self.call("v3 error", "/api/v3/traces", 400)
        self.check_shapes()

    def test_the_grpc_service_is_found_by_reflection_and_answers(self):
        with grpc.insecure_channel(self.spoor.jaeger_grpc) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            self.assertIn(SERVICE, database.get_services())
            pool = descriptor_pool.DescriptorPool(database)
            methods = pool.FindServiceByName(SERVICE).methods_by_name

            def call(name, streams=False, **fields):
                method = methods[name]
                request = message_factory.GetMessageClass(method.input_type)(**fields)
                answer = message_factory.GetMessageClass(method.output_type)
                kind = channel.unary_stream if streams else channel.unary_unary
                made = kind(f"/{SERVICE}/{name}", lambda sent: sent.SerializeToString(), answer.FromString)
                told = made(request, timeout=SECONDS_MAX)
                return list(told) if streams else told

            self.assertEqual(list(call("GetServices").services), ["shop/cart", "web"])
            operations = [(one.name, one.span_kind) for one in call("GetOperations", service="web").operations]
            self.assertEqual(operations, [("GET /cart", "client"), ("consume", "consumer")])
            spans = lambda chunks: sorted(
                span.name for chunk in chunks for group in chunk.resource_spans for scope in group.scope_spans for span in scope.spans
            )
            self.assertEqual(spans(call("GetTrace", True, trace_id=self.trace_id)), ["GET /cart", "cart.get"])
            moment = lambda nanos: {"seconds": nanos // 10**9, "nanos": nanos % 10**9}
            query = {"service_name": "web", "attributes": {"link.reason": "retry"}, "search_depth": 5}
            query |= {"start_time_min": moment(self.began), "start_time_max": moment(self.ended)}
            self.assertEqual(spans(call("FindTraces", True, query=query)), ["consume"])
            summaries = [one for chunk in call("FindTraceSummaries", True, query=query) for one in chunk.summaries]
            self.assertEqual([one.root_operation_name for one in summaries], ["consume"])
            with self.assertRaises(grpc.RpcError) as refused:
                call("GetTrace", True, trace_id="1")
            self.assertEqual(refused.exception.code(), grpc.StatusCode.NOT_FOUND)
            health = channel.unary_unary("/grpc.health.v1.Health/Check", lambda sent: sent, lambda told: told)
            name = SERVICE.encode()
            self.assertEqual(health(b"\x0a" + bytes([len(name)]) + name, timeout=SECONDS_MAX), b"\x08\x01")
