"""A backup that is not whole, a wrong key, a place that is taken: told clearly, and nothing is half done."""

from __future__ import annotations

import errno
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from sqlalchemy import URL

from core.backup import create
from core.backup.container import Sealer
from core.backup.create import back_up, verify
from core.backup.keys import Passphrase, RecoveryKey, kept_recovery_key
from core.backup.restoring import restore
from core.crypto.stream import EncryptedWriter
from core.db import Database
from core.db.owners import MigrationOwner
from core.errors import ConfigError
from core.installation import Installation
from tests.core.backup.content import fill
from tests.support.databases import table_names
from tests.support.server import DemoData, demonstration

Small = tuple[Path, RecoveryKey, list[MigrationOwner]]
CUTS = 60


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    """One backup for the tests that only read it."""
    folder = tmp_path_factory.mktemp("small")
    data: DemoData = demonstration().copy(folder / "data")
    installation = Installation(data.settings())
    fill(installation)
    key, path = RecoveryKey.new(), folder / "b.innesto"
    back_up(installation.database, installation.migration_owners, path, key)
    yield path, key, list(installation.migration_owners)
    installation.database.close()


def spoiled(small: Small, goal: Path, change: Callable[[bytearray], Any]) -> Path:
    data = bytearray(small[0].read_bytes())
    change(data)
    goal.write_bytes(data)
    return goal


def refuses(path: Path, small: Small, tmp_path: Path) -> str:
    """The restore says no, and leaves the folder of the test as it was."""
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigError) as caught:
        restore(path, small[1], small[2], tmp_path / "goal")
    assert sorted(tmp_path.iterdir()) == before
    return str(caught.value)


def test_a_backup_cut_anywhere_is_refused_and_nothing_is_written(small: Small, tmp_path: Path) -> None:
    size, chance = small[0].stat().st_size, random.Random(20261122)
    places = [0, 1, 20, size - 1, size - 17, *(chance.randrange(size) for _ in range(CUTS))]
    for place in places:
        path = spoiled(small, tmp_path / "cut", lambda data, place=place: data.__delitem__(slice(place, None)))
        with pytest.raises(ConfigError, match="cut or changed|not a backup"):
            verify(path, small[1])
    assert "cut or changed" in refuses(path, small, tmp_path)


def test_one_changed_bit_anywhere_is_noticed(small: Small, tmp_path: Path) -> None:
    size, chance = small[0].stat().st_size, random.Random(7)
    for place in [*range(0, 200, 9), *(chance.randrange(size) for _ in range(CUTS))]:
        path = spoiled(small, tmp_path / "bit", lambda d, p=place: d.__setitem__(p, d[p] ^ 1 << chance.randrange(8)))
        with pytest.raises(ConfigError):
            verify(path, small[1])


def test_what_stands_behind_the_end_is_noticed(small: Small, tmp_path: Path) -> None:
    path = spoiled(small, tmp_path / "long", lambda data: data.extend(b"more"))
    assert "cut or changed" in refuses(path, small, tmp_path)


def test_two_chunks_in_the_wrong_order_are_noticed(small: Small, tmp_path: Path) -> None:
    chunk = 64 * 1024 + 16

    def swap(data: bytearray) -> None:
        at = data.index(b"\n") + 21
        data[at : at + 2 * chunk] = data[at + chunk : at + 2 * chunk] + data[at : at + chunk]

    assert "cut or changed" in refuses(spoiled(small, tmp_path / "swap", swap), small, tmp_path)


def test_another_key_is_told_from_a_damaged_file(small: Small, tmp_path: Path) -> None:
    other = (small[0], RecoveryKey.new(), small[2])
    assert "does not open this backup" in refuses(small[0], other, tmp_path)


def test_a_passphrase_opens_what_it_locked_and_a_wrong_one_does_not(busy: Installation, tmp_path: Path) -> None:
    words, path = Passphrase("cavallo batteria graffetta giusto"), tmp_path / "b.innesto"
    made = back_up(busy.database, busy.migration_owners, path, words)
    assert verify(path, words) == made
    with pytest.raises(ConfigError, match="does not open this backup"):
        verify(path, Passphrase("cavallo batteria graffetta giustO"))
    with pytest.raises(ConfigError, match="--passphrase-file"):
        verify(path, RecoveryKey.new())


@pytest.mark.parametrize("words", ["", "corta", "aaaaaaaaaaaaaaaaaaaa", "abababababababab"])
def test_a_weak_passphrase_is_refused_before_anything_is_written(
    busy: Installation, tmp_path: Path, words: str
) -> None:
    with pytest.raises(ConfigError, match="too weak"):
        back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", Passphrase(words))
    assert not list(tmp_path.glob("*.innesto")) and not list(tmp_path.glob(".*part"))


def test_a_file_of_another_kind_is_told(small: Small, tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", b"innesto-backup {}\n", b"innesto-backup nonsense\n", os.urandom(5000)):
        (tmp_path / "other").write_bytes(content)
        assert "not a backup" in (said := refuses(tmp_path / "other", small, tmp_path)) or "cut or changed" in said
    assert "No such file" in refuses(tmp_path / "nowhere", small, tmp_path)


def test_a_newer_format_and_newer_tables_ask_for_a_newer_version(small: Small, tmp_path: Path) -> None:
    def newer(data: bytearray) -> None:
        at = data.index(b'"format": 1')
        data[at : at + 11] = b'"format": 2'

    assert "newer version" in refuses(spoiled(small, tmp_path / "newer", newer), small, tmp_path)
    old = [MigrationOwner(owner.name, tmp_path / "nothing") for owner in small[2]]
    (tmp_path / "nothing").mkdir()
    assert "newer version" in refuses(small[0], (small[0], small[1], old), tmp_path)


def test_a_plugin_that_is_missing_is_named(small: Small, tmp_path: Path) -> None:
    fewer = [owner for owner in small[2] if owner.name != "example"]
    assert "example: the backup has data of this plugin" in refuses(small[0], (small[0], small[1], fewer), tmp_path)


def test_a_folder_with_anything_in_it_is_left_alone(small: Small, tmp_path: Path) -> None:
    goal = tmp_path / "goal"
    goal.mkdir()
    (goal / "letter.txt").write_text("mine")
    assert "not empty" in refuses(small[0], small, tmp_path)
    assert (goal / "letter.txt").read_text() == "mine" and len(list(goal.iterdir())) == 1


def test_an_existing_file_is_not_written_over(busy: Installation, key: RecoveryKey, tmp_path: Path) -> None:
    (tmp_path / "b.innesto").write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    assert (tmp_path / "b.innesto").read_text() == "mine"


class FullDisk:
    """A file on a disk that is full after some bytes."""

    def __init__(self, file: IO[bytes], room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        self._room -= len(data)
        if self._room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._file.write(data)


def test_a_full_disk_leaves_no_half_backup(
    busy: Installation, key: RecoveryKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create, "Sealer", lambda file, secret: Sealer(FullDisk(file, 300_000), secret))  # type: ignore[arg-type]
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ConfigError, match="No space left on device"):
        back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    assert sorted(tmp_path.iterdir()) == before


def test_a_backup_that_reads_back_wrong_is_not_kept(
    busy: Installation, key: RecoveryKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad disk: the close of the stream writes something else."""

    def close(self: EncryptedWriter) -> None:
        self._target.write(b"rubbish that is no chunk")

    monkeypatch.setattr(EncryptedWriter, "close", close)
    with pytest.raises(ConfigError, match="cut or changed"):
        back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    assert not list(tmp_path.glob("*innesto*"))


def test_a_full_disk_while_restoring_leaves_nothing(
    small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("core.backup.restoring.os.fsync", full)
    assert "No space left on device" in refuses(small[0], small, tmp_path)


@pytest.mark.postgres
def test_a_server_whose_restore_fails_is_empty_again(
    small: Small, tmp_path: Path, empty_postgres_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_facts: object) -> None:
        raise ConfigError("audit", "", "broken on purpose")

    monkeypatch.setattr("core.backup.restoring._check_result", broken)
    with pytest.raises(ConfigError, match="on purpose"):
        restore(small[0], small[1], small[2], tmp_path / "goal", empty_postgres_url)
    database = Database(empty_postgres_url, data_dir=tmp_path / "look")
    assert table_names(database) == set()
    database.close()
    assert not (tmp_path / "goal").exists()


@pytest.mark.postgres
def test_a_server_that_holds_something_is_left_alone(small: Small, tmp_path: Path, postgres_database: Database) -> None:
    before = table_names(postgres_database)
    with pytest.raises(ConfigError, match="the database is not empty"):
        restore(small[0], small[1], small[2], tmp_path / "goal", postgres_database.url)
    assert table_names(postgres_database) == before


def test_a_changed_audit_in_the_source_is_told_at_the_restore(
    busy: Installation, key: RecoveryKey, tmp_path: Path
) -> None:
    busy.database.close()
    with sqlite3.connect(busy.settings.data_dir / "innesto.db") as connection:
        connection.execute("DROP TRIGGER core_audit_entry_no_content")
        connection.execute("UPDATE core_audit_entry SET who = 'qualcun altro' WHERE seq = 3")
    connection.close()
    back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    with pytest.raises(ConfigError, match="^audit: "):
        restore(tmp_path / "b.innesto", key, busy.migration_owners, tmp_path / "goal")
    assert not (tmp_path / "goal").exists()


def test_the_recovery_key_is_made_once_and_read_as_people_copy_it(tmp_path: Path) -> None:
    key, new = kept_recovery_key(tmp_path)
    assert new and (tmp_path / "backup.key").stat().st_mode & 0o777 == 0o600
    assert kept_recovery_key(tmp_path) == (key, False)
    assert RecoveryKey.parse(f"  {key.text.lower().replace('-', ' ')}\n") == key
    with pytest.raises(ConfigError, match="not a recovery key"):
        RecoveryKey.parse(key.text[:-1])
