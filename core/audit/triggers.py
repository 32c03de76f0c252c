"""Append-only tables: the database itself refuses to change or delete a row, and to seal it a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, text

from core.db.base import DISTRICT

#: The columns that the sealer fills, once.
SEAL: Final = ("seq", "mac")
#: Content of each append-only table.
CONTENT: Final[Mapping[str, Sequence[str]]] = {
    "core_audit_entry": (
        DISTRICT, "id", "at", "account_id", "who", "function", "organisation", "kind", "resource", "object_id",
        "subject_id", "part", "fields", "purpose", "request_id", "details",
    ),
    "core_access_log": ("id", "at", "account_id", "who", "what", "target", "about_district", "details"),
}  # fmt: skip
REFUSAL: Final = "rows of this table are only ever added"
FUNCTION: Final = "core_audit_refuse"


def add_triggers(connection: Connection, table: str) -> None:
    """Make ``table`` append-only; what is there of an earlier time is made anew."""
    drop_triggers(connection, table)
    for statement in STATEMENTS[connection.dialect.name](table):
        connection.exec_driver_sql(statement)


def drop_triggers(connection: Connection, table: str) -> None:
    """Undo ``add_triggers``, for a migration."""
    on_table = f" ON {table}" if connection.dialect.name == "postgresql" else ""
    for name in _names(table, connection.dialect.name):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on_table}")


def missing_triggers(connection: Connection) -> list[str]:
    """Triggers that ought to be there and are not, or are switched off."""
    found = set(connection.execute(text(FOUND[connection.dialect.name])).scalars())
    return [name for table in CONTENT for name in _names(table, connection.dialect.name) if name not in found]


def after_create(target: Table, connection: Connection, **_options: Any) -> None:
    """DDL event: a table that is made from its model is append-only from the start."""
    add_triggers(connection, target.name)


#: Where each database lists its triggers; PostgreSQL tells the ones that a superuser has switched off.
FOUND: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


def _names(table: str, dialect: str) -> list[str]:
    kinds = ["content", "seal", "delete", "replace" if dialect == "sqlite" else "truncate"]
    return [f"{table}_no_{kind}" for kind in kinds]


def _sqlite(table: str) -> Iterator[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    content, seal, delete, replace = _names(table, "sqlite")
    same = " AND ".join(f"{name} = NEW.{name}" for name in ("id", DISTRICT) if name in CONTENT[table])
    yield f"CREATE TRIGGER {content} BEFORE UPDATE OF {', '.join(CONTENT[table])} ON {table} {refuse}"
    yield f"CREATE TRIGGER {seal} BEFORE UPDATE OF seq, mac ON {table} WHEN OLD.seq IS NOT NULL {refuse}"
    yield f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} {refuse}"
    # INSERT OR REPLACE deletes without asking the trigger of deletions.
    exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - names of our own tables and columns
    yield f"CREATE TRIGGER {replace} BEFORE INSERT ON {table} WHEN {exists} {refuse}"


def _postgresql(table: str) -> Iterator[str]:
    content, seal, delete, truncate = _names(table, "postgresql")
    yield (
        f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    call = f"EXECUTE FUNCTION {FUNCTION}()"
    columns = ", ".join(CONTENT[table])
    yield f"CREATE TRIGGER {content} BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW {call}"
    yield f"CREATE TRIGGER {seal} BEFORE UPDATE OF seq, mac ON {table} FOR EACH ROW WHEN (OLD.seq IS NOT NULL) {call}"
    yield f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} FOR EACH ROW {call}"
    yield f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {call}"


STATEMENTS: Final = {"sqlite": _sqlite, "postgresql": _postgresql}
