"""Quarantine: judged in the background, with a scanner that may be away; what is over is swept, nothing else."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from core import crypto, files
from core.db import Database, uuid7
from core.errors import ConfigError
from core.files.models import QUARANTINE, READY, REFUSED, StoredFile
from core.files.operations import TABLE
from core.files.scanner import Clamd, ScannerDown, scanner
from core.settings import Settings
from tests.core.crypto.world import HERE, add_districts, ground_metadata
from tests.core.files.test_kinds import PDF

DAY = 24 * 60 * 60


@pytest.fixture
def database_metadata() -> sa.MetaData:
    whole = ground_metadata()
    StoredFile.__table__.to_metadata(whole)  # type: ignore[attr-defined]
    return whole


@pytest.fixture
def database(any_database: Database) -> Database:
    add_districts(any_database)
    return any_database


@pytest.fixture
def storage(tmp_path: Path) -> files.Storage:
    return files.Storage(tmp_path)


def lay(database: Database, storage: files.Storage, content: bytes = PDF, subject: UUID | None = None) -> UUID:
    """A file in quarantine, as ``upload`` leaves it; its rights are judged elsewhere."""
    file = StoredFile(id=uuid7(), resource="x.y", object_id=uuid7(), subject_id=subject or uuid7(), kind="pdf")
    file.field_class, file.size = "personal", len(content)
    with database.write(HERE) as session:
        place = {"table": TABLE, "row_id": file.id}
        file.title = crypto.seal(session, file.subject_id, b"Titolo", field="title", **place)
        storage.write(HERE, file.id, crypto.seal(session, file.subject_id, content, field="content", **place))
        session.add(file)
    return file.id


def states(database: Database) -> dict[UUID, str]:
    with database.read(HERE) as session:
        return {file.id: file.state for file in session.scalars(select(StoredFile))}


@contextmanager
def clamd(answer: Callable[[bytes], bytes]) -> Iterator[Clamd]:
    """A scanner that reads a content as clamd does and says what ``answer`` says."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    going = True

    def serve() -> None:
        while going:
            try:
                connection, _address = listening.accept()
            except TimeoutError:
                continue
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while size := struct.unpack(">I", stream.read(4))[0]:
                    content += stream.read(size)
                connection.sendall(answer(content))

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield Clamd("127.0.0.1", listening.getsockname()[1], timeout=5)
    finally:
        going = False
        thread.join()
        listening.close()


def test_a_sound_file_is_ready_and_one_with_a_virus_is_refused_by_name(
    database: Database, storage: files.Storage
) -> None:
    clean, ill = lay(database, storage), lay(database, storage, PDF + b"% EICAR\n%%EOF\n")
    with clamd(lambda seen: b"stream: Eicar-Test FOUND\0" if b"EICAR" in seen else b"stream: OK\0") as scan:
        assert files.settle_waiting(database, storage, HERE, scan=scan) == 2
    assert states(database) == {clean: READY, ill: REFUSED}
    with database.read(HERE) as session:
        assert "Eicar-Test" in session.scalars(select(StoredFile.reason).where(StoredFile.id == ill)).one()


@pytest.mark.parametrize("said", [b"stream: size limit exceeded. ERROR\0", b"", b"stream: \0"])
def test_while_the_scanner_has_no_answer_files_wait_and_none_is_lost(
    database: Database, storage: files.Storage, said: bytes
) -> None:
    waiting = {lay(database, storage): QUARANTINE for _ in range(3)}
    asked: list[bytes] = []
    with clamd(lambda seen: (asked.append(seen), said)[1]) as scan:
        assert files.settle_waiting(database, storage, HERE, scan=scan) == 0
    assert states(database) == waiting and len(asked) == 1
    away = Clamd("127.0.0.1", 1, timeout=1)
    assert files.settle_waiting(database, storage, HERE, scan=away) == 0
    assert states(database) == waiting
    with clamd(lambda seen: b"stream: OK\0") as scan:
        assert files.settle_waiting(database, storage, HERE, scan=scan) == 3
    assert set(states(database).values()) == {READY}


def test_a_content_that_is_larger_than_a_packet_reaches_the_scanner_whole() -> None:
    seen: list[bytes] = []
    content = os.urandom(3 * 1024 * 1024 + 7)
    with clamd(lambda got: (seen.append(got), b"stream: OK\0")[1]) as scan:
        assert scan(content) == ""
    assert seen == [content]
    with pytest.raises(ScannerDown):
        Clamd("127.0.0.1", 1, timeout=1)(b"x")


def test_a_content_that_did_not_arrive_is_refused_and_says_so(database: Database, storage: files.Storage) -> None:
    lost = lay(database, storage)
    storage.remove(HERE, lost)
    assert files.settle_waiting(database, storage, HERE) == 1
    assert states(database) == {lost: REFUSED}


def test_a_content_cut_short_or_changed_on_the_disk_is_refused(database: Database, storage: files.Storage) -> None:
    cut, changed = lay(database, storage), lay(database, storage)
    path = storage.path(HERE, cut)
    path.write_bytes(path.read_bytes()[:-20])
    path = storage.path(HERE, changed)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    assert files.settle_waiting(database, storage, HERE) == 2
    assert states(database) == {cut: REFUSED, changed: REFUSED}


def test_the_file_of_an_erased_person_does_not_keep_the_others_waiting(
    database: Database, storage: files.Storage
) -> None:
    subject = uuid7()
    erased, other = lay(database, storage, subject=subject), lay(database, storage)
    with database.write(HERE) as session:
        crypto.destroy_key(session, subject, reason="request")
    assert files.settle_waiting(database, storage, HERE) == 2
    assert states(database) == {erased: REFUSED, other: READY}


def test_a_worker_that_is_told_to_end_leaves_the_rest_for_later(database: Database, storage: files.Storage) -> None:
    for _ in range(3):
        lay(database, storage)
    said = iter([False, True])
    assert files.settle_waiting(database, storage, HERE, stopped=lambda: next(said)) == 1
    assert sorted(states(database).values()) == [QUARANTINE, QUARANTINE, READY]


def test_the_worker_judges_by_itself(database: Database, storage: files.Storage) -> None:
    file_id = lay(database, storage)
    worker = files.FileWorker(database, storage, lambda: [HERE], None)
    worker.PAUSE = 0.05
    worker.start()
    limit = time.monotonic() + 20
    while states(database)[file_id] != READY and time.monotonic() < limit:
        time.sleep(0.05)
    worker.stop()
    assert states(database) == {file_id: READY}


def test_a_sweep_takes_old_strays_and_refused_ones_and_nothing_else(database: Database, storage: files.Storage) -> None:
    kept, refused = lay(database, storage), lay(database, storage, b"%PDF-")
    files.settle_waiting(database, storage, HERE)
    young, old = uuid7(), uuid7()
    for stray in (young, old, kept):
        if stray != kept:
            storage.write(HERE, stray, b"x")
    for aged in (old, kept):
        os.utime(storage.path(HERE, aged), (time.time() - 2 * DAY,) * 2)
    foreign = storage.path(HERE, old).with_name("z" * 32)
    foreign.write_bytes(b"x")
    os.utime(foreign, (time.time() - 2 * DAY,) * 2)
    assert files.sweep(database, storage, HERE) == 2
    assert storage.present(HERE, [kept, refused, young, old]) == {kept, young}
    assert foreign.exists()
    assert files.sweep(database, storage, HERE) == 0


@pytest.mark.parametrize("address", ["127.0.0.1:3310", "clamd://", "clamd://host", "http://host:1", "clamd://h:1/x"])
def test_a_scanner_with_a_wrong_address_is_refused_at_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings.from_environment({"DATA": str(tmp_path), "ANTIVIRUS": address})
    assert refused.value.key == "ANTIVIRUS" and "clamd://127.0.0.1:3310" in str(refused.value)


def test_the_scanner_of_the_settings() -> None:
    assert scanner("") is None
    assert scanner("clamd://127.0.0.1:3310") == Clamd("127.0.0.1", 3310)
