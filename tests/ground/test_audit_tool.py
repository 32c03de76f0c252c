"""What was not checked is not clean."""

from __future__ import annotations

from scripts.audit import clean, report

SOUND = {"name": "flask", "version": "3.1.3", "vulns": []}
FAULTY = {"name": "old", "version": "1.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "rare", "skip_reason": "not found"}


def test_only_packages_that_were_all_checked_are_clean() -> None:
    assert clean([SOUND])
    assert not clean([SOUND, FAULTY]) and not clean([SOUND, UNKNOWN]) and not clean([])


def test_the_report_names_faults_and_what_was_not_checked() -> None:
    assert report("a.lock", [SOUND]) == ["a.lock: 1 packages, no known faults"]
    assert report("a.lock", [FAULTY]) == ["a.lock: old 1.0: CVE-2026-1, gone in 1.1"]
    assert report("a.lock", [SOUND, UNKNOWN])[0].startswith("a.lock: NOT CHECKED: 1 of 2 packages")
    assert "does not answer" in report("a.lock", None)[0]
