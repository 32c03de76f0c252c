"""What stands in the database, by its own driver and not by ours: one digest for each table."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from core.db import Database
from tests.support.databases import SERVER

#: Refusals, looks and visits are written down: that is no change. A page may also note the last moment of a login.
TRAIL = frozenset(
    {
        "core_audit_entry",
        "core_audit_chain",
        "core_access_log",
        "core_access_chain",
        "core_login_attempt",
        "core_session",
        "core_search_change",
    }
)


def digests(database: Database) -> dict[str, str]:
    """The content of each table but those of the trail: number of rows, and a digest of all of them, sorted."""
    read = _sqlite if database.dialect == "sqlite" else _postgres
    return {table: _digest(rows) for table, rows in read(database) if table not in TRAIL}


def _digest(rows: Iterable[object]) -> str:
    lines = sorted(repr(row) for row in rows)
    return f"{len(lines)} {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()[:16]}"


def _sqlite(database: Database) -> Iterable[tuple[str, list[object]]]:
    connection = sqlite3.connect(str(database.url.database))
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            yield name, connection.execute(f'SELECT * FROM "{name}"').fetchall()
    finally:
        connection.close()


def _postgres(database: Database) -> Iterable[tuple[str, list[object]]]:
    import psycopg

    server = SERVER.replace("postgresql+psycopg", "postgresql").rpartition("/")[0]
    with psycopg.connect(f"{server}/{database.url.database}") as connection:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in connection.execute(tables).fetchall():
            yield name, connection.execute(f'SELECT * FROM "{name}"').fetchall()
