"""Put a backup back: into an empty folder, and an empty database of either kind."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import URL, Connection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from core.audit.verify import verify as verify_audit
from core.backup import tables
from core.backup.container import Opener, Part
from core.backup.create import Summary, opened, sync_folder, verify
from core.backup.keys import Secret
from core.db import Database, migrate
from core.db.owners import MigrationOwner
from core.errors import ConfigError

#: What a command that was called with the wrong folder may have left there; nothing else counts as empty.
LEFTOVERS: Final = frozenset({"secret.key", "write.lock"})
SQLITE_FILE: Final = "innesto.db"


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back."""

    summary: Summary
    #: Migrations that ran afterwards, where the backup was of an older version.
    steps: Sequence[str]
    #: Tables of plugins that are not installed here; their rows stay in the backup.
    left_out: Sequence[str]


def restore(
    path: Path, secret: Secret, owners: Sequence[MigrationOwner], folder: Path, url: URL | None = None
) -> Restored:
    """Check the backup as a whole, put it into ``folder`` (and the database at ``url``), then check what stands there.

    ``url`` is an empty PostgreSQL database; without it the database is a SQLite file in the folder. Raises
    ConfigError; then the folder is as it was, and the database empty again.
    """
    _check_empty(folder)
    summary = verify(path, secret)
    _check_owners(path, summary, owners)
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(mkdtemp(prefix=f".{folder.name}.restoring-", dir=folder.parent))
    try:
        with _readable_faults(folder):
            found = _fill(stage, url, Source(path, secret, summary), owners)
            _take_place(stage, folder)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return found


@dataclass(frozen=True, slots=True)
class Source:
    """A checked backup and who may read it."""

    path: Path
    secret: Secret
    summary: Summary


def _fill(stage: Path, url: URL | None, source: Source, owners: Sequence[MigrationOwner]) -> Restored:
    database = Database(url or URL.create("sqlite", database=str(stage / SQLITE_FILE)), data_dir=stage)
    try:
        database.check_role()
        check_no_tables(database)
        with emptied_on_failure(database):
            migrate.upgrade_to(database, owners, source.summary.revisions)
            with opened(source.path, source.secret) as opener:
                left_out = _load(opener, database, stage)
            steps = migrate.upgrade(database, owners)
            _check_result(database, owners, source.summary, left_out)
    finally:
        database.close()
    return Restored(source.summary, steps, left_out)


def _load(opener: Opener, database: Database, stage: Path) -> list[str]:
    """Rows in one transaction, files as they come; answers the tables that are not here."""
    left_out: list[str] = []
    with database.migration_connection() as connection, connection.begin():
        present = set(sa.inspect(connection).get_table_names())
        back = tables.without_foreign_keys(connection)
        for part in opener.parts():
            if part.kind == "file":
                _put(stage, part)
            elif part.kind == "table" and part.name in present:
                shape = tables.Shape.of_head(part.head)
                tables.replace(connection, shape, tables.from_blocks(shape, part.blocks))
            elif part.kind == "table":
                left_out.append(part.name)
        back()
        _check_keys(connection)
    return left_out


def _put(stage: Path, part: Part) -> None:
    path = stage / _inside(part.name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        for block in part.blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _inside(name: str) -> PurePosixPath:
    found = PurePosixPath(name)
    if found.is_absolute() or ".." in found.parts or name in {"", SQLITE_FILE}:
        raise ValueError("name")
    return found


def _take_place(stage: Path, folder: Path) -> None:
    _check_empty(folder)
    if folder.exists():
        for name in LEFTOVERS:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
    sync_folder(stage)
    stage.rename(folder)
    sync_folder(folder.parent)


def postgres_url(text: str) -> URL:
    """The address of a database on a server. Raises ConfigError."""
    try:
        url = sa.make_url(text)
    except ArgumentError as error:
        remedy = "Try postgresql://user:password@host/name"
        raise ConfigError("--database-url", "", "this is not the address of a database", remedy) from error
    if url.get_backend_name() != "postgresql":
        raise ConfigError("--database-url", url.get_backend_name(), "only PostgreSQL is named here", "Leave it out")
    return url


# --- checks ----------------------------------------------------------------------------------------------------------


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or {entry.name for entry in folder.iterdir()} - LEFTOVERS):
        remedy = "Choose a new folder: a restore never writes over what is there"
        raise ConfigError(folder, "", "this folder is not empty", remedy)


def check_no_tables(database: Database) -> None:
    """Raises ConfigError where the database holds anything."""
    with database.all_districts("look whether the database is empty") as session:
        names = sa.inspect(session.connection()).get_table_names()
    if names:
        remedy = "Make a new one: a restore never writes over what is there"
        raise ConfigError("DATABASE_URL", names[0], "the database is not empty", remedy)


def _check_owners(path: Path, summary: Summary, owners: Sequence[MigrationOwner]) -> None:
    installed = {owner.name: owner for owner in owners}
    for name, revision in summary.revisions.items():
        if name not in installed:
            raise ConfigError(path, name, "the backup has data of this plugin, which is not installed", "Install it")
        if not any(file.name.startswith(f"{revision}_") for file in installed[name].folder.glob("*.py")):
            problem = f"made by a newer version of Innesto ({summary.version}), at step {revision}"
            raise ConfigError(path, name, problem, "Install that version, or a later one")


def _check_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise ConfigError("backup", "", "rows point to rows that are missing", "Take an earlier backup")


def _check_result(
    database: Database, owners: Sequence[MigrationOwner], summary: Summary, left_out: Sequence[str]
) -> None:
    """What stands there now: counts, tables, audit. Migrations of an older backup may add rows, never lose them."""
    with database.all_districts("check what was restored") as session:
        connection = session.connection()
        present = set(sa.inspect(connection).get_table_names())
        for name, expected in summary.rows.items():
            if name in present and name not in left_out and tables.count(connection, name) < expected:
                raise ConfigError("backup", name, f"not all of the {expected} rows are there", "Try again")
    if problems := migrate.check(database, owners):
        raise ConfigError("database", "", "; ".join(problems), "Tell those who keep Innesto")
    findings = [finding for report in verify_audit(database) for finding in report.findings]
    if findings:
        sentence = findings[0].sentence.rstrip(".")
        raise ConfigError("audit", "", sentence, "Take an earlier backup, and keep this one as evidence")


@contextmanager
def _readable_faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(folder, "", f"{error.strerror or error}", "Nothing was restored") from error
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        raise ConfigError("database", "", reason, "Nothing was restored") from error


@contextmanager
def emptied_on_failure(database: Database) -> Iterator[None]:
    """Leave a database on a server as empty as it was found."""
    try:
        yield
    except BaseException:
        if database.dialect == "postgresql":
            with suppress(SQLAlchemyError):
                drop_everything(database)
        raise


def drop_everything(database: Database) -> None:
    """Drop all tables and functions of the current schema, which held nothing when it was given to us."""
    with database.migration_connection() as connection, connection.begin():
        for name in sa.inspect(connection).get_table_names():
            quoted = connection.dialect.identifier_preparer.quote(name)
            connection.exec_driver_sql(f"DROP TABLE {quoted} CASCADE")
        for row in connection.execute(FUNCTIONS).all():
            connection.exec_driver_sql(f"DROP FUNCTION {row[0]} CASCADE")


FUNCTIONS: Final[Any] = sa.text(
    "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace"
    " AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
)
