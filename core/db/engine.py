"""Engines: what happens at connect, at begin and when a connection goes back to the pool."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from core.db.locks import Held, WriteLock
from core.db.session import ALL
from core.errors import ConfigError, TenancyError

#: Seconds SQLite itself waits for a writer that does not use our lock (a shell, a backup tool).
BUSY_SECONDS = 5

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}",
    # Each thread has a connection; the pages that all of them read are in the memory of the operating system.
    "PRAGMA cache_size=-1024",
)

POSTGRES_BEGIN = (
    "SELECT set_config('innesto.district', %s, true), set_config('innesto.all', %s, true),"
    " set_config('transaction_read_only', %s, true)"
)


def build_engine(
    url: URL, *, data_dir: Path, lock_timeout: float, pool_size: int = 1, migration: bool = False
) -> Engine:
    """Engine with our transaction rules.

    ``migration``: no pool, and on SQLite no foreign keys, since rebuilding a table would fire their actions.
    """
    pool: dict[str, Any] = {"poolclass": QueuePool, "pool_size": pool_size, "max_overflow": pool_size // 2}
    # Without parameters in errors: they would carry names and numbers of persons into the log.
    options: dict[str, Any] = {"poolclass": NullPool} if migration else pool
    engine = create_engine(url, json_serializer=_to_json, hide_parameters=True, **options)
    BACKENDS[engine.dialect.name](engine, WriteLock(data_dir / "write.lock", lock_timeout))
    if migration and engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _without_foreign_keys)
    event.listen(engine, "set_connection_execution_options", _keep_scope)
    return engine


def _to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _keep_scope(connection: Connection, options: dict[str, Any]) -> None:
    if {"district", "write"} & options.keys():
        raise TenancyError("a connection keeps the district it was opened for")


def _configure_sqlite(engine: Engine, lock: WriteLock) -> None:
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", lambda connection: _sqlite_begin(connection, lock))
    event.listen(engine, "checkin", _sqlite_checkin)
    event.listen(engine, "close", _sqlite_close)


def _sqlite_connect(dbapi: Any, record: ConnectionPoolEntry) -> None:
    # The driver's own mode begins no transaction before a SELECT and loses updates without an error.
    dbapi.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        dbapi.execute(pragma)


def _without_foreign_keys(dbapi: Any, record: ConnectionPoolEntry) -> None:
    dbapi.execute("PRAGMA foreign_keys=OFF")


def _sqlite_begin(connection: Connection, lock: WriteLock) -> None:
    write = bool(connection.get_execution_options().get("write"))
    pooled = connection.connection
    driver: Any = pooled.driver_connection
    if write and "write_lock" not in pooled.info:
        pooled.info["write_lock"] = lock.acquire()
    if pooled.info.get("query_only") is not (not write):
        pooled.info["query_only"] = not write
        driver.execute(f"PRAGMA query_only={int(not write)}")
    driver.execute("BEGIN IMMEDIATE" if write else "BEGIN")


def _sqlite_checkin(dbapi: Any, record: ConnectionPoolEntry) -> None:
    # A COMMIT that failed leaves its transaction open, and SQLAlchemy does not roll it back a second time.
    if dbapi is not None and dbapi.in_transaction:
        dbapi.rollback()
    held: Held | None = record.info.pop("write_lock", None)
    if held is not None:
        held.release()


def _sqlite_close(dbapi: Any, record: ConnectionPoolEntry) -> None:
    _sqlite_checkin(dbapi, record)
    # Fresh statistics are welcome, but not worth waiting for a writer.
    with suppress(sqlite3.OperationalError):
        dbapi.execute("PRAGMA busy_timeout=0")
        dbapi.execute("PRAGMA query_only=0")
        dbapi.execute("PRAGMA optimize")


def _configure_postgres(engine: Engine, lock: WriteLock) -> None:
    event.listen(engine, "begin", _postgres_begin)


def _postgres_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    scope = options.get("district")
    district = str(scope) if isinstance(scope, int) else ""
    everything = "on" if scope is ALL else "off"
    read_only = "off" if options.get("write") else "on"
    cursor = connection.connection.cursor()
    try:
        cursor.execute(POSTGRES_BEGIN, (district, everything, read_only))
    finally:
        cursor.close()


#: What each supported database needs; another dialect is refused by ``parse_url``.
BACKENDS: dict[str, Callable[[Engine, WriteLock], None]] = {
    "sqlite": _configure_sqlite,
    "postgresql": _configure_postgres,
}


def check_url(url: URL) -> None:
    """Refuse a database we do not run on. Raises ConfigError."""
    backend = url.get_backend_name()
    if backend not in BACKENDS:
        raise ConfigError("DATABASE_URL", backend, "unknown database", "Use sqlite:///… or postgresql://…")
    if backend == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ConfigError("DATABASE_URL", "sqlite", "a database in memory cannot be shared", "Give it a file")
