"""The files of the project as text, for the tests that read it as a whole."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scripts.repository import REPO, committed_files

BINARY = {".png", ".ico", ".woff2", ".mo", ".zip", ".pdf"}


@cache
def listed() -> tuple[str, ...]:
    """The names of all files of the repository, asked once a run."""
    return tuple(committed_files())


def project_files() -> list[Path]:
    """Every file of the repository that is text."""
    return [REPO / name for name in listed() if Path(name).suffix not in BINARY]


def copy_project(goal: Path) -> Path:
    """A fresh clone, so to say: the files of the repository with their changes, and nothing that was made."""
    for name in listed():
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPO / name, goal / name)
    subprocess.run(["git", "init", "--quiet", str(goal)], check=True)
    return goal


def files_of(folders: tuple[str, ...], suffixes: tuple[str, ...]) -> list[Path]:
    """The files below some folders of the project with these endings."""
    return [p for p in project_files() if p.relative_to(REPO).parts[0] in folders and p.suffix in suffixes]


def templates() -> list[Path]:
    """Every template of core and plugins."""
    return [p for p in files_of(("core", "plugins"), (".html", ".txt", ".xml")) if "templates" in p.parts]


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where the pattern occurs, as ``file:line: text``."""
    return [line for path in paths for line in found_in(pattern, path)]


def found_in(pattern: re.Pattern[str], path: Path) -> Iterator[str]:
    """The occurrences in one file; a match may run over several lines."""
    text = path.read_text(encoding="utf-8")
    for match in pattern.finditer(text):
        number = text.count("\n", 0, match.start()) + 1
        yield f"{path.relative_to(REPO)}:{number}: {match[0].strip()[:80]}"
