"""The file of the ring: made once, read again when needed, and named in every complaint."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from core import crypto
from core.db import Database, uuid7
from core.errors import ConfigError
from core.keyring import KeyMissing, KeyRing
from tests.core.crypto.world import HERE, THERE, seal, unseal

OWNER, ROW = uuid7(), uuid7()


def _make(path: Path, start: object, answers: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    ring = KeyRing(path)
    ring.make()
    answers.put(ring.active().id)  # type: ignore[attr-defined]


def test_processes_that_start_at_once_agree_on_one_ring(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start, answers = context.Event(), context.Queue()
    workers = [context.Process(target=_make, args=(tmp_path / "new" / "keys.json", start, answers)) for _ in range(6)]
    for worker in workers:
        worker.start()
    start.set()
    assert len({answers.get(timeout=20) for _ in workers}) == 1
    for worker in workers:
        worker.join()
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["keys.json"]


def test_the_file_is_for_its_owner_alone_and_the_check_says_when_it_is_not(database: Database) -> None:
    crypto.check_keys(database)
    path = database.keyring.path
    assert path.stat().st_mode & 0o777 == 0o600
    assert database.keyring.complaints() == []
    path.chmod(0o640)
    (complaint,) = database.keyring.complaints()
    assert str(path) in complaint and "chmod 600" in complaint


def test_a_secret_is_never_shown(database: Database) -> None:
    crypto.check_keys(database)
    key = database.keyring.active()
    shown = f"{key!r} {key} {database.keyring.listed()}"
    assert str(key.secret) not in shown and key.id in shown


def test_a_lost_ring_is_not_replaced_by_a_new_one(database: Database) -> None:
    """A new ring under old data would hide the loss until the copy of the old one is overwritten."""
    with database.write(HERE) as session:
        seal(session, OWNER, "x", ROW)
    needed = database.keyring.active().id
    database.keyring.path.unlink()
    fresh = reopened(database)
    with pytest.raises(ConfigError) as refused:
        crypto.check_keys(fresh)
    assert needed in str(refused.value) and "keys.json" in str(refused.value) and "Put back" in str(refused.value)
    assert not fresh.keyring.exists
    with fresh.write(HERE) as session, pytest.raises(crypto.Unreadable, match="missing"):
        seal(session, uuid7(), "y", ROW)
    assert not fresh.keyring.exists
    fresh.close()


def test_a_ring_without_the_needed_key_names_file_key_and_remedy(database: Database) -> None:
    with database.write(HERE) as session:
        sealed = seal(session, OWNER, "x", ROW)
    needed = database.keyring.active().id
    database.keyring.path.unlink()
    KeyRing(database.keyring.path).make()
    fresh = reopened(database)
    with pytest.raises(KeyMissing) as refused:
        crypto.check_keys(fresh)
    assert refused.value.key == needed
    assert "1 data keys" in str(refused.value) and "Put back" in str(refused.value)
    with fresh.read(HERE) as session, pytest.raises(crypto.Unreadable) as unreadable:
        unseal(session, OWNER, sealed, ROW)
    assert unreadable.value.reason == "missing"
    assert unreadable.value.message == "Questo dato non si può leggere adesso."
    fresh.close()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 9, "keys": []}', "not json", '{"keys": [{"id": 1}]}'])
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match="keys.json.*damaged"):
        KeyRing(path).active()


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys.json")
    ring.make()
    content = json.loads(ring.path.read_text(encoding="utf-8"))
    content["keys"][0]["key"] = "AAAA"
    ring.path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match="damaged"):
        KeyRing(ring.path).active()


def test_a_running_process_follows_the_file(tmp_path: Path) -> None:
    writer, reader = KeyRing(tmp_path / "keys.json"), KeyRing(tmp_path / "keys.json")
    writer.make()
    first = reader.active()
    second = writer.add()
    assert reader.active() == second
    assert [key.state for key in reader.listed()] == ["old", "active"]
    assert writer.drop_old() == [first.id]
    assert [key.id for key in reader.listed()] == [second.id]
    # A transaction that began before the rotation may still hold a row under the dropped key.
    assert reader.find(first.id).secret == first.secret


def test_a_second_rotation_at_the_same_time_is_refused(tmp_path: Path) -> None:
    ring, other = KeyRing(tmp_path / "keys.json"), KeyRing(tmp_path / "keys.json")
    ring.make()
    with ring.exclusive(), pytest.raises(ConfigError, match="another rotation"), other.exclusive():
        pass
    with other.exclusive():
        pass


def test_the_settings_may_name_another_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/test.db", keys=tmp_path / "elsewhere" / "ring.json")
    database.keyring.make()
    assert (tmp_path / "elsewhere" / "ring.json").exists() and not (tmp_path / "keys.json").exists()
    database.close()


def reopened(database: Database) -> Database:
    """What another process would open."""
    return Database(database.url, data_dir=database.data_dir, metadata=database.metadata)


def test_two_districts_may_share_a_ring_but_no_key(database: Database) -> None:
    with database.write(HERE) as session:
        sealed = seal(session, OWNER, "x", ROW)
    with database.write(THERE) as session, pytest.raises(crypto.Unreadable, match="missing"):
        unseal(session, OWNER, sealed, ROW)
