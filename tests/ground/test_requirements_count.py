"""Which requirements count as covered."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from scripts.requirements import Outcomes, summary

Phase = Literal["setup", "call", "teardown"]
Outcome = Literal["passed", "failed", "skipped"]


def heard(*reports: tuple[str, Phase, Outcome, str]) -> Outcomes:
    """Outcomes after reports of (test, phase, outcome, requirement)."""
    outcomes = Outcomes()
    for test, when, outcome, identifier in reports:
        one = pytest.TestReport(test, ("a.py", 1, test), {}, outcome, None, when, user_properties=[("req", identifier)])
        outcomes.pytest_runtest_logreport(one)
    return outcomes


def test_a_requirement_with_a_passing_test_is_covered() -> None:
    assert heard(("t1", "setup", "passed", "LEG-001"), ("t1", "call", "passed", "LEG-001")).covered() == {"LEG-001"}


def test_one_failing_test_takes_the_requirement_away() -> None:
    assert not heard(("t1", "call", "passed", "LEG-001"), ("t2", "call", "failed", "LEG-001")).covered()


def test_an_error_after_the_test_counts_as_a_failure() -> None:
    assert not heard(("t1", "call", "passed", "LEG-001"), ("t1", "teardown", "failed", "LEG-001")).covered()


def test_a_skipped_test_covers_nothing_and_takes_nothing_away() -> None:
    assert not heard(("t1", "setup", "passed", "LEG-001"), ("t1", "call", "skipped", "LEG-001")).covered()
    both = heard(("t1", "call", "passed", "LEG-001"), ("t2", "setup", "skipped", "LEG-001"))
    assert both.covered() == {"LEG-001"}


def test_the_last_line_is_the_total_of_known_requirements() -> None:
    outcomes = heard(("t1", "call", "passed", "LEG-001"), ("t2", "call", "passed", "XYZ-999"))
    assert summary(["LEG-001", "LEG-002", "SDO-001"], outcomes) == ["LEG: 1 of 2", "SDO: 0 of 1", "covered 1 of 3"]


def test_the_list_holds_each_of_the_585_requirements_once(repo: Path) -> None:
    ids = (repo / "tests" / "requirements_ids.txt").read_text(encoding="ascii").split()
    assert len(ids) == len(set(ids)) == 585
