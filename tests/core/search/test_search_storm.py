"""The indexer is killed at random moments: nothing is lost, nothing withdrawn is shown."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.search.engine import EngineQuery
from core.search.whoosh_engine import WhooshEngine

from .storm_worker import make_indexer
from .test_search_engines import DAY, ask, refs

ROOT = Path(__file__).resolve().parents[3]
KILLS = 25
RECORDS = 60


def start(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.core.search.storm_worker", str(root)], cwd=ROOT)


def write(root: Path, number: int, chance: random.Random) -> None:
    """Change one record: first the record, then the word that it changed, as in one transaction."""
    name = f"doc{chance.randrange(RECORDS)}"
    title = "" if chance.random() < 0.3 else f"Titolo versione{number}"
    beside = root / "new"
    beside.write_text(title, encoding="utf-8")
    beside.replace(root / "records" / name)
    (root / "queue" / f"{number:06d}-{name}").touch()


@pytest.mark.slow
def test_an_indexer_killed_at_random_moments_loses_nothing(tmp_path: Path) -> None:
    for folder in ("records", "queue"):
        (tmp_path / folder).mkdir()
    chance, number = random.Random(3), 0
    for _ in range(KILLS):
        worker, end = start(tmp_path), time.monotonic() + chance.uniform(0.6, 1.6)
        while time.monotonic() < end:
            write(tmp_path, number := number + 1, chance)
            time.sleep(0.004)
        worker.kill()
        worker.wait()
    make_indexer(tmp_path).drain()
    check(tmp_path)


def check(root: Path) -> None:
    """The index says exactly what the records say."""
    engine = WhooshEngine(root / "index")
    titles = {file.name: file.read_text(encoding="utf-8") for file in (root / "records").iterdir()}
    shown = {name for name, title in titles.items() if title}
    assert list((root / "queue").iterdir()) == []
    assert {hit.ref for hit in engine.search(EngineQuery(None, DAY, limit=1000)).hits} == shown
    for name in shown:
        assert refs(engine, ask(titles[name].split()[1])) == [name]
