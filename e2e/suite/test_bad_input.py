"""Whatever comes in: a status that says what the specification says, a message a person can act on, and a server that
neither dies nor grows; what is valid beside it is kept."""

import gzip
import json
import subprocess
import tempfile
import unittest
import uuid
import zlib
from pathlib import Path

from google.rpc import status_pb2
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from harness.otlp import NOW, ask, keyed, log_request, send, span_request, text
from harness.process import environment
from harness.spoor import BINARY, Spoor

REQUEST_MAX = 64 << 20
# Anonymous memory that small bad input, repeated, may add; and that oversize bodies may take, of which the default
# configuration lets 192 MiB in at once and the allocator keeps a part for a while.
GROWTH_MAX = 48 << 20
MEMORY_MAX = 400 << 20
YEAR_2500 = 16_725_225_600 * 10**9


def length_delimited(number, payload):
    """A protobuf field, written by hand where the library would not write it."""
    length, header = len(payload), bytearray([number << 3 | 2])
    while length > 0x7F:
        header.append(length & 0x7F | 0x80)
        length >>= 7
    header.append(length)
    return bytes(header) + payload


def raw_log(record):
    """A request with one log record of the given bytes."""
    return length_delimited(1, length_delimited(2, length_delimited(2, record)))


def nested_value(depth):
    """An `AnyValue` of arrays in arrays, as bytes."""
    value = length_delimited(1, b"deep")
    for _ in range(depth):
        value = length_delimited(5, length_delimited(1, value))
    return value


def bomb(size):
    """gzip of `size` zeros, small itself."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join([packer.compress(block) for _ in range(size >> 20)] + [packer.flush()])


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        cls.addClassCleanup(folder.cleanup)
        cls.spoor = Spoor(folder.name)
        cls.addClassCleanup(lambda: cls.spoor.process.end("KILL"))

    def tearDown(self):
        self.assertTrue(self.spoor.is_running(), self.spoor.process.error_output())
        # A good request right after is taken and found.
        order = str(uuid.uuid4())
        self.assertEqual(send(self.spoor, "logs", log_request([keyed(order)])).status, 200)
        self.assertEqual(self.spoor.flow(order)["log_count"], 1)

    def assert_refused(self, answer, status, words):
        """The status, a protobuf `Status` as its body, and words that help."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/x-protobuf")
        message = status_pb2.Status.FromString(answer.body).message
        self.assertRegex(message, words)
        self.assertNotIn("retry-after", answer.headers)

    def assert_partial(self, answer, kind, rejected, words):
        self.assertEqual(answer.status, 200, answer)
        partial = kind.FromString(answer.body).partial_success
        count = partial.rejected_spans if kind is ExportTraceServiceResponse else partial.rejected_log_records
        self.assertEqual(count, rejected, partial)
        self.assertRegex(partial.error_message, words)

    def test_wrong_content_types_are_named(self):
        body = log_request([keyed(str(uuid.uuid4()))])
        for wrong in ("text/plain", "application/xml", None):
            answer = send(self.spoor, "logs", body, content_type=wrong)
            self.assertEqual(answer.status, 415, answer)
            self.assertIn("application/x-protobuf", answer.json()["message"])
        answer = send(self.spoor, "logs", body, headers={"content-encoding": "br"})
        self.assert_refused(answer, 415, "br.*gzip|gzip.*br")

    def test_unknown_paths_and_methods_are_answered(self):
        body = log_request([keyed(str(uuid.uuid4()))])
        self.assertEqual(send(self.spoor, "logs", body, path="/v1/log").status, 404)
        self.assertEqual(send(self.spoor, "logs", body, path="/").status, 404)

    def test_malformed_protobuf_is_refused(self):
        good = span_request([keyed(str(uuid.uuid4())) for _ in range(3)])
        for wrong in (good[:-1], good[: len(good) // 2], b"\xff" * 40, b"hello", length_delimited(1, b"\x0a\xff")):
            self.assert_refused(send(self.spoor, "traces", wrong), 400, "not an OTLP message|resource_spans")
            code, error = ask(self.spoor, "traces", wrong)
            self.assertEqual(code.name, "INVALID_ARGUMENT", error)
            self.assertTrue(error.details())

    def test_malformed_json_is_refused_in_json(self):
        for wrong in (b"{", b"[]", b'{"resourceLogs": 5}', b'{"resourceLogs": [{"scopeLogs": "no"}]}', b"\xff\xfe", b"[" * 100_000):
            answer = send(self.spoor, "logs", wrong, content_type="application/json")
            self.assertEqual(answer.status, 400, answer)
            self.assertTrue(answer.json()["message"])

    def test_broken_gzip_is_refused(self):
        packed = gzip.compress(log_request([keyed(str(uuid.uuid4()))]))
        for wrong in (packed[:-6], packed[:8] + b"\0" * 20, b"not gzip"):
            self.assert_refused(send(self.spoor, "logs", wrong, headers={"content-encoding": "gzip"}), 400, "gzip|decompress")

    def test_oversize_bodies_and_bombs_are_refused_within_the_memory_budget(self):
        words = "67108864|64 MiB|request_bytes_max"
        oversize, packed = bytes(REQUEST_MAX + 1), bomb(1 << 30)
        for _ in range(5):
            self.assert_refused(send(self.spoor, "logs", packed, headers={"content-encoding": "gzip"}), 413, words)
            self.assert_refused(send(self.spoor, "logs", oversize), 413, words)
        for body, compress in ((oversize, False), (bytes(100 << 20), True)):
            code, error = ask(self.spoor, "logs", body, compress)
            self.assertEqual(code.name, "RESOURCE_EXHAUSTED", error)
            self.assertNotIn("grpc-status-details-bin", [name for name, _ in error.trailing_metadata()])
        self.assertLess(self.spoor.memory(), MEMORY_MAX)

    def test_one_record_nested_too_deeply_is_rejected_alone(self):
        order = str(uuid.uuid4())
        good = log_request([keyed(order)])
        for depth in (65, 10_000):
            deep = raw_log(length_delimited(5, nested_value(depth)))
            self.assert_partial(send(self.spoor, "logs", deep + good), ExportLogsServiceResponse, 1, "64")
        self.assertGreaterEqual(self.spoor.flow(order)["log_count"], 1)
        kept = raw_log(length_delimited(5, nested_value(60)))
        self.assertEqual(send(self.spoor, "logs", kept).body, b"")
        text_body = '{"a":' * 10_000 + "1" + "}" * 10_000
        self.assertEqual(send(self.spoor, "logs", log_request([keyed(order, 9, body=AnyValue(string_value=text_body))])).status, 200)
        deep_json = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + b'{"arrayValue":{"values":[' * 10_000
        answer = send(self.spoor, "logs", deep_json + b"]}}" * 10_000 + b"}]}]}]}", content_type="application/json")
        # JSON this deep is refused while it is read, before there are records.
        self.assertEqual(answer.status, 400, answer)
        self.assertRegex(answer.json()["message"], "recursion|deep|nest")

    def test_invalid_utf8_rejects_its_record_only(self):
        order = str(uuid.uuid4())
        bad = raw_log(length_delimited(5, length_delimited(1, b"caf\xe9")))
        answer = send(self.spoor, "logs", bad + log_request([keyed(order)]))
        self.assert_partial(answer, ExportLogsServiceResponse, 1, "UTF-8")
        self.assertEqual(self.spoor.flow(order)["log_count"], 1)

    def test_ids_of_zeros_or_of_wrong_length_reject_their_span_only(self):
        order = str(uuid.uuid4())
        wrong = [
            {"trace_id": bytes(16)},
            {"span_id": bytes(8)},
            {"trace_id": b""},
            {"trace_id": b"123"},
            {"span_id": b"123456789"},
            {"parent_span_id": b"1"},
        ]
        spans = [keyed(order, 100 + index, **fields) for index, fields in enumerate(wrong)]
        answer = send(self.spoor, "traces", span_request([keyed(order), *spans, keyed(order, 1)]))
        self.assert_partial(answer, ExportTraceServiceResponse, len(wrong), "trace_id")
        self.assertEqual(self.spoor.flow(order)["span_count"], 2)
        code, told = ask(self.spoor, "traces", span_request([keyed(order, 2), spans[0]]))
        self.assertEqual(code.name, "OK")
        self.assertEqual(ExportTraceServiceResponse.FromString(told).partial_success.rejected_spans, 1)
        # A log needs no trace: zeros mean that it has none.
        logs = log_request([keyed(order, trace_id=bytes(16), span_id=bytes(8))])
        self.assertEqual(send(self.spoor, "logs", logs).body, b"")
        found = [log for log in self.spoor.flow(order)["logs"]]
        self.assertEqual([(log["trace_id"], log["span_id"]) for log in found], [("", "")])

    def test_odd_times_are_kept_and_found(self):
        order = str(uuid.uuid4())
        times = {"without": 0, "first": 1, "future": YEAR_2500, "last": 2**64 - 1}
        logs = [keyed(order, index, time_unix_nano=time, body=AnyValue(string_value=name)) for index, (name, time) in enumerate(times.items())]
        self.assertEqual(send(self.spoor, "logs", log_request(logs)).status, 200)
        spans = [keyed(order, 10, start_time_unix_nano=0, end_time_unix_nano=0), keyed(order, 11, start_time_unix_nano=NOW, end_time_unix_nano=5)]
        self.assertEqual(send(self.spoor, "traces", span_request(spans)).status, 200)
        flow = self.spoor.flow(order)
        self.assertEqual({log["body"] for log in flow["logs"]}, set(times))
        self.assertEqual(flow["span_count"], 2)
        by_body = {log["body"]: log for log in flow["logs"]}
        self.assertEqual(by_body["first"]["time"], "1")
        self.assertLess(abs(int(by_body["without"]["time"]) - NOW), 3600 * 10**9)
        self.assertEqual(by_body["future"]["raw_time"], str(YEAR_2500))
        self.assertEqual(by_body["last"]["raw_time"], str(2**64 - 1))

    def test_a_hundred_thousand_attributes_reject_their_record_only(self):
        order = str(uuid.uuid4())
        many = keyed(order, 1, attributes=[text(f"key-{index}", "value") for index in range(100_000)])
        answer = send(self.spoor, "logs", log_request([keyed(order), many]))
        self.assert_partial(answer, ExportLogsServiceResponse, 1, "1000 attributes")
        self.assertEqual(self.spoor.flow(order)["log_count"], 1)

    def test_duplicate_keys_are_kept_and_shown(self):
        order = str(uuid.uuid4())
        twice = [text("order.id", order), text("size", "small"), text("size", "large")]
        self.assertEqual(send(self.spoor, "logs", log_request([keyed(order, attributes=twice)])).body, b"")
        flow = self.spoor.flow(order)
        self.assertIn(flow["logs"][0]["attributes"]["size"], ("small", "large"))
        for size in ("small", "large"):
            self.assertEqual(len(self.spoor.search(f"order.id:{order} size:{size}")), 1, size)

    def test_long_values_come_back_whole(self):
        order = str(uuid.uuid4())
        stack, name = "at shop.Checkout.place\n" * 20_000, "n" * 4_000
        record = keyed(order, attributes=[text("order.id", order), text("exception.stacktrace", stack), text(name, "v")])
        self.assertEqual(send(self.spoor, "logs", log_request([record])).body, b"")
        found = self.spoor.flow(order)["logs"][0]["attributes"]
        self.assertEqual((found["exception.stacktrace"], found[name]), (stack, "v"))

    def test_a_name_without_end_rejects_its_record_only(self):
        order = str(uuid.uuid4())
        endless = keyed(order, 1, attributes=[text("n" * 300_000, "v")])
        answer = send(self.spoor, "logs", log_request([keyed(order), endless]))
        self.assert_partial(answer, ExportLogsServiceResponse, 1, "4096 bytes")
        self.assertEqual(self.spoor.flow(order)["log_count"], 1)


class Growth(unittest.TestCase):
    """A server of its own, whose memory nothing else has stretched."""

    def test_the_same_again_and_again_does_not_grow_it(self):
        folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        self.addCleanup(folder.cleanup)
        spoor = Spoor(folder.name)
        self.addCleanup(lambda: spoor.process.end("KILL"))
        good = log_request([keyed(str(uuid.uuid4()))])
        deep, cut = raw_log(length_delimited(5, nested_value(10_000))), good[:-1]
        many = log_request([{"attributes": [text(f"key-{index}", "value") for index in range(20_000)]}])

        def rounds(count):
            for _ in range(count):
                for body in (deep, cut, many, b"\xff" * 100_000):
                    self.assertIn(send(spoor, "logs", body).status, (200, 400))

        rounds(10)
        before = spoor.memory()
        rounds(100)
        self.assertLess(spoor.memory() - before, GROWTH_MAX)


class BadConfiguration(unittest.TestCase):
    """A wrong key is refused before anything starts, with its place and the nearest that exists."""

    def check(self, content, *words):
        with tempfile.TemporaryDirectory(prefix="spoor-e2e-") as folder:
            path = Path(folder) / "spoor.yaml"
            path.write_text(content)
            data = Path(folder) / "data"
            command = [BINARY, "--config", str(path), "--data-dir", str(data)]
            done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            for word in words:
                self.assertRegex(done.stderr, word)
            self.assertFalse(data.exists(), "something was opened")

    def test_a_wrong_key_is_named_with_line_and_column(self):
        self.check("store:\n  splt_records: 5\n", "splt_records", "split_records", r"\b2\b.*\b3\b|2:3")

    def test_a_wrong_value_is_named(self):
        self.check("store:\n  split_records: many\n", "split_records|many", r"\b2\b")

    def test_a_regex_that_is_none_is_named(self):
        self.check("correlation:\n  keys:\n    - name: order.id\n      body_regex: ['(']\n", "order.id|body_regex", r"\(")

    def test_text_that_is_no_yaml_is_named(self):
        self.check("store: [\n", "spoor.yaml")
