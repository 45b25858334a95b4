"""Unchanged SDKs in Python and Node: one order id brings back all of it, from every service, and again after a restart."""

import tempfile
import unittest

from harness.shop import LANGUAGES, Export, Shop
from harness.spoor import Spoor
from suite import truth

CASES = {
    "grpc": (Export("grpc"), Export("grpc", "gzip")),
    "http_protobuf": (Export("http/protobuf", "gzip"), Export("http/protobuf")),
    "http_json": (Export("grpc", "gzip"), Export("http/json", "gzip")),
    "each_port_takes_both": (Export("grpc", port="other"), Export("http/json", port="other")),
}
DECLINED = 250
PAID = 40


def lasting(answer):
    """An answer without what a restart may change: its cost, and the places where records are kept."""
    if isinstance(answer, dict):
        return {key: lasting(value) for key, value in answer.items() if key not in ("stats", "record")}
    return [lasting(value) for value in answer] if isinstance(answer, list) else answer


class Sdk(unittest.TestCase):
    """Each case places one order that is paid and one that is declined."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="spoor-e2e-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.spoor = Spoor(cls.folder.name)
        cls.addClassCleanup(lambda: cls.spoor.process.end("KILL"))
        cls.cases = {name: cls.run_shop(name, *exports) for name, exports in CASES.items()}
        cls.flows = {name: cls.spoor.flow(case["declined"]) for name, case in cls.cases.items()}

    @classmethod
    def run_shop(cls, name, python, node):
        shop = Shop(cls.spoor, python, node)
        try:
            paid, declined = shop.order(f"{name} paid", PAID), shop.order(f"{name} declined", DECLINED)
            # What is acknowledged is visible at once: nothing waits between this and the questions.
            sent = shop.flush()
            return {"paid": paid, "declined": declined, "sent": sent, "complaints": shop.complaints()}
        finally:
            shop.close()

    def test_sdks_export_all_three_signals_without_complaint(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                self.assertEqual(case["complaints"], {})
                for service, sent in case["sent"].items():
                    self.assertEqual(sent["flushed"], {"spans": True, "logs": True, "metrics": True}, service)

    def test_an_order_brings_back_every_span_and_log_as_it_was_sent(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                for order in ("declined", "paid"):
                    flow = self.spoor.flow(case[order])
                    spans, logs = truth.expected(case["sent"], f"{name} {order}")
                    self.assertGreaterEqual(len(spans), 9)
                    self.assertGreaterEqual(len(logs), 6)
                    found_spans, found_logs = truth.found(flow)
                    self.assertEqual(found_spans, spans)
                    self.assertEqual(found_logs, logs)
                    self.assertEqual((flow["span_count"], flow["log_count"]), (len(spans), len(logs)))
                    self.assertEqual(flow["duplicate_count"], 0)
                    self.assertIsNone(flow["truncated"])

    def test_the_flow_names_all_services_traces_and_owners(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                flow = self.flows[name]
                self.assertEqual({service["name"] for service in flow["services"]}, set(LANGUAGES))
                owners = {service["name"]: service["owner"] for service in flow["services"]}
                self.assertEqual(owners["payment"], "payments-team")
                self.assertIsNone(owners["checkout"])
                spans, _ = truth.expected(case["sent"], f"{name} declined")
                traces = {span[1] for span in spans}
                self.assertEqual(len(traces), 3, "storefront's, accounting's, fulfilment's")
                self.assertEqual({trace["trace_id"] for trace in flow["traces"]}, traces)
                self.assertEqual(flow["keys"], ["order.id"])
                self.assertEqual(flow["id"], case["declined"])

    def test_links_point_from_consumers_to_producers(self):
        for name in self.cases:
            with self.subTest(name):
                flow = self.flows[name]
                by_name = {span["name"]: span for span in flow["spans"]}
                expected = {
                    (by_name[consumer]["trace_id"], by_name[consumer]["span_id"], by_name[producer]["trace_id"], by_name[producer]["span_id"])
                    for consumer, producer in [("orders process", "orders publish"), ("shipments process", "shipments publish")]
                }
                links = {(link["trace_id"], link["span_id"], link["to_trace_id"], link["to_span_id"]) for link in flow["links"]}
                self.assertEqual(links, expected)
                sources = {trace["root_service"]: trace["linked_from"] for trace in flow["traces"]}
                self.assertIsNone(sources["storefront"])
                self.assertEqual(sources["accounting"]["service"], "checkout")
                self.assertEqual(sources["fulfilment"]["service"], "accounting")

    def test_the_cause_of_the_declined_order_is_named(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                flow = self.flows[name]
                self.assertEqual(flow["state"], "error")
                cause = flow["cause"]
                self.assertEqual((cause["service"], cause["name"], cause["owner"]), ("payment", "charge card", "payments-team"))
                self.assertIn("over the limit", cause["message"])
                span = next(span for span in flow["spans"] if span["span_id"] == cause["span_id"])
                self.assertEqual(span["record"], cause["record"])
                paid = self.spoor.flow(case["paid"])
                self.assertEqual((paid["state"], paid["cause"]), ("ok", None))

    def test_the_flow_is_complete(self):
        for name in self.cases:
            with self.subTest(name):
                completeness = self.flows[name]["completeness"]
                self.assertEqual(completeness["verdict"], "complete")
                # How long nothing was recorded depends on the machine.
                self.assertEqual([reason for reason in completeness["reasons"] if reason["code"] != "gaps"], [])

    def test_records_of_no_order_stay_out_and_are_kept(self):
        beats = self.spoor.search('"a request came in"', signal="logs")
        services = {"payment", "checkout", "storefront"}
        self.assertEqual({record["service"] for record in beats}, services)
        self.assertEqual(len(beats), 2 * len(services) * len(CASES))
        for name, case in self.cases.items():
            with self.subTest(name):
                for order in ("paid", "declined"):
                    bodies = [log["body"] for log in self.spoor.flow(case[order])["logs"]]
                    self.assertNotIn("a request came in", bodies)

    def test_any_spelling_of_an_id_is_recognised(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                flow = self.flows[name]
                cause = flow["cause"]
                trace, span = cause["trace_id"], cause["span_id"]
                dashed = "-".join([trace[:8], trace[8:12], trace[12:16], trace[16:20], trace[20:]])
                for spelling in (trace, trace.upper(), dashed, f"  {trace} ", f"00-{trace}-{span}-01"):
                    matches = self.spoor.find(spelling)["matches"]
                    kinds = {match["kind"]: match for match in matches}
                    self.assertIn("trace", kinds, spelling)
                    self.assertEqual(kinds["trace"]["id"], trace, spelling)
                spans = [match for match in self.spoor.find(span)["matches"] if match["kind"] == "span"]
                self.assertEqual([(match["id"], match["trace_id"]) for match in spans], [(span, trace)])
                orders = [match for match in self.spoor.find(case["declined"])["matches"] if match["kind"] == "flow"]
                self.assertEqual([(match["key"], match["id"]) for match in orders], [("order.id", case["declined"])])
                self.assertEqual(self.spoor.find("no-such-order")["matches"], [])

    def test_a_trace_id_opens_the_flow_too(self):
        for name in self.cases:
            with self.subTest(name):
                flow = self.flows[name]
                through_trace = self.spoor.flow(flow["cause"]["trace_id"].upper())
                self.assertEqual(through_trace["keys"], ["trace_id"])
                self.assertEqual(through_trace["cause"]["span_id"], flow["cause"]["span_id"])
                # The trace and what links to it; the record that only logs is reached by the order alone.
                self.assertLessEqual(set(LANGUAGES) - {"audit"}, {service["name"] for service in through_trace["services"]})

    def test_the_order_is_a_search_field_whatever_it_was_called(self):
        for name, case in self.cases.items():
            with self.subTest(name):
                records = self.spoor.search(f"order.id:{case['declined']}")
                services = {record["service"] for record in records}
                self.assertEqual(services, {"storefront", "checkout", "accounting", "audit"})
                for record in records:
                    self.assertIn({"key": "order.id", "value": case["declined"]}, record["correlation"])

    def test_the_same_answers_come_after_kills_and_stops(self):
        for how in (self.spoor.kill, self.spoor.terminate, self.spoor.kill):
            self.spoor.restart(how)
            for name, case in self.cases.items():
                with self.subTest(name):
                    self.assertEqual(lasting(self.spoor.flow(case["declined"])), lasting(self.flows[name]))
