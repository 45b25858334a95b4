"""The binary under test, and its API."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from .process import Process, environment

BINARY = os.environ["E2E_BINARY"]
CONFIG = Path(__file__).resolve().parent.parent / "spoor.yaml"
START_SECONDS = 60


class Spoor:
    """A running server on free ports."""

    def __init__(self, data_dir, config=CONFIG):
        self.data_dir = data_dir
        self.config = config
        self.start()

    def start(self):
        command = [BINARY, "serve", "--log-format", "json", "--config", str(self.config), "--data-dir", str(self.data_dir)]
        for flag in ("--otlp-grpc", "--otlp-http", "--http", "--jaeger-grpc"):
            command += [flag, "127.0.0.1:0"]
        self.process = Process(command, env=environment())
        ready = self.process.wait_for_error_line(_ready, START_SECONDS)
        self.otlp_grpc, self.otlp_http, self.http = ready["otlp_grpc"], ready["otlp_http"], ready["http"]
        self.jaeger_grpc = ready["jaeger_grpc"]
        self.took_ms = int(ready["took_ms"])
        status, text = self.request("/readyz")
        assert status == 200, f"logged that it is ready, and answers {status}: {text}"

    def kill(self):
        """Ends it as `kill -9` does."""
        self.process.end("KILL")

    def terminate(self):
        """Asks it to stop, and expects that it does so well."""
        code = self.process.end("TERM")
        assert code == 0, f"stopped with {code}:\n{self.process.error_output()}"

    def restart(self, how):
        how()
        self.start()

    def request(self, path):
        """Status and text of an answer of the API's port."""
        try:
            with urllib.request.urlopen(f"http://{self.http}{path}", timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def get(self, path, **parameters):
        """The JSON of a good answer of the API."""
        query = urllib.parse.urlencode(parameters)
        url = f"/api/v1/{path}?{query}" if query else f"/api/v1/{path}"
        status, text = self.request(url)
        assert status == 200, f"GET {url}: {status} {text}"
        return json.loads(text)

    def flow(self, identifier, **parameters):
        return self.get("flows/" + urllib.parse.quote(identifier, safe=""), **parameters)

    def find(self, identifier):
        return self.get("find", id=identifier)

    def search(self, query, **parameters):
        """All records that match, over all pages."""
        records, cursor = [], {}
        while True:
            page = self.get("search", q=query, limit=1000, **parameters, **cursor)
            records += page["records"]
            if not page["cursor"]:
                return records
            cursor = {"cursor": page["cursor"]}

    def metric(self, name):
        """Sum of a metric over its labels."""
        status, text = self.request("/metrics")
        assert status == 200, text
        lines = [line for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name]
        assert lines, f"no metric {name} in\n{text}"
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def memory(self):
        """Bytes of anonymous resident memory."""
        status = Path(f"/proc/{self.process.child.pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("RssAnon"))
        return int(kib) * 1024

    def is_running(self):
        return self.process.child.poll() is None


def _ready(line):
    try:
        logged = json.loads(line)
    except ValueError:
        return None
    return logged if logged.get("message") == "ready" else None
