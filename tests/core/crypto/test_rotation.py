"""Rotation: values stay readable, old keys go, and neither a kill nor other processes at work lose anything."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core import crypto
from core.crypto import rotation
from core.crypto.cli import keys
from core.crypto.models import DataKey, InstallationKey
from core.db import Database, uuid7
from core.errors import ConfigError
from tests.core.crypto.world import HERE, THERE, ground_metadata, seal, unseal

ROW = uuid7()
FORK = multiprocessing.get_context("fork")


def seal_many(database: Database, count: int, district: int = HERE) -> dict[UUID, bytes]:
    with database.write(district) as session:
        return {owner: seal(session, owner, str(owner), ROW) for owner in (uuid7() for _ in range(count))}


def assert_readable(database: Database, sealed: dict[UUID, bytes], district: int = HERE) -> None:
    with database.read(district) as session:
        for owner, value in sealed.items():
            assert unseal(session, owner, value, ROW) == str(owner).encode()


def used_keys(database: Database) -> set[str]:
    with database.all_districts("test") as session:
        alive = sa.select(DataKey.ring_key).where(DataKey.wrapped.is_not(None))
        return set(session.scalars(alive)) | set(session.scalars(sa.select(InstallationKey.ring_key)))


def reopened(database: Database) -> Database:
    return Database(database.url, data_dir=database.data_dir, metadata=ground_metadata())


def test_values_stay_the_same_and_readable_under_one_new_key(database: Database) -> None:
    here, there = seal_many(database, 7), seal_many(database, 3, THERE)
    place = {"table": "t", "row_id": ROW, "field": "f"}
    with database.write(None) as session:
        secret = crypto.seal_installation(session, "totp", "1234", **place)
    before = database.keyring.active().id
    counts: list[int] = []
    assert rotation.rotate(database, batch=4, told=counts.append) == [before]
    assert (sum(counts), max(counts)) == (11, 4)
    after = [key.id for key in database.keyring.listed()]
    assert used_keys(database) == set(after) and before not in after and len(after) == 1
    fresh = reopened(database)
    assert_readable(fresh, here)
    assert_readable(fresh, there, THERE)
    with fresh.read(None) as session:
        assert crypto.unseal_installation(session, "totp", secret, **place) == b"1234"
    fresh.close()


def test_a_destroyed_key_stays_destroyed(database: Database) -> None:
    (owner, sealed), _other = seal_many(database, 2).items()
    with database.write(HERE) as session:
        crypto.destroy_key(session, owner, reason="art. 17")
    rotation.rotate(database)
    with database.read(HERE) as session, pytest.raises(crypto.Unreadable, match="destroyed"):
        unseal(session, owner, sealed, ROW)


def test_an_interrupted_rotation_is_taken_up_and_adds_no_second_key(database: Database) -> None:
    sealed = seal_many(database, 10)

    def interrupt(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(database, batch=3, told=interrupt)
    assert len(used_keys(database)) == 2
    fresh = reopened(database)
    assert_readable(fresh, sealed)
    new = fresh.keyring.active().id
    rotation.rotate(fresh)
    assert used_keys(fresh) == {new}
    assert [key.id for key in fresh.keyring.listed()] == [new]
    fresh.close()


def test_a_data_key_made_under_the_old_key_meanwhile_is_wrapped_before_it_is_dropped(database: Database) -> None:
    sealed = seal_many(database, 2)
    real, late = rotation.wrap_all, {}

    def wrap_then_one_more(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        if not late:
            late.update(seal_many(database, 1))
            old = next(key for key in database.keyring.listed() if key.state == "old")
            _wrap_under(database, next(iter(late)), old)

    rotation.wrap_all = wrap_then_one_more
    try:
        rotation.rotate(database)
    finally:
        rotation.wrap_all = real
    fresh = reopened(database)
    assert_readable(fresh, sealed | late)
    fresh.close()


def _wrap_under(database: Database, owner: UUID, key: Any) -> None:
    """As a process would have that looked at the ring before the rotation began."""
    with database.all_districts("test", write=True) as session:
        row = session.scalars(sa.select(DataKey).where(DataKey.owner_id == owner)).one()
        rotation._wrap(session, database.keyring, row, key)


def _work(database: Database, stop: Any, results: Any) -> None:
    """A server meanwhile: seals for new persons, reads what it sealed before."""
    mine, database = {}, reopened(database)
    try:
        while not stop.is_set():
            mine |= seal_many(database, 1)
            assert_readable(database, dict(random.sample(list(mine.items()), min(5, len(mine)))))
        results.put(mine)
    except Exception as error:  # noqa: BLE001 - the test tells what it was
        results.put(f"{type(error).__name__}: {error}")
    database.close()


def _rotate(database: Database) -> None:
    rotation.rotate(reopened(database), batch=3)


def _kill_sometime(database: Database, longest: float) -> int | None:
    process = FORK.Process(target=_rotate, args=(database,))
    process.start()
    time.sleep(random.uniform(0, longest))
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode


@pytest.mark.slow
def test_two_processes_work_while_rotations_are_killed_at_random_moments(database: Database) -> None:
    kept = seal_many(database, 60)
    database.close()
    stop, results = FORK.Event(), FORK.Queue()
    workers = [FORK.Process(target=_work, args=(database, stop, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    ends = [_kill_sometime(database, 0.4) for _ in range(20)]
    final = reopened(database)
    rotation.rotate(final)
    stop.set()
    for made in [results.get(timeout=30) for _ in workers]:
        assert isinstance(made, dict), made
        assert made
        kept |= made
    for worker in workers:
        worker.join()
    assert -signal.SIGKILL in ends, "no rotation was killed: the test proves nothing"
    assert len(final.keyring.listed()) == 1 and used_keys(final) == {final.keyring.active().id}
    fresh = reopened(database)
    assert_readable(fresh, kept)
    fresh.close()
    final.close()


def test_the_commands_list_rotate_and_check(database: Database) -> None:
    seal_many(database, 3)
    run, first = CliRunner(), database.keyring.active().id
    assert first in run.invoke(keys, ["list"], obj=Obj(database)).output
    rotated = run.invoke(keys, ["rotate"], obj=Obj(database)).output
    assert first in rotated and database.keyring.active().id in rotated
    listed = run.invoke(keys, ["list"], obj=Obj(database)).output
    assert first not in listed and "in uso" in listed
    checked = run.invoke(keys, ["check"], obj=Obj(database))
    assert (checked.exit_code, checked.output) == (0, "Le chiavi sono in ordine.\n")


def test_the_check_names_file_key_and_remedy(database: Database, tmp_path: Path) -> None:
    seal_many(database, 3)
    needed = database.keyring.active().id
    database.keyring.path.unlink()
    database.keyring.make()
    fresh = reopened(database)
    checked = CliRunner().invoke(keys, ["check"], obj=Obj(fresh))
    assert checked.exit_code == 1
    assert needed in checked.output and "keys.json" in checked.output and "3 data keys" in checked.output
    assert "Put back" in checked.output
    with pytest.raises(ConfigError, match=needed):
        rotation.rotate(fresh)
    fresh.close()


def test_the_check_finds_a_wrapped_key_that_was_changed(database: Database) -> None:
    seal_many(database, 1)
    with database.all_districts("test", write=True) as session:
        row = session.scalars(sa.select(DataKey)).one()
        assert row.wrapped is not None
        row.wrapped = row.wrapped[:-1] + bytes([row.wrapped[-1] ^ 1])
    (problem,) = rotation.problems(database)
    assert str(row.id) in problem and "was changed" in problem


class Obj:
    """The object of the click context."""

    def __init__(self, database: Database) -> None:
        self.database = database
