"""The commands stop early, with a sentence that helps, and continuous integration runs what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ("sh", "rm", "printf")


def path_with(folder: Path, python: str) -> str:
    """A PATH with the few tools the script needs and a Python that behaves as told."""
    folder.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    (folder / "python3").write_text(f"#!/bin/sh\n{python}\n", encoding="ascii")
    (folder / "python3").chmod(0o755)
    return str(folder)


def make_environment(repo: Path, tmp_path: Path, python: str) -> subprocess.CompletedProcess[str]:
    """Run the script that makes the virtual environment."""
    environment = {"PATH": path_with(tmp_path / "bin", python), "HOME": str(tmp_path)}
    command = ["/bin/sh", str(repo / "scripts" / "venv.sh"), str(tmp_path / "venv")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_an_old_python_is_refused_with_the_command_that_helps(repo: Path, tmp_path: Path) -> None:
    done = make_environment(repo, tmp_path, "exit 1")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr


def test_a_python_that_makes_no_environments_is_refused_with_the_command_that_helps(repo: Path, tmp_path: Path) -> None:
    # New enough, but neither ensurepip nor venv nor pip can be had.
    done = make_environment(repo, tmp_path, 'case "$*" in *version_info*|--version) exit 0;; *) exit 1;; esac')
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_continuous_integration_makes_targets_that_exist(repo: Path) -> None:
    steps = set(
        re.findall(r"^step .* make ([a-z-]+)$", (repo / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    )
    targets = set(re.findall(r"^([a-z-]+):", (repo / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"test", "test-slow", "lint", "docs"} <= steps <= targets


def test_the_time_of_all_steps_together_is_bounded(repo: Path) -> None:
    limits = re.findall(r"^step \S+ (\d+) ", (repo / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert sum(int(limit) for limit in limits) <= 80 * 60


@pytest.mark.parametrize("script", [".ci/run", "scripts/venv.sh", "scripts/locks.sh"])
def test_the_shell_understands_the_script(repo: Path, script: str) -> None:
    shell = "bash" if script == ".ci/run" else "sh"
    done = subprocess.run([shell, "-n", str(repo / script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_continuous_integration_can_be_executed(repo: Path) -> None:
    assert os.access(repo / ".ci" / "run", os.X_OK)
