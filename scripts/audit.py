"""``make audit``: known faults in the packages that the locks name.

Fails where there are any, and where the list of faults cannot be asked: what was not checked is not clean.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from scripts.repository import REPO

LOCKS = ("requirements.lock", "requirements-dev.lock")
NAMED = 5


def main() -> int:
    """Ask about each lock and say how it ended; 0 only where every package was checked and none has a fault."""
    found = [(lock, packages(lock)) for lock in LOCKS]
    for lock, asked in found:
        for line in report(lock, asked):
            print(line)
    return int(any(asked is None or not clean(asked) for _lock, asked in found))


def packages(lock: str) -> Sequence[dict[str, Any]] | None:
    """What pip-audit says of each package of a lock; none where it did not come to an answer."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", str(REPO / lock)]
    options = ["--progress-spinner", "off", "--format", "json"]
    finished = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    try:
        answer: Sequence[dict[str, Any]] = json.loads(finished.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return answer


def clean(asked: Sequence[dict[str, Any]]) -> bool:
    """Whether every package was checked, and none has a known fault."""
    return bool(asked) and not any("skip_reason" in package or package.get("vulns") for package in asked)


def report(lock: str, asked: Sequence[dict[str, Any]] | None) -> list[str]:
    """How it ended, in lines."""
    if asked is None:
        return [f"{lock}: NOT CHECKED: the list of known faults does not answer from here"]
    skipped = [package["name"] for package in asked if "skip_reason" in package]
    faults = [f"{lock}: {p['name']} {p['version']}: {fault(v)}" for p in asked for v in p.get("vulns", ())]
    if skipped:
        names = ", ".join(skipped[:NAMED]) + (", …" if len(skipped) > NAMED else "")
        faults.append(f"{lock}: NOT CHECKED: {len(skipped)} of {len(asked)} packages are not in the list ({names})")
    return faults or [f"{lock}: {len(asked)} packages, no known faults"]


def fault(known: dict[str, Any]) -> str:
    """One known fault and the versions without it."""
    return f"{known['id']}, gone in {', '.join(known['fix_versions']) or 'no version yet'}"


if __name__ == "__main__":
    sys.exit(main())
