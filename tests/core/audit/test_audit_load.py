"""Many writers and several sealers make one chain; a million rows are verified in time and in little memory."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import audit
from core.audit.chain import Keys, mac_of
from core.audit.heads import append_head
from core.audit.sealer import seal_pending
from core.audit.verify import verify_chain
from core.crypto.models import DataKey
from core.db import Database, uuid7
from tests.core.audit.support import CASE, CHAIN, LUCIA, PERSON, chained, note_some
from tests.core.crypto.world import HERE, ground_metadata

FORK = multiprocessing.get_context("fork")
WRITERS, EACH, MILLION = 8, 150, 1_000_000


def reopened(database: Database) -> Database:
    return Database(database.url, data_dir=database.data_dir, metadata=ground_metadata())


def _write(database: Database, writer: int, results: Any) -> None:
    database = reopened(database)
    for number in range(EACH):
        if number % 10 == 9:
            _write_in_vain(database)
        with database.write(HERE) as session:
            audit.note(session, LUCIA, "act", resource="intake.case", details={"writer": writer, "number": number})
    database.close()
    results.put(writer)


def _write_in_vain(database: Database) -> None:
    session = database.open(HERE, write=True)
    audit.note(session, LUCIA, "act", resource="intake.case", details={"writer": "nobody"})
    session.rollback()
    session.close()


def _seal(database: Database, stop: Any) -> None:
    database = reopened(database)
    while not stop.is_set():
        seal_pending(database, CHAIN, batch=7)
        append_head(database, CHAIN)
    database.close()


@pytest.mark.slow
def test_eight_writers_and_three_sealers_make_one_chain_and_lose_nothing(database: Database) -> None:
    database.close()
    stop, results = FORK.Event(), FORK.Queue()
    sealers = [FORK.Process(target=_seal, args=(database, stop)) for _ in range(3)]
    writers = [FORK.Process(target=_write, args=(database, number, results)) for number in range(WRITERS)]
    for process in [*sealers, *writers]:
        process.start()
    assert {results.get(timeout=120) for _ in writers} == set(range(WRITERS))
    stop.set()
    for process in [*sealers, *writers]:
        process.join()
        assert process.exitcode == 0
    final = reopened(database)
    seal_pending(final, CHAIN)
    rows = chained(final)
    assert [row.seq for row in rows] == list(range(1, WRITERS * EACH + 1))
    found = sorted((row.details["writer"], row.details["number"]) for row in rows)
    assert found == [(writer, number) for writer in range(WRITERS) for number in range(EACH)]
    with final.all_districts("test") as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(DataKey)) == 1
    report = verify_chain(final, CHAIN)
    assert report.whole and report.heads >= 1
    final.close()


@pytest.mark.slow
def test_two_sealers_at_once_number_each_row_once(database: Database) -> None:
    note_some(database, 500)
    database.close()
    stop = FORK.Event()
    sealers = [FORK.Process(target=_seal, args=(database, stop)) for _ in range(2)]
    for process in sealers:
        process.start()
    final = reopened(database)
    deadline = time.monotonic() + 60
    while verify_chain(final, CHAIN).unsealed and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    for process in sealers:
        process.join()
        assert process.exitcode == 0
    report = verify_chain(final, CHAIN)
    assert (report.whole, report.rows, report.unsealed) == (True, 500, 0)
    final.close()


def _fill(database: Database, count: int) -> None:
    """Sealed rows as the sealer would leave them, written in bulk."""
    note_some(database, 1)
    seal_pending(database, CHAIN)
    (first,) = chained(database)
    with database.read(HERE) as session:
        keys = Keys.to_verify(session, CHAIN)
    seq, mac = 1, first.mac
    names = [column.name for column in CHAIN.content]
    for _ in range(count // 10_000):
        rows = []
        for _ in range(10_000):
            seq += 1
            fresh = {"id": uuid7(), "object_id": CASE, "subject_id": PERSON, "request_id": f"{seq:012x}"}
            row = dict(zip(names, first, strict=False)) | fresh
            mac = mac_of(keys.rows, seq, mac, [row[name] for name in names])
            rows.append(row | {"seq": seq, "mac": mac})
        with database.write(HERE) as session:
            session.execute(sa.insert(CHAIN.table), rows)
    with database.write(HERE) as session:
        session.execute(sa.update(CHAIN.heads).values(seq=seq, mac=mac))
    append_head(database, CHAIN)


def _peak_megabytes(*, anew: bool = False) -> float:
    """The most memory this process has held, since the beginning or since it was last asked ``anew``."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.mark.slow
def test_a_million_rows_are_verified_within_a_minute_and_in_bounded_memory(
    database: Database, record_property: Callable[[str, object], None]
) -> None:
    _fill(database, MILLION)
    gc.collect()
    before = _peak_megabytes(anew=True)
    began = time.perf_counter()
    report = verify_chain(database, CHAIN)
    took = time.perf_counter() - began
    grown = _peak_megabytes() - before
    record_property("verify", {"seconds": round(took, 1), "megabytes more": round(grown)})
    assert (report.whole, report.rows) == (True, MILLION + 1)
    assert took < 60
    assert grown < 64
