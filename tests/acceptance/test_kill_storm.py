"""Server, indexer and writer are killed again and again: what was acknowledged stays, and search says the same."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.installation import Installation
from core.records.models import Record, RecordHistory, RecordValue
from tests.acceptance.storm_writer import acknowledged
from tests.support.server import REPO, DemoData, Portal, innesto, launch, portal, wait_until_healthy

log = logging.getLogger(__name__)
WRITES, WRITES_A_KILL = 1_000, 40
SEARCH = "/api/v1/legnano/public_info/search?q=burrasca&exact=true&page_size=100"


def start_writer(data: DemoData, journal: Path, first: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.acceptance.storm_writer", str(journal), str(first)]
    with (journal.parent / "writer.log").open("ab") as log:
        return subprocess.Popen(command, cwd=REPO, env=data.environment(), stdout=log, stderr=log)


def lines(journal: Path) -> list[str]:
    return journal.read_text("ascii").splitlines() if journal.exists() else []


def count(journal: Path, word: str) -> int:
    return sum(line.startswith(word) for line in lines(journal))


def await_writes(journal: Path, writer: subprocess.Popen[bytes], wanted: int, seconds: float = 120) -> None:
    """Wait until the journal has so many commits; fails when the writer ended by itself."""
    limit = time.monotonic() + seconds
    while count(journal, "done") < wanted:
        said = (journal.parent / "writer.log").read_text("utf-8")[-2000:]
        assert time.monotonic() < limit and writer.poll() is None, said
        time.sleep(0.01)


def storm(data: DemoData, journal: Path) -> list[str]:
    """Write and kill until enough is acknowledged; returns the last line of the journal at each kill."""
    chance, moments = random.Random(11), list[str]()
    while (done := count(journal, "done")) < WRITES:
        server, writer = launch(data), start_writer(data, journal, count(journal, "begin") + 1)
        try:
            wait_until_healthy(server)
            await_writes(journal, writer, done + chance.randrange(WRITES_A_KILL // 2, WRITES_A_KILL))
            time.sleep(chance.uniform(0, 0.05))
        finally:
            writer.kill()
            server.kill()
            writer.wait()
        moments.append(lines(journal)[-1])
    return moments


def settled(server: Portal, data: DemoData) -> set[str]:
    """What search finds once nothing waits in the outbox any more."""
    limit = time.monotonic() + 60
    while ", 0 modifiche in attesa" not in innesto(data, "search", "status", "--district", "legnano").stdout:
        assert time.monotonic() < limit, server.said()[-2000:]
    return {ref for page in range(1, 99) for ref in found(server, page)}


def found(server: Portal, page: int) -> list[str]:
    return [item["id"] for item in server.get(f"{SEARCH}&page={page}").json()["items"]]


def stored(data: DemoData) -> Mapping[str, tuple[str, str]]:
    """Ref → state and summary of what the storm wrote, by the database; every part of each record is there."""
    installation = Installation(data.settings())
    with installation.database.all_districts("compare after a storm") as session:
        records = session.scalars(select(Record).where(Record.ref.startswith("storm-"))).all()
        rows_of = select(func.count()).select_from
        for record in records:
            own = RecordHistory.record_id == record.id
            assert session.scalar(rows_of(RecordHistory).where(own)) == record.version, record.ref
            assert session.scalar(rows_of(RecordValue).where(RecordValue.record_id == record.id)), record.ref
        rows = {record.ref: (record.state, str(record.answers["summary"]["it"])) for record in records}
    installation.database.close()
    return rows


def check_acknowledged(journal: Path, rows: Mapping[str, tuple[str, str]]) -> None:
    """Each acknowledged write is there, unless a write that was begun later took its place."""
    begun = {line.split()[3]: int(line.split()[1]) for line in lines(journal) if line.startswith("begin")}
    for ref, (action, number) in acknowledged(journal).items():
        state, summary = rows[ref]
        assert f"{ref}-twin" in rows
        if begun[ref] == number:
            assert state == ("withdrawn" if action == "withdraw" else "published"), ref
            assert action == "withdraw" or summary == f"versione{number}", ref


@pytest.mark.slow
def test_what_was_acknowledged_survives_every_kill_and_is_found(
    any_demo: DemoData, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    journal = tmp_path / "journal"
    moments = storm(any_demo, journal)
    inside = sum(line.startswith("begin") for line in moments)
    done = count(journal, "done")
    figures = {"kills": len(moments), "kills_inside_a_transaction": inside, "acknowledged": done}
    request.node.user_properties.extend(figures.items())
    log.info("%s", figures)
    assert inside >= 0.3 * len(moments)
    with portal(any_demo) as server:
        shown = settled(server, any_demo)
        rows = stored(any_demo)
        check_acknowledged(journal, rows)
        assert {ref for ref in rows if not ref.endswith("-twin")} == {
            r.removesuffix("-twin") for r in rows if "twin" in r
        }
        assert shown == {ref for ref, (state, _summary) in rows.items() if state == "published"}
        for ref in random.Random(5).sample(sorted(shown), 20):
            item = server.get(f"/api/v1/legnano/records/service/{ref}")
            assert item.json()["answers"]["summary"]["it"] == rows[ref][1]
    assert innesto(any_demo, "db", "check").returncode == 0
