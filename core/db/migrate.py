"""Migrations: one history per owner (the core and each plugin), run in the order of the plugins' requirements.

Every installed owner is migrated, enabled or not. The tables and the history of a removed plugin stay untouched.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect

import core.db
from core.db.database import Database
from core.db.owners import CORE, SCRIPTS, VERSION_TABLE, MigrationOwner
from core.db.rls import protect_tables, unprotected_tables
from core.errors import ConfigError, InnestoError

__all__ = [
    "CORE",
    "Division",
    "MigrationFailed",
    "MigrationOwner",
    "OwnerStatus",
    "check",
    "downgrade",
    "find_owner",
    "options",
    "pending",
    "revision",
    "status",
    "upgrade",
    "upgrade_to",
]

#: Key of the PostgreSQL advisory lock that keeps two upgrades apart ("innesto" in bytes).
ADVISORY_LOCK: Final = int.from_bytes(b"innesto", "big")
OUR_TYPES: Final = frozenset({"Cents", "DistrictKey", "Json", "Key", "UtcDateTime"})


class MigrationFailed(InnestoError):
    """A migration left the database broken; it was rolled back."""


@dataclass(frozen=True, slots=True)
class OwnerStatus:
    """Where one owner's history stands: revision in the database, last revision, what is still to run."""

    owner: str
    current: str | None
    head: str | None
    pending: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Division:
    """Which table belongs to whom: the owner with the longest prefix, removed plugins included."""

    prefixes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, owners: Sequence[MigrationOwner], connection: Connection) -> Division:
        """Division among ``owners`` and those that only left their version table behind."""
        known = {owner.name: owner.prefix for owner in owners}
        for table in inspect(connection).get_table_names():
            if table.startswith(VERSION_TABLE):
                name = table.removeprefix(VERSION_TABLE)
                known.setdefault(name, f"{name}_")
        return cls(tuple(known.items()))

    def owner_of(self, table: str) -> str | None:
        """Name of the owner of ``table``, None when nobody claims it."""
        matching = [(len(prefix), name) for name, prefix in self.prefixes if table.startswith(prefix)]
        return max(matching)[1] if matching else None


def upgrade(database: Database, owners: Sequence[MigrationOwner]) -> list[str]:
    """Bring every owner to its last revision; answers ``"owner: revision"`` for each step run.

    Each owner runs in a transaction of its own. Raises MigrationFailed when foreign keys end up broken.
    """
    steps: list[str] = []
    with _exclusive(database) as connection:
        for owner in owners:
            with _transaction(connection):
                before = _status(connection, owner)
                if before.pending:
                    command.upgrade(_config(database, owner, owners, connection), "head")
                steps.extend(f"{owner.name}: {revision}" for revision in before.pending)
    return steps


def upgrade_to(database: Database, owners: Sequence[MigrationOwner], revisions: Mapping[str, str]) -> None:
    """Bring each owner to the revision named for it, the others to none: the tables of an older backup.

    Raises MigrationFailed, and Alembic's CommandError for a revision that is not here.
    """
    with _exclusive(database) as connection:
        for owner in owners:
            if owner.name in revisions:
                with _transaction(connection):
                    command.upgrade(_config(database, owner, owners, connection), revisions[owner.name])


def downgrade(database: Database, owners: Sequence[MigrationOwner], name: str, revision: str) -> None:
    """Take one owner back to ``revision`` (``"base"``: before its first). Data of dropped tables are lost."""
    owner = find_owner(owners, name)
    with _exclusive(database) as connection, _transaction(connection):
        command.downgrade(_config(database, owner, owners, connection), revision)


def status(database: Database, owners: Sequence[MigrationOwner]) -> list[OwnerStatus]:
    """Where each owner stands, in the order given."""
    with database.all_districts("state of the migrations") as session:
        connection = session.connection()
        return [_status(connection, owner) for owner in owners]


def pending(database: Database, owners: Sequence[MigrationOwner]) -> list[str]:
    """The steps still to run, ``"owner: revision"`` each."""
    return [f"{state.owner}: {step}" for state in status(database, owners) for step in state.pending]


def check(database: Database, owners: Sequence[MigrationOwner]) -> list[str]:
    """What keeps database and models apart, one sentence each; empty when they agree."""
    with database.all_districts("compare models and database") as session:
        connection = session.connection()
        division = Division.of(owners, connection)
        found = [line for owner in owners for line in _differences(database, connection, owner, division)]
        found += [f"{table}: no row-level security" for table in unprotected_tables(connection)]
        return found + _broken_keys(connection)


def revision(database: Database, owners: Sequence[MigrationOwner], name: str, message: str) -> Path:
    """Write the next migration of an owner from the difference of models and database (for developers)."""
    owner = find_owner(owners, name)
    owner.folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(database) as connection, connection.begin():
        config = _config(database, owner, owners, connection)
        number = f"{len(_history(owner)) + 1:04d}"
        script = command.revision(config, message, autogenerate=True, rev_id=number, version_path=str(owner.folder))
    if not isinstance(script, Script):
        raise MigrationFailed(f"{owner.name}: nothing written")
    return Path(script.path)


def find_owner(owners: Sequence[MigrationOwner], name: str) -> MigrationOwner:
    """The owner called ``name``. Raises ConfigError."""
    for owner in owners:
        if owner.name == name:
            return owner
    known = ", ".join(owner.name for owner in owners)
    raise ConfigError("migrations", name, "unknown owner", f"Known: {known}")


def options(owner: MigrationOwner, division: Division, connection: Connection) -> dict[str, Any]:
    """Options of Alembic shared by the commands (``core/migrations/env.py``) and by ``check``."""
    return {
        "version_table": owner.version_table,
        "include_name": lambda name, kind, parents: kind != "table" or division.owner_of(name) == owner.name,
        "include_object": lambda item, name, kind, reflected, other: (
            kind != "table" or division.owner_of(name) == owner.name
        ),
        "compare_type": True,
        "render_as_batch": True,
        "render_item": _render_type,
        # Our engine begins transactions itself, so DDL can be rolled back on SQLite as well.
        "transactional_ddl": True,
    }


def _render_type(kind: str, item: Any, context: AutogenContext) -> str | bool:
    name = type(item).__name__
    if kind != "type" or name not in OUR_TYPES:
        return False
    context.imports.add(f"from {core.db.__name__} import {name}")
    return f"{name}()"


@contextmanager
def _exclusive(database: Database) -> Iterator[Connection]:
    with database.migration_connection() as connection:
        if connection.dialect.name == "postgresql":
            with connection.begin():
                connection.exec_driver_sql(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
        yield connection


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    with connection.begin():
        yield
        broken = _broken_keys(connection)
        if broken:
            raise MigrationFailed("; ".join(broken))
        if connection.dialect.name == "postgresql":
            protect_tables(connection)


def _broken_keys(connection: Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return sorted({f"{row[0]}: a row points to a missing row of {row[2]}" for row in rows})


def _config(
    database: Database, owner: MigrationOwner, owners: Sequence[MigrationOwner], connection: Connection
) -> Config:
    config = _script_config(owner)
    config.attributes["connection"] = connection
    config.attributes["metadata"] = database.metadata
    config.attributes["options"] = options(owner, Division.of(owners, connection), connection)
    return config


def _script_config(owner: MigrationOwner) -> Config:
    config = Config(cmd_opts=Namespace(quiet=True))
    for key, value in {
        "script_location": str(SCRIPTS),
        "version_locations": str(owner.folder),
        "path_separator": "newline",
        "file_template": "%(rev)s_%(slug)s",
    }.items():
        config.set_main_option(key, value.replace("%", "%%"))
    return config


def _history(owner: MigrationOwner) -> list[str]:
    """Revisions of an owner, first to last; none when it has no folder of versions."""
    if not owner.folder.is_dir():
        return []
    scripts = ScriptDirectory.from_config(_script_config(owner))
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def _status(connection: Connection, owner: MigrationOwner) -> OwnerStatus:
    context = MigrationContext.configure(connection, opts={"version_table": owner.version_table})
    current, history = context.get_current_revision(), _history(owner)
    if current is not None and current not in history:
        remedy = "Install the version of the software that made this database, or a newer one"
        raise ConfigError(owner.folder, current, "the database is at a revision that is not here", remedy)
    pending = history[history.index(current) + 1 :] if current else history
    return OwnerStatus(owner.name, current, history[-1] if history else None, tuple(pending))


def _differences(database: Database, connection: Connection, owner: MigrationOwner, division: Division) -> list[str]:
    pending = _status(connection, owner).pending
    if pending:
        return [f"{owner.name}: to run: {', '.join(pending)}"]
    opts = options(owner, division, connection) | {"target_metadata": database.metadata}
    context = MigrationContext.configure(connection, opts=opts)
    return [f"{owner.name}: {_sentence(item)}" for item in _flat(compare_metadata(context, database.metadata))]


def _flat(items: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for item in items:
        if isinstance(item, list):
            yield from _flat(item)
        else:
            yield item


def _sentence(item: tuple[Any, ...]) -> str:
    parts = [getattr(part, "name", part) for part in item[1:] if part is not None and not isinstance(part, dict)]
    return " ".join([str(item[0]), *map(str, parts)])
