"""Runs the suite, or the tests whose name holds a pattern, and closes with a line in the form of `cargo test`."""

import argparse
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Progress(unittest.TextTestResult):
    """One line for each test."""

    succeeded = 0

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()

    def _tell(self, test, outcome):
        took = time.monotonic() - self._began
        _, group, name = test.id().rsplit(".", 2)
        name = f"{group}: {name.removeprefix('test_').replace('_', ' ')}"
        self.stream.writeln(f"test {name} ... {outcome} ({took:.1f} s)")
        self.stream.flush()

    def addSuccess(self, test):
        super(unittest.TextTestResult, self).addSuccess(test)
        self.succeeded += 1
        self._tell(test, "ok")

    def addFailure(self, test, err):
        super(unittest.TextTestResult, self).addFailure(test, err)
        self._tell(test, "FAILED")

    def addSubTest(self, test, subtest, err):
        super(unittest.TextTestResult, self).addSubTest(test, subtest, err)
        if err is not None:
            self._tell(test, f"FAILED {subtest._subDescription()}")

    def addError(self, test, err):
        super(unittest.TextTestResult, self).addError(test, err)
        if hasattr(self, "_began"):
            self._tell(test, "FAILED")


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("-k", dest="pattern", action="append", help="only tests whose name matches")
    given = arguments.parse_args()
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in given.pattern or []] or None
    suite = loader.discover(str(HERE / "suite"), top_level_dir=str(HERE))
    began = time.monotonic()
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=Progress, verbosity=0)
    result = runner.run(suite)
    # A test whose subtests fail is one test; a class that could not be set up is one more.
    faults = [test for test, _ in result.failures + result.errors] + result.unexpectedSuccesses
    failed = len({getattr(test, "test_case", test).id() for test in faults})
    passed = result.succeeded
    good = failed == 0 and passed > 0 and not result.skipped
    print(
        f"test result: {'ok' if good else 'FAILED'}. {passed} passed; {failed} failed; {len(result.skipped)} ignored; "
        f"0 measured; 0 filtered out; finished in {time.monotonic() - began:.2f}s"
    )
    print(f"{passed} passed, {failed} failed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
