"""Which requirements have a passing test: runs the tests marked ``req`` and ends with ``covered N of 585``.

A requirement counts when at least one of its tests ran and passed and none failed. Arguments go to pytest.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from scripts.repository import REPO

IDS = REPO / "tests" / "requirements_ids.txt"
NOTHING_FAILED = {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


class Outcomes:
    """Collects, for each requirement, which of its tests passed and which failed."""

    def __init__(self) -> None:
        self.passed: dict[str, set[str]] = defaultdict(set)
        self.failed: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that passed, and a failure in any of its phases."""
        for name, identifier in report.user_properties:
            if name == "req":
                self.note(str(identifier), report)

    def note(self, identifier: str, report: pytest.TestReport) -> None:
        """Count one phase of one test for one requirement."""
        if report.failed:
            self.failed[identifier].add(report.nodeid)
        elif report.passed and report.when == "call":
            self.passed[identifier].add(report.nodeid)

    def covered(self) -> frozenset[str]:
        """The requirements that count."""
        return frozenset(self.passed) - frozenset(self.failed)


def summary(known: Iterable[str], outcomes: Outcomes) -> list[str]:
    """The lines to print: what failed, figures by document, the total last."""
    wanted = list(known)
    covered = outcomes.covered().intersection(wanted)
    totals = Counter(identifier.split("-")[0] for identifier in wanted)
    reached = Counter(identifier.split("-")[0] for identifier in covered)
    failures = [f"failed: {name} ({', '.join(sorted(tests))})" for name, tests in sorted(outcomes.failed.items())]
    documents = [f"{prefix}: {reached[prefix]} of {total}" for prefix, total in totals.items()]
    return [*failures, *documents, f"covered {len(covered)} of {len(wanted)}"]


def main(arguments: list[str]) -> int:
    """Run the marked tests, print the figures; 1 when any of them failed."""
    outcomes = Outcomes()
    status = pytest.main(
        ["-q", "-m", "req", "--rootdir", str(REPO), str(REPO / "tests"), *arguments], plugins=[outcomes]
    )
    print("\n".join(["", *summary(IDS.read_text(encoding="ascii").split(), outcomes)]))
    return 0 if status in NOTHING_FAILED else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
