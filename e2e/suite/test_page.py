"""The page in a real browser, over what real services sent: an order id in the box shows every service and the cause."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.process import environment
from harness.shop import LANGUAGES, Export, Shop
from harness.spoor import Spoor

JOURNEY = Path(__file__).resolve().parent.parent / "browser" / "journey.cjs"
SECONDS_MAX = 180


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        cls.addClassCleanup(folder.cleanup)
        cls.spoor = Spoor(folder.name)
        cls.addClassCleanup(lambda: cls.spoor.process.end("KILL"))
        shop = Shop(cls.spoor, Export("grpc"), Export("http/protobuf"))
        try:
            shop.order("paid", 40)
            cls.order = shop.order("declined", 250)
            shop.flush()
        finally:
            shop.close()
        cls.cause = cls.spoor.flow(cls.order)["cause"]
        cls.seen = cls.walk()

    @classmethod
    def walk(cls):
        shots = Path(os.environ["E2E_DIR"]) / "screenshots"
        shots.mkdir(parents=True, exist_ok=True)
        told = {"base": f"http://{cls.spoor.http}/", "order": cls.order, "trace": cls.cause["trace_id"], "shots": str(shots)}
        settings = environment(NODE_PATH=Path(os.environ["E2E_NODE"]) / "node_modules")
        command = ["node", str(JOURNEY), json.dumps(told)]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=SECONDS_MAX)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def step(self, name):
        return self.seen["steps"][name]

    def test_no_errors_no_refusals_no_requests_elsewhere(self):
        # What is not there is answered with 404, and the browser says so itself.
        wrong = [line for line in self.seen["wrong"] if "0123456789abcdef" not in line and "404" not in line]
        self.assertEqual(wrong, [])

    def test_the_order_opens_its_flow_with_every_service(self):
        for view in ("light", "dark"):
            flow = self.step(f"{view}: the flow")
            self.assertIn(self.order, flow["url"])
            for service in LANGUAGES:
                self.assertIn(service, flow["text"], view)
            for name in ("POST /orders", "PlaceOrder", "charge card", "orders process", "shipments process"):
                self.assertIn(name, flow["text"], view)

    def test_the_cause_and_its_owner_are_at_the_top(self):
        for view in ("light", "dark", "phone"):
            verdict = self.step(f"{view}: the flow")["verdict"]
            for words in ("Failed", "payment", "card declined: over the limit", "payments-team", "charge card"):
                self.assertIn(words, verdict, view)

    def test_a_row_opens_its_panel(self):
        panel = self.step("light: a row")
        for words in ("accounting", "orders process", "e2e.case", "declined"):
            self.assertIn(words, panel)

    def test_logs_stand_among_the_events_also_those_without_a_trace(self):
        events = self.step("light: the events")
        self.assertIn("kept for seven years", events)
        self.assertIn("order received", events)

    def test_a_trace_id_in_upper_case_opens_its_flow(self):
        self.assertIn(self.cause["trace_id"], self.step("light: a trace id in upper case")["url"])
        self.assertIn("Failed", self.step("light: a trace id in upper case")["verdict"])

    def test_words_find_records(self):
        self.assertIn("fulfilment", self.step("light: words"))

    def test_an_unknown_id_is_said_to_be_unknown(self):
        self.assertRegex(self.step("light: nothing found").lower(), "nothing|no record|not found")
