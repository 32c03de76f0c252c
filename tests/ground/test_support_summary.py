"""The rules of a test run: nothing is skipped in silence, and what must run does."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.support.summary import demanded, reason_of, refuse_skip, skip_lines


def report(outcome: Literal["passed", "skipped"], longrepr: tuple[str, int, str] | None = None) -> pytest.TestReport:
    return pytest.TestReport("a.py::test", ("a.py", 1, "test"), {}, outcome, longrepr, "call")


def skipped(reason: str) -> pytest.TestReport:
    return report("skipped", ("a.py", 1, f"Skipped: {reason}"))


def test_the_words_of_the_demand_become_marks() -> None:
    assert demanded(" postgres, chromium,") == {"postgres", "browser"}
    assert demanded("") == frozenset()


def test_an_unknown_demand_is_an_error_by_name() -> None:
    with pytest.raises(pytest.UsageError, match="oracle"):
        demanded("postgres,oracle")


def test_a_skip_of_a_test_that_must_run_is_a_failure_with_its_reason() -> None:
    one = skipped("no server")
    refuse_skip(one, ["postgres", "slow"], frozenset({"postgres"}))
    assert one.outcome == "failed"
    assert "no server" in str(one.longrepr)


def test_a_skip_for_another_reason_stays_a_skip() -> None:
    one = skipped("no server")
    refuse_skip(one, ["slow"], frozenset({"postgres"}))
    assert one.outcome == "skipped"


def test_an_expected_failure_is_no_skip() -> None:
    one = skipped("known")
    one.wasxfail = "known"
    refuse_skip(one, ["postgres"], frozenset({"postgres"}))
    assert one.outcome == "skipped"


def test_reasons_are_counted_the_most_frequent_first() -> None:
    assert skip_lines([skipped("b"), skipped("a"), skipped("b")]) == ["    2 x b", "    1 x a"]
    assert reason_of(skipped("no server")) == "no server"
