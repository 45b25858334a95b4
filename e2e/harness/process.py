"""A child process whose error output is kept, and which ends with the tests."""

import atexit
import collections
import os
import subprocess
import threading

_running = set()


class Process:
    """A started command. Lines of its error output are kept, the newest of them when there are many."""

    def __init__(self, command, **options):
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        self.errors = collections.deque(maxlen=10_000)
        self._changed = threading.Condition()
        self._ended = False
        _running.add(self)
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read_errors(self):
        for line in self.child.stderr:
            with self._changed:
                self.errors.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for_error_line(self, wanted, seconds):
        """The first value other than None that `wanted` makes of a line of error output."""
        found = []

        def look():
            while self.errors:
                value = wanted(self.errors.popleft())
                if value is not None:
                    found.append(value)
                    return True
            return self._ended

        with self._changed:
            if not self._changed.wait_for(look, seconds) or not found:
                raise AssertionError(f"{self.child.args[0]} did not start: {self.child.poll()}")
        return found[0]

    def error_output(self):
        with self._changed:
            return "".join(self.errors)

    def end(self, signal_name="TERM", seconds=30):
        """Ends it, by force when it does not go; its exit code."""
        if self.child.poll() is None:
            self.child.terminate() if signal_name == "TERM" else self.child.kill()
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.child.args[0]} did not stop within {seconds} s") from None
        finally:
            _running.discard(self)
            self.child.stdin.close()
            self.child.stdout.close()


@atexit.register
def _end_all():
    for process in list(_running):
        process.child.kill()
        process.child.wait()


def environment(**extra):
    """The environment without what could steer Spoor or an SDK."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPOOR_", "OTEL_"))}
    return {**kept, **{name: str(value) for name, value in extra.items()}}
