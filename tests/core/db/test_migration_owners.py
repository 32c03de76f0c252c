"""Whether all migrations have run is known without Alembic, and Alembic agrees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from core.db import Database
from core.db.migrate import downgrade, pending, upgrade
from core.db.owners import CORE, MigrationOwner, up_to_date

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture
def empty(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'empty.db'}")


def stand_at(database: Database, number: str) -> None:
    with database.migration_connection() as connection, connection.begin():
        connection.execute(text(f"UPDATE {CORE.version_table} SET version_num = :number"), {"number": number})


def test_the_short_answer_agrees_with_alembic_before_and_after(empty: Database) -> None:
    assert not up_to_date(empty, [CORE]) and pending(empty, [CORE])
    upgrade(empty, [CORE])
    assert up_to_date(empty, [CORE]) and pending(empty, [CORE]) == []
    downgrade(empty, [CORE], "core", "base")
    assert not up_to_date(empty, [CORE]) and pending(empty, [CORE])


def test_a_database_of_other_code_is_not_up_to_date(empty: Database) -> None:
    upgrade(empty, [CORE])
    stand_at(empty, "9999")
    assert not up_to_date(empty, [CORE])


def test_an_owner_without_migrations_has_nothing_to_run(empty: Database, tmp_path: Path) -> None:
    assert up_to_date(empty, [MigrationOwner("bare", tmp_path / "nowhere")])


def test_a_server_starts_without_loading_alembic_or_the_search_engine() -> None:
    code = "import sys, core.serve, core.app, core.installation; print({'alembic', 'whoosh'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
