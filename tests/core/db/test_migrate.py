"""Histories of several owners: up, down, compared, and untouched by the removal of a plugin."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import URL, Column, ForeignKey, Integer, MetaData, String, Table, select

from core.db import Database, Key, district_column, owned_foreign_key, uuid7
from core.db.base import NAMING
from core.db.cli import db
from core.db.migrate import MigrationFailed, MigrationOwner, check, downgrade, pending, revision, status, upgrade
from core.db.rls import unprotected_tables
from core.errors import ConfigError
from tests.support.databases import table_names


def build_metadata() -> MetaData:
    metadata = MetaData(naming_convention=NAMING)
    Table("main_case", metadata, district_column(), key(), Column("title", String(80)))
    constraint = owned_foreign_key("case_id", "main_case")
    Table("main_plus_note", metadata, district_column(), key(), Column("case_id", Key), constraint)
    return metadata


def key() -> Column[uuid.UUID]:
    return Column("id", Key, primary_key=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table, in a folder whose name would trouble a careless configuration."""
    folder = tmp_path / "a folder, 100%"
    folder.mkdir()
    url = URL.create("sqlite", database=str(folder / "app.db"))
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgres_url")
    database = Database(url, data_dir=folder, metadata=build_metadata())
    yield database
    database.close()


@pytest.fixture
def owners(database: Database) -> list[MigrationOwner]:
    """Two owners, one's name being the beginning of the other's, each with its first migration written."""
    names = ("main", "main_plus")
    owners = [MigrationOwner(name, database.data_dir / name / "versions") for name in names]
    for owner in owners:
        revision(database, owners, owner.name, "First tables")
        upgrade(database, owners)
    for owner in reversed(owners):
        downgrade(database, owners, owner.name, "base")
    return owners


def test_an_empty_database_comes_to_the_head_and_passes_the_check(
    database: Database, owners: list[MigrationOwner]
) -> None:
    assert check(database, owners) == ["main: to run: 0001", "main_plus: to run: 0001"]
    assert pending(database, owners) == ["main: 0001", "main_plus: 0001"]
    assert upgrade(database, owners) == ["main: 0001", "main_plus: 0001"]
    assert upgrade(database, owners) == []
    assert check(database, owners) == []
    assert [state.current for state in status(database, owners)] == ["0001", "0001"]


def test_each_owner_writes_its_own_tables_alone(database: Database, owners: list[MigrationOwner]) -> None:
    first, second = (next(owner.folder.glob("*.py")).read_text() for owner in owners)
    assert "main_case" in first and "main_plus_note'" not in first
    assert "create_table('main_plus_note'" in second and "create_table('main_case'" not in second
    assert "from core.db import" in first and "Key()" in first


def test_a_removed_plugin_keeps_its_tables_and_breaks_nothing(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    metadata = build_metadata()
    metadata.remove(metadata.tables["main_plus_note"])
    without = Database(database.url, data_dir=database.data_dir, metadata=metadata)
    assert upgrade(without, owners[:1]) == []
    assert check(without, owners[:1]) == []
    assert {"main_plus_note", "alembic_version_main_plus"} <= table_names(without)
    without.close()


def test_an_owner_without_migrations_is_no_obstacle(database: Database, owners: list[MigrationOwner]) -> None:
    bare = MigrationOwner("bare", database.data_dir / "nowhere")
    upgrade(database, [*owners, bare])
    assert status(database, [bare])[0].head is None
    assert check(database, [*owners, bare]) == []


def test_the_check_names_a_column_the_database_lacks(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    database.metadata.tables["main_case"].append_column(Column("colour", String(10)))
    found = check(database, owners)
    assert len(found) == 1 and found[0].startswith("main: add_column") and "colour" in found[0]


def test_a_second_migration_keeps_parents_and_children(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    cases, notes = (database.metadata.tables[name] for name in ("main_case", "main_plus_note"))
    with database.write(1) as session:
        key = uuid7()
        session.execute(cases.insert().values(id=key, title="kept"))
        session.execute(notes.insert().values(id=uuid7(), case_id=key))
    cases.append_column(Column("number", Integer, nullable=False, server_default="0"))
    cases.c.title.type = String(160)
    revision(database, owners, "main", "Wider title")
    assert upgrade(database, owners) == ["main: 0002"]
    assert check(database, owners) == []
    with database.read(1) as session:
        assert session.execute(select(notes.c.case_id).where(notes.c.district_id == 1)).scalars().all() == [key]


def test_a_migration_that_fails_leaves_nothing_behind(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    before = table_names(database)
    write_step(owners[0], "op.create_table('main_extra', sa.Column('id', sa.Integer))\n    raise RuntimeError('no')")
    with pytest.raises(RuntimeError):
        upgrade(database, owners)
    assert table_names(database) == before
    assert pending(database, owners) == ["main: 0002"]


def write_step(owner: MigrationOwner, body: str) -> None:
    text = next(owner.folder.glob("0001*.py")).read_text().split("def upgrade")[0]
    text = text.replace("revision = '0001'", "revision = '0002'", 1).replace("= None", "= '0001'", 1)
    (owner.folder / "0002_step.py").write_text(f"{text}def upgrade():\n    {body}\n")


def test_a_data_migration_reaches_the_rows_of_every_district(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    cases = database.metadata.tables["main_case"]
    for district in (1, 2):
        with database.write(district) as session:
            session.execute(cases.insert().values(id=uuid7(), title="old"))
    write_step(owners[0], "op.execute(\"UPDATE main_case SET title = 'new'\")")
    upgrade(database, owners)
    with database.all_districts("look at the titles") as session:
        assert session.execute(select(cases.c.title)).scalars().all() == ["new", "new"]


def test_a_database_newer_than_the_code_is_refused(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    next(owners[0].folder.glob("0001*.py")).unlink()
    with pytest.raises(ConfigError, match="0001"):
        status(database, owners)


def test_two_upgrades_at_once_run_each_step_once(database: Database, owners: list[MigrationOwner]) -> None:
    steps: list[str] = []
    threads = [threading.Thread(target=lambda: steps.extend(upgrade(database, owners))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(steps) == ["main: 0001", "main_plus: 0001"]


def test_an_unknown_owner_is_named(database: Database, owners: list[MigrationOwner]) -> None:
    with pytest.raises(ConfigError, match=r"mian.*main, main_plus"):
        revision(database, owners, "mian", "Typo")


@pytest.mark.postgres
def test_upgrade_puts_every_owned_table_behind_row_level_security(empty_postgres_url: URL, tmp_path: Path) -> None:
    database = Database(empty_postgres_url, data_dir=tmp_path, metadata=build_metadata())
    owners = [MigrationOwner("main", tmp_path / "main")]
    revision(database, owners, "main", "First tables")
    upgrade(database, owners)
    with database.all_districts("ask for the policies") as session:
        assert unprotected_tables(session.connection()) == []
        policies = session.connection().exec_driver_sql("SELECT tablename FROM pg_policies").scalars().all()
    assert set(policies) == {"main_case", "main_plus_note"}
    database.close()


def test_a_migration_that_breaks_foreign_keys_is_rolled_back(tmp_path: Path) -> None:
    metadata = MetaData(naming_convention=NAMING)
    Table("main_top", metadata, Column("id", Integer, primary_key=True))
    Table("main_leaf", metadata, Column("id", Integer, primary_key=True), Column("top", ForeignKey("main_top.id")))
    database = Database(f"sqlite:///{tmp_path}/app.db", data_dir=tmp_path, metadata=metadata)
    owners = [MigrationOwner("main", tmp_path / "versions")]
    revision(database, owners, "main", "First tables")
    upgrade(database, owners)
    write_step(owners[0], "op.execute('INSERT INTO main_leaf VALUES (1, 99)')")
    with pytest.raises(MigrationFailed, match="main_leaf"):
        upgrade(database, owners)
    assert pending(database, owners) == ["main: 0002"]
    database.close()


def run(database: Database, owners: list[MigrationOwner], *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(db, arguments, obj=SimpleNamespace(database=database, migration_owners=owners))
    return result.exit_code, result.output


def test_the_commands_tell_in_italian_what_they_did(database: Database, owners: list[MigrationOwner]) -> None:
    assert run(database, owners, "status") == (0, "main: da eseguire 0001\nmain_plus: da eseguire 0001\n")
    code, output = run(database, owners, "check")
    assert code == 1 and "Esegui «innesto db upgrade»" in output
    assert run(database, owners, "upgrade") == (0, "Eseguito: main: 0001\nEseguito: main_plus: 0001\n")
    assert run(database, owners, "upgrade") == (0, "La base di dati è già aggiornata.\n")
    assert run(database, owners, "check") == (0, "La base di dati corrisponde ai modelli.\n")
    assert run(database, owners, "status")[1].startswith("main: aggiornato alla 0001")


def test_the_downgrade_command_asks_first(database: Database, owners: list[MigrationOwner]) -> None:
    upgrade(database, owners)
    assert run(database, owners, "downgrade", "main_plus", "base")[0] == 1
    assert "main_plus_note" in table_names(database)
    assert run(database, owners, "downgrade", "--yes", "main_plus", "base")[0] == 0
    assert "main_plus_note" not in table_names(database)


def test_a_wrong_owner_is_a_message_and_no_traceback(database: Database, owners: list[MigrationOwner]) -> None:
    code, output = run(database, owners, "revision", "mian", "Typo")
    assert code == 1 and output.startswith("Error: migrations: mian")
