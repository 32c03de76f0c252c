"""Upgrade with a backup before it, or try the upgrade on a copy and leave the original alone."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from core.backup import tables
from core.backup.create import Summary, back_up, snapshot
from core.backup.keys import Secret
from core.backup.restoring import check_no_tables, drop_everything
from core.db import Database, migrate
from core.db.owners import MigrationOwner
from core.errors import ConfigError

SCHEMA: Final = "innesto_upgrade_check_"


@dataclass(frozen=True, slots=True)
class Trial:
    """How an upgrade of a copy went: steps, seconds for the copy and for the steps, what was wrong afterwards."""

    steps: Sequence[str]
    copying: float
    upgrading: float
    problems: Sequence[str]


def upgrade(
    database: Database, owners: Sequence[MigrationOwner], path: Path, secret: Secret
) -> tuple[Summary, list[str]]:
    """Make a backup at ``path``, then run the pending migrations. Without the backup nothing is touched."""
    summary = back_up(database, owners, path, secret)
    return summary, migrate.upgrade(database, owners)


def try_upgrade(database: Database, owners: Sequence[MigrationOwner]) -> Trial:
    """Run the pending migrations on a copy, which is thrown away. Raises ConfigError where no copy can be made.

    SQLite: room for the file once more beside it. PostgreSQL: a second schema in the same database, which its owner
    may make, and room for all rows once more.
    """
    began = time.monotonic()
    with COPIES[database.dialect](database, owners) as copy:
        copied = time.monotonic()
        try:
            steps = migrate.upgrade(copy, owners)
            problems = migrate.check(copy, owners)
        except Exception as error:  # noqa: BLE001 - a migration may fail in any way; telling how is the purpose
            steps, problems = [], [f"{type(error).__name__}: {str(error).splitlines()[0]}"]
        return Trial(steps, copied - began, time.monotonic() - copied, problems)


@contextmanager
def _sqlite_copy(database: Database, owners: Sequence[MigrationOwner]) -> Iterator[Database]:
    original = Path(database.url.database or "")
    room, needed = shutil.disk_usage(database.data_dir).free, 2 * original.stat().st_size
    if room < needed:
        problem = f"the copy needs {needed // 2**20} MiB, and {room // 2**20} are free"
        raise ConfigError(database.data_dir, "", problem, "Free some room, then try again")
    with TemporaryDirectory(prefix=".upgrade-check-", dir=database.data_dir) as name:
        target = Path(name) / original.name
        with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(target)) as goal:
            source.backup(goal, pages=1000)
        url = URL.create("sqlite", database=str(target))
        copy = Database(url, data_dir=Path(name), metadata=database.metadata, keys=database.keyring.path)
        try:
            yield copy
        finally:
            copy.close()


@contextmanager
def _postgres_copy(database: Database, owners: Sequence[MigrationOwner]) -> Iterator[Database]:
    schema = SCHEMA + secrets.token_hex(4)
    _run(database, f"CREATE SCHEMA {schema}")
    try:
        with TemporaryDirectory(prefix=".upgrade-check-", dir=database.data_dir) as name:
            url = database.url.update_query_dict({"options": f"-csearch_path={schema}"})
            copy = Database(url, data_dir=Path(name), metadata=database.metadata, keys=database.keyring.path)
            try:
                check_no_tables(copy)
                _copy_rows(database, copy, owners)
                yield copy
                drop_everything(copy)
            finally:
                copy.close()
    finally:
        _run(database, f"DROP SCHEMA {schema} CASCADE")


def _run(database: Database, statement: str) -> None:
    try:
        with database.migration_connection() as connection, connection.begin():
            connection.exec_driver_sql(statement)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        remedy = "The role of the portal must own its database: ALTER DATABASE … OWNER TO …"
        raise ConfigError("DATABASE_URL", "", reason, remedy) from error


def _copy_rows(database: Database, copy: Database, owners: Sequence[MigrationOwner]) -> None:
    with snapshot(database) as source:
        migrate.upgrade_to(copy, owners, tables.revisions(source))
        with copy.migration_connection() as target, target.begin():
            back = tables.without_foreign_keys(target)
            for shape in tables.shapes(source, database.metadata):
                names = [name for name, _kind in shape.columns]
                rows = (dict(zip(names, row, strict=True)) for row in tables.rows(source, shape))
                if target.dialect.has_table(target, shape.name):
                    tables.replace(target, shape, rows)
            back()


COPIES: Final = {"sqlite": _sqlite_copy, "postgresql": _postgres_copy}
