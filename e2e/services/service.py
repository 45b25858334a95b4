"""One of the shop's Python services: `python service.py NAME '{"payment": URL, "broker": URL}'`.

Prints its port, then works until standard input closes. `POST /flush` exports and tells what was sent.
"""

import json
import sys
import threading

import http_json
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from telemetry import Telemetry


class Service:
    """What every service has; the subclasses say what each one does."""

    topic = None

    def __init__(self, peers):
        self.peers = peers
        self.telemetry = Telemetry()
        self.tracer = self.telemetry.tracer
        self.log = self.telemetry.log

    def answer(self, path, headers, body):
        if path == "/flush":
            return 200, self.telemetry.flush()
        # A record that belongs to no order: it must never appear in one.
        self.log.info("a request came in")
        self.telemetry.orders.add(1)
        return self.handle(path, headers, body)

    def consume(self):
        """Takes messages of `topic` for as long as the process lives."""
        while True:
            _, message = http_json.call(f"{self.peers['broker']}/take/{self.topic}", {}, seconds=3600)
            self.take(message)
            http_json.call(f"{self.peers['broker']}/done/{self.topic}", {})

    def publish(self, topic, body, headers=None):
        http_json.call(f"{self.peers['broker']}/publish/{topic}", {"body": body, "headers": headers or {}})

    def handle(self, path, headers, body):
        return 404, {}

    def take(self, message):
        raise NotImplementedError


class Checkout(Service):
    """Names the order `app.order.id`, asks payment, and passes the order on through the queue."""

    def handle(self, path, headers, body):
        order, case = body["order"], {"e2e.case": body["case"]}
        parent = propagate.extract(dict((name.lower(), value) for name, value in headers.items()))
        attributes = {"app.order.id": order, "cart.items": 3, "cart.total": 61.5, "cart.gift": False, **case}
        with self.tracer.start_as_current_span("PlaceOrder", parent, SpanKind.SERVER, attributes) as span:
            self.log.info("placing the order", extra=case)
            with self.tracer.start_as_current_span("orders publish", kind=SpanKind.PRODUCER, attributes=case):
                carrier = {}
                propagate.inject(carrier)
                self.publish("orders", body, carrier)
            # Without context: its consumer knows nothing of tracing.
            self.publish("audit", body)
            with self.tracer.start_as_current_span("POST /charge", kind=SpanKind.CLIENT, attributes=case) as client:
                carrier = {}
                propagate.inject(carrier)
                status, told = http_json.call(f"{self.peers['payment']}/charge", body, carrier)
                client.set_attribute("http.response.status_code", status)
                if status >= 400:
                    client.set_status(Status(StatusCode.ERROR))
            if status >= 400:
                span.set_status(Status(StatusCode.ERROR, "payment refused"))
                self.log.error("the order failed: %s", told["error"], extra=case)
        return status, told


class Accounting(Service):
    """Starts a trace of its own for each message, linked to the producer; the order stands as JSON text in a log body."""

    topic = "orders"

    def take(self, message):
        body, case = message["body"], {"e2e.case": message["body"]["case"]}
        producer = trace.get_current_span(propagate.extract(message["headers"])).get_span_context()
        links = [trace.Link(producer, {"messaging.destination.name": "orders"})]
        with self.tracer.start_as_current_span("orders process", kind=SpanKind.CONSUMER, attributes=case, links=links):
            self.log.info(json.dumps({"event": "booked", "orderId": body["order"], "lines": 3}), extra=case)
            with self.tracer.start_as_current_span("shipments publish", kind=SpanKind.PRODUCER, attributes=case):
                carrier = {}
                propagate.inject(carrier)
                self.publish("shipments", {"case": body["case"]}, carrier)


class Audit(Service):
    """Only logs: no trace, no attribute, the order in free text."""

    topic = "audit"

    def take(self, message):
        body = message["body"]
        self.log.warning("kept for seven years, orderId: %s, by law", body["order"], extra={"e2e.case": body["case"]})


SERVICES = {"checkout": Checkout, "accounting": Accounting, "audit": Audit}


def main():
    name, peers = sys.argv[1], json.loads(sys.argv[2])
    service = SERVICES[name](peers)
    server = http_json.serve(service.answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if service.topic:
        threading.Thread(target=service.consume, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
