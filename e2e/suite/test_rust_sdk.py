"""The Rust SDK over both transports: one order id brings back its spans, its link and its logs."""

import json
import os
import subprocess
import tempfile
import unittest
import uuid
from pathlib import Path

from harness.process import environment
from harness.spoor import Spoor

PROGRAM = Path(os.environ["E2E_DIR"]) / "rust" / "debug" / "spoor-e2e-rust"
SECONDS_MAX = 60


class RustSdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        cls.addClassCleanup(folder.cleanup)
        cls.spoor = Spoor(folder.name)
        cls.addClassCleanup(lambda: cls.spoor.process.end("KILL"))

    def check(self, protocol, address):
        order = str(uuid.uuid4())
        command = [str(PROGRAM), protocol, f"http://{address}", order]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=SECONDS_MAX)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        sent = json.loads(done.stdout)
        flow = self.spoor.flow(order)
        spans = {span["name"]: span for span in flow["spans"]}
        self.assertEqual({name: span["span_id"] for name, span in spans.items()}, {name: sent[name] for name in ("settle", "transfer")})
        self.assertEqual({span["trace_id"] for span in flow["spans"]}, {sent["trace_id"]})
        settle, transfer = spans["settle"], spans["transfer"]
        self.assertEqual((settle["kind"], settle["attributes"]), ("consumer", {"order.id": order, "parts": 3}))
        self.assertEqual([[link["trace_id"], link["span_id"]] for link in settle["links"]], [sent["linked"]])
        self.assertEqual((transfer["parent_span_id"], transfer["status"]), (sent["settle"], "error"))
        self.assertEqual([(event["name"], event["attributes"]) for event in transfer["events"]], [("refused", {"attempt": 2})])
        cause = flow["cause"]
        self.assertEqual((cause["service"], cause["name"], cause["message"]), ("settlement", "transfer", "the bank is closed"))
        logs = [(log["body"], log["severity"], log["trace_id"], log["span_id"]) for log in flow["logs"]]
        self.assertEqual(
            logs,
            [("settling", "info", sent["trace_id"], sent["settle"]), (f"settled later, orderId: {order}", "warn", "", "")],
        )
        self.assertEqual(flow["logs"][0]["attributes"], {"bytes": {"bytes": "AJ//"}})

    def test_grpc_with_gzip(self):
        self.check("grpc", self.spoor.otlp_grpc)

    def test_http_with_protobuf(self):
        self.check("http/protobuf", self.spoor.otlp_http)
