"""What was erased stays erased, also when a backup of before is restored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import crypto
from core.crypto.keys import repeat_erasures
from core.crypto.models import DataKey
from core.db import Database, uuid7
from tests.core.crypto.world import HERE, ground_metadata, seal, unseal

OWNER, OTHER, ROW = uuid7(), uuid7(), uuid7()


def ids(database: Database) -> dict[object, str]:
    with database.all_districts("test") as session:
        return {owner: str(key_id) for owner, key_id in session.execute(sa.select(DataKey.owner_id, DataKey.id))}


def sealed_for(database: Database, *owners: object) -> dict[object, bytes]:
    with database.write(HERE) as session:
        return {owner: seal(session, owner, "riservato", ROW) for owner in owners}  # type: ignore[arg-type]


def test_a_restored_backup_does_not_bring_erased_values_back(sqlite_database: Database, tmp_path: Path) -> None:
    database = sqlite_database
    values = sealed_for(database, OWNER, OTHER)
    database.close()
    backup = tmp_path / "backup"
    backup.mkdir()
    for file in tmp_path.glob("test.db*"):
        shutil.copy(file, backup)
    with database.write(HERE) as session:
        crypto.destroy_key(session, OWNER, reason="art. 17")
    database.close()
    for file in tmp_path.glob("test.db*"):
        file.unlink()
    for file in backup.iterdir():
        shutil.copy(file, tmp_path)
    restored = Database(database.url, data_dir=tmp_path, metadata=ground_metadata())
    with restored.read(HERE) as session:
        with pytest.raises(crypto.Unreadable, match="destroyed"):
            unseal(session, OWNER, values[OWNER], ROW)
        assert unseal(session, OTHER, values[OTHER], ROW) == b"riservato"
    crypto.check_keys(restored)
    with restored.read(HERE) as session:
        wrapped = dict(session.execute(sa.select(DataKey.owner_id, DataKey.wrapped)).all())
        assert wrapped[OWNER] is None and wrapped[OTHER] is not None
    assert repeat_erasures(restored) == 0
    restored.close()


def test_only_what_was_committed_is_listed(database: Database) -> None:
    sealed_for(database, OWNER, OTHER)
    session = database.open(HERE, write=True)
    crypto.destroy_key(session, OWNER, reason="art. 17")
    session.rollback()
    with session.begin_nested() as savepoint:
        crypto.destroy_key(session, OWNER, reason="art. 17")
        savepoint.rollback()
    session.commit()
    assert database.keyring.erased() == frozenset()
    with session.begin_nested():
        crypto.destroy_key(session, OTHER, reason="art. 17")
    assert database.keyring.erased() == frozenset()
    session.commit()
    session.close()
    assert database.keyring.erased() == {ids(database)[OTHER]}
    assert database.keyring.erased_path.stat().st_mode & 0o777 == 0o600


def test_what_a_crash_kept_out_of_the_list_is_added_at_the_next_start(database: Database) -> None:
    sealed_for(database, OWNER)
    with database.write(HERE) as session:
        crypto.destroy_key(session, OWNER, reason="art. 17")
    database.keyring.erased_path.unlink()
    crypto.check_keys(database)
    assert database.keyring.erased() == {ids(database)[OWNER]}
