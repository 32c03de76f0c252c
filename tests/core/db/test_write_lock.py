"""One writer at a time on SQLite: in order, without lost updates, and let go in every path."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import MetaData, event, select
from sqlalchemy.exc import IntegrityError

from core.db import Database, WriteLockHeld, WriteLockTimeout, uuid7
from core.db.locks import FairLock
from tests.support.sample_models import SampleBase, SampleCase, SampleNote, fill

REPO = Path(__file__).resolve().parents[3]

#: A second process that adds one to the same row ``argv[2]`` times.
WRITER = """
import sys
from sqlalchemy import select
from core.db import Database
from tests.support.sample_models import SampleCase
database = Database(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with database.write(1) as session:
        session.scalars(select(SampleCase).order_by(SampleCase.id)).first().number += 1
"""


@pytest.fixture
def database_metadata() -> MetaData:
    return SampleBase.metadata


@pytest.fixture
def impatient(sqlite_database: Database, tmp_path: Path) -> Iterator[Database]:
    """The same file, for a writer that waits 0.2 seconds."""
    database = Database(sqlite_database.url, data_dir=tmp_path, lock_timeout=0.2, metadata=SampleBase.metadata)
    yield database
    database.close()


def in_thread(work: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result(timeout=20)


def write_note(database: Database) -> str:
    with database.write(1) as session:
        session.add(SampleNote())
    return "written"


def add_one(database: Database) -> None:
    with database.write(1) as session:
        case = session.scalars(select(SampleCase).order_by(SampleCase.id)).first()
        assert case is not None
        case.number += 1


def test_a_write_inside_a_write_of_the_same_thread_is_an_error_and_no_deadlock(sqlite_database: Database) -> None:
    with sqlite_database.write(1) as outer:
        outer.add(SampleNote())
        outer.flush()
        with pytest.raises(WriteLockHeld, match="already"):
            write_note(sqlite_database)


def test_a_short_write_beside_a_read_of_the_same_thread_goes_through(sqlite_database: Database) -> None:
    with sqlite_database.read(1) as reader:
        assert reader.scalars(select(SampleNote)).all() == []
        assert write_note(sqlite_database) == "written"


def test_a_writer_that_waits_too_long_is_told_so(sqlite_database: Database, impatient: Database) -> None:
    with sqlite_database.write(1) as session:
        session.add(SampleNote())
        session.flush()
        with pytest.raises(WriteLockTimeout, match="write.lock"):
            in_thread(lambda: write_note(impatient))
    assert write_note(impatient) == "written"


def _commit(database: Database) -> None:
    write_note(database)


def _rollback(database: Database) -> None:
    session = database.open(1, write=True)
    session.add(SampleNote())
    session.flush()
    session.rollback()


def _close(database: Database) -> None:
    session = database.open(1, write=True)
    session.add(SampleNote())
    session.flush()
    session.close()


def _forget(database: Database) -> None:
    session = database.open(1, write=True)
    session.add(SampleNote())
    session.flush()
    del session
    gc.collect()


def _fail_to_flush(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write(1) as session:
        session.add(SampleNote(case_id=uuid7()))


def _fail_to_commit(database: Database) -> None:
    def fail(connection: object) -> None:
        raise OSError("disk full")

    event.listen(database.engine, "commit", fail)
    with pytest.raises(OSError, match="disk full"):
        write_note(database)
    event.remove(database.engine, "commit", fail)


def _break_a_key_at_commit(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write(1) as session:
        session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        session.add(SampleNote(case_id=uuid7()))


def _invalidate(database: Database) -> None:
    with database.open(1, write=True) as session:
        session.add(SampleNote())
        session.flush()
        session.invalidate()


@pytest.mark.parametrize(
    "path", [_commit, _rollback, _close, _forget, _fail_to_flush, _fail_to_commit, _break_a_key_at_commit, _invalidate]
)
def test_the_lock_is_let_go_in_every_path(
    sqlite_database: Database, impatient: Database, path: Callable[[Database], None]
) -> None:
    path(sqlite_database)
    assert in_thread(lambda: write_note(sqlite_database)) == "written"
    assert write_note(impatient) == "written"


def test_the_lock_is_let_go_when_the_transaction_cannot_begin(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, deadline: float) -> int:
        raise WriteLockTimeout("the file is kept")

    with monkeypatch.context() as patch:
        patch.setattr("core.db.locks.FileLock.acquire", fail)
        with pytest.raises(WriteLockTimeout):
            write_note(sqlite_database)
    assert in_thread(lambda: write_note(sqlite_database)) == "written"


def test_waiting_writers_are_served_in_the_order_of_arrival() -> None:
    lock, served, threads = FairLock(), [], []
    lock.acquire(time.monotonic() + 20)

    def wait(number: int) -> None:
        lock.acquire(time.monotonic() + 20)
        served.append(number)
        lock.release()

    for number in range(8):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        while len(lock._queue) <= number:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_a_busy_writer_does_not_starve_another(sqlite_database: Database) -> None:
    stop = threading.Event()

    def keep_writing() -> None:
        while not stop.is_set():
            write_note(sqlite_database)

    busy = [threading.Thread(target=keep_writing) for _ in range(3)]
    for thread in busy:
        thread.start()
    waits = [_seconds(lambda: write_note(sqlite_database)) for _ in range(20)]
    stop.set()
    for thread in busy:
        thread.join()
    assert max(waits) < 2


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def test_no_update_is_lost_among_threads_and_a_second_process(sqlite_database: Database) -> None:
    with sqlite_database.write(1) as session:
        session.add(SampleCase(number=0))
    command = [sys.executable, "-c", WRITER, sqlite_database.url.render_as_string(), "40"]
    with subprocess.Popen(command, cwd=REPO, stderr=subprocess.PIPE, text=True) as process:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: add_one(sqlite_database), range(80)))
        _out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    with sqlite_database.read(1) as session:
        assert session.scalars(select(SampleCase.number)).all() == [120]


@pytest.mark.postgres
def test_no_update_is_lost_silently_on_postgresql(postgres_database: Database) -> None:
    fill(postgres_database, 1)
    with postgres_database.open(1, write=True) as one, postgres_database.open(1, write=True) as two:
        for session in (one, two):
            case = session.scalars(select(SampleCase).order_by(SampleCase.id)).first()
            assert case is not None
            case.number += 1
        one.commit()
        with pytest.raises(Exception, match="0 were matched"):
            two.commit()
