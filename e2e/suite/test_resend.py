"""A client that lost an answer sends the same request again: its records count once."""

import tempfile
import unittest
import uuid

from harness.otlp import ask, keyed, log_request, send, span_request
from harness.spoor import Spoor


class Resend(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        cls.addClassCleanup(folder.cleanup)
        cls.spoor = Spoor(folder.name)
        cls.addClassCleanup(lambda: cls.spoor.process.end("KILL"))

    def count(self, order):
        flow = self.spoor.flow(order)
        counted = (flow["span_count"], flow["log_count"], flow["duplicate_count"])
        self.assertEqual(len(self.spoor.search(f"order.id:{order}")), flow["span_count"] + flow["log_count"])
        return counted

    def test_an_identical_request_is_acknowledged_and_stored_once(self):
        order = str(uuid.uuid4())
        spans, logs = span_request([keyed(order)] * 1), log_request([keyed(order), keyed(order, 1)])
        for _ in range(3):
            self.assertEqual(send(self.spoor, "traces", spans).status, 200)
            self.assertEqual(send(self.spoor, "logs", logs).status, 200)
        self.assertEqual(self.count(order), (1, 2, 0))
        # The same bytes over the other transport, compressed or not, are the same request.
        code, _ = ask(self.spoor, "logs", logs)
        self.assertEqual(code.name, "OK")
        self.assertEqual(send(self.spoor, "logs", logs, compress=True).status, 200)
        self.assertEqual(self.count(order), (1, 2, 0))

    def test_it_is_still_known_after_a_kill_and_after_a_stop(self):
        for how in (self.spoor.kill, self.spoor.terminate):
            order = str(uuid.uuid4())
            logs = log_request([keyed(order)])
            self.assertEqual(send(self.spoor, "logs", logs).status, 200)
            self.spoor.restart(how)
            self.assertEqual(send(self.spoor, "logs", logs).status, 200)
            self.assertEqual(self.count(order), (0, 1, 0), how.__name__)

    def test_a_record_that_came_in_two_batches_is_one_in_the_flow(self):
        """A collector in between may batch anew; then the requests differ and the records are the same."""
        order = str(uuid.uuid4())
        first, second = keyed(order), keyed(order, 1)
        for batch in ([first], [first, second]):
            self.assertEqual(send(self.spoor, "traces", span_request(batch)).status, 200)
        flow = self.spoor.flow(order)
        self.assertEqual((flow["span_count"], flow["duplicate_count"]), (2, 1))
        codes = [reason["code"] for reason in flow["completeness"]["reasons"]]
        self.assertIn("duplicates_removed", codes)
