"""The shop: six services in two languages, a queue between them, and what they really sent."""

import collections
import json
import os
import queue
import sys
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path

from .process import Process, environment

SERVICES = Path(__file__).resolve().parent.parent / "services"
sys.path.insert(0, str(SERVICES))
import http_json  # noqa: E402

# Started in this order: a service knows those before it.
LANGUAGES = {
    "payment": "node",
    "checkout": "python",
    "storefront": "node",
    "accounting": "python",
    "fulfilment": "node",
    "audit": "python",
}
SECONDS_MAX = 60


@dataclass(frozen=True)
class Export:
    """How the services of one language send."""

    protocol: str
    compression: str = ""
    port: str = "usual"

    def environment(self, spoor):
        addresses = {"grpc": spoor.otlp_grpc, "http": spoor.otlp_http}
        kind = "grpc" if self.protocol == "grpc" else "http"
        if self.port == "other":
            kind = "http" if kind == "grpc" else "grpc"
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{addresses[kind]}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": self.protocol,
            "OTEL_EXPORTER_OTLP_INSECURE": "true",
        }
        if self.compression:
            settings["OTEL_EXPORTER_OTLP_COMPRESSION"] = self.compression
        return settings


class Broker:
    """A queue over HTTP: `/publish/TOPIC`, `/take/TOPIC` which waits, `/done/TOPIC`."""

    def __init__(self):
        self._topics = collections.defaultdict(lambda: queue.Queue(1000))
        self._open = 0
        self._changed = threading.Condition()
        self._server = http_json.serve(self._answer)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, path, _headers, body):
        _, action, topic = path.split("/")
        if action == "take":
            return 200, self._topics[topic].get()
        with self._changed:
            self._open += {"publish": 1, "done": -1}[action]
            self._changed.notify_all()
        if action == "publish":
            self._topics[topic].put(body)
        return 200, {}

    def wait_until_idle(self):
        with self._changed:
            idle = self._changed.wait_for(lambda: self._open == 0, SECONDS_MAX)
        assert idle, f"{self._open} messages were not handled"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Shop:
    """The running services."""

    def __init__(self, spoor, python, node):
        self.broker = Broker()
        self.processes, self.urls = {}, {}
        exports = {"python": python, "node": node}
        for name, language in LANGUAGES.items():
            self._start(name, language, exports[language].environment(spoor))

    def _start(self, name, language, settings):
        peers = json.dumps({**self.urls, "broker": self.broker.url})
        settings = environment(**settings, OTEL_SERVICE_NAME=name)
        if language == "python":
            command = [sys.executable, str(SERVICES / "service.py"), name, peers]
        else:
            settings["NODE_PATH"] = str(Path(os.environ["E2E_NODE"]) / "node_modules")
            command = ["node", str(SERVICES / "service.cjs"), name, peers]
        process = Process(command, env=settings)
        self.processes[name] = process
        line = process.child.stdout.readline()
        assert line, f"{name} did not start:\n{process.error_output()}"
        self.urls[name] = f"http://127.0.0.1:{json.loads(line)['port']}"

    def order(self, case, amount):
        """Places an order and waits until every service is done with it; its id."""
        order = str(uuid.uuid4())
        status, told = http_json.call(f"{self.urls['storefront']}/orders", {"order": order, "case": case, "amount": amount})
        assert status == (200 if amount <= 100 else 402), f"{status} {told}"
        self.broker.wait_until_idle()
        return order

    def flush(self):
        """Exports everything; what each service sent: `{service: {"spans": [], "logs": [], "flushed": {}}}`."""
        sent = {}
        for name, url in self.urls.items():
            status, sent[name] = http_json.call(f"{url}/flush", {})
            assert status == 200, f"{name}: {sent[name]}"
        return sent

    def complaints(self):
        """What SDKs or services wrote to standard error, by service."""
        return {name: text for name, process in self.processes.items() if (text := process.error_output())}

    def close(self):
        for process in self.processes.values():
            process.end("KILL")
        self.broker.close()
