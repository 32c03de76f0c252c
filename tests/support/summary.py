"""What was not tested, and why: told at the end of every run, and refused where the run must be whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

#: What a run can demand, and the mark of the tests that need it.
NEEDS = {"postgres": "postgres", "chromium": "browser"}


def demanded(value: str) -> frozenset[str]:
    """The marks whose tests must run, from ``"postgres,chromium"``. Raises UsageError on an unknown word."""
    words = [word.strip() for word in value.split(",") if word.strip()]
    unknown = sorted(set(words) - set(NEEDS))
    if unknown:
        raise pytest.UsageError(f"INNESTO_REQUIRE: unknown {', '.join(unknown)}; known are {', '.join(sorted(NEEDS))}")
    return frozenset(NEEDS[word] for word in words)


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a test was skipped, in the words of whoever skipped it."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ").strip()


def refuse_skip(report: pytest.TestReport, marks: Iterable[str], must_run: frozenset[str]) -> None:
    """Turn the skip of a test that had to run into a failure."""
    needed = must_run.intersection(marks)
    if report.skipped and needed and not hasattr(report, "wasxfail"):
        report.longrepr = f"must run here (INNESTO_REQUIRE), but was skipped: {reason_of(report)}"
        report.outcome = "failed"


def skip_lines(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    """One line a reason, the most frequent first."""
    counted = Counter(reason_of(report) for report in reports)
    return [f"{count:5d} x {reason}" for reason, count in counted.most_common()]
