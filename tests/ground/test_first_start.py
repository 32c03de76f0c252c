"""The newcomer's way: a fresh clone, one command, a page with real content."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scripts.bench_load import free_port
from tests.support.source import copy_project

pytestmark = [pytest.mark.slow, pytest.mark.story]
FIRST = 300.0
SECOND = 10.0
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in {"DATA", "DATABASE_URL", "PORT", "HOST"}}


@contextmanager
def started(project: Path, port: int) -> Iterator[float]:
    """``make run`` in a project, with the moment of its start; stopped with the block."""
    command = ["make", "run", f"PORT={port}"]
    log = (project / "run.log").open("ab")
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=project, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True)
    try:
        yield begun
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        log.close()


def page(port: int, path: str) -> str:
    """A page, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def seconds_to(port: int, path: str, begun: float, limit: float, project: Path) -> float:
    """How long it took until the page was there."""
    while time.monotonic() - begun < limit:
        if page(port, path):
            return time.monotonic() - begun
        time.sleep(0.1)
    raise AssertionError(
        f"no answer within {limit:.0f} s:\n{(project / 'run.log').read_text(encoding='utf-8')[-3000:]}"
    )


def test_one_command_in_a_fresh_clone_serves_real_content_and_the_next_start_is_quick(tmp_path: Path) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    project, port = copy_project(tmp_path / "clone"), free_port()
    with started(project, port) as begun:
        seconds_to(port, "/legnano/", begun, FIRST, project)
        assert "Borsa lavoro" in page(port, "/legnano/cerca/?q=borsa+lavoro")
    with started(project, port) as begun:
        assert seconds_to(port, "/legnano/", begun, SECOND, project) < SECOND
