"""``Database``: the one door to sessions."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, make_url

from core.db.base import Base
from core.db.engine import build_engine, check_url
from core.db.guard import install_guard
from core.db.rls import check_role
from core.db.selfcheck import PROBE, self_check
from core.db.session import ALL, DistrictSession, Scope
from core.db.tenancy import check_metadata
from core.keyring import NAME as KEYS_NAME
from core.keyring import KeyRing

log = logging.getLogger("innesto.db")


class Database:
    """Engine, tenancy guard and write lock of one installation.

    ``data_dir`` holds ``write.lock`` and is created when missing (default: the folder of the SQLite file, or the
    working directory). ``pool_size`` is at least twice the number of server threads, since a request may open a short
    session beside its own; ``lock_timeout`` is the seconds a writer waits for the others. ``keys`` is the file of the
    key ring (default: ``keys.json`` in ``data_dir``).
    """

    def __init__(
        self,
        url: str | URL,
        *,
        data_dir: Path | None = None,
        pool_size: int = 16,
        lock_timeout: float = 60.0,
        metadata: MetaData = Base.metadata,
        keys: Path | None = None,
    ) -> None:
        self.url = make_url(url)
        check_url(self.url)
        self.metadata = metadata
        self.data_dir = data_dir or _folder_of(self.url)
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.keyring = KeyRing(keys or self.data_dir / KEYS_NAME)
        self._lock_timeout = lock_timeout
        self.engine: Engine = build_engine(
            self.url, data_dir=self.data_dir, pool_size=pool_size, lock_timeout=lock_timeout
        )
        self._guard = install_guard(self.engine, metadata)

    @property
    def dialect(self) -> str:
        """``"sqlite"`` or ``"postgresql"``."""
        return self.engine.dialect.name

    def open(self, district_id: int | None, *, write: bool = False) -> DistrictSession:
        """A session to commit and close by hand; ``district_id=None`` is an installation session."""
        return self._session(district_id, write=write)

    @contextmanager
    def read(self, district_id: int | None) -> Iterator[DistrictSession]:
        """A session that may only read. Writes raise ReadOnlySession."""
        with self.open(district_id) as session:
            yield session

    @contextmanager
    def write(self, district_id: int | None) -> Iterator[DistrictSession]:
        """A session that commits at the end of the block and rolls back on an error.

        Raises WriteLockHeld when this thread is already writing (SQLite), WriteLockTimeout when others write too long.
        """
        with self._committing(district_id) as session:
            yield session

    @contextmanager
    def all_districts(self, reason: str, *, write: bool = False) -> Iterator[DistrictSession]:
        """A session that sees every district, for migration, backup and verify alone. ``reason`` goes to the log."""
        log.info("session on all districts (%s): %s", "write" if write else "read", reason)
        if write:
            with self._committing(ALL) as session:
                yield session
            return
        with self._session(ALL, write=False) as session:
            yield session

    @contextmanager
    def _committing(self, scope: Scope) -> Iterator[DistrictSession]:
        with self._session(scope, write=True) as session:
            yield session
            session.commit()

    def _session(self, scope: Scope, *, write: bool) -> DistrictSession:
        self.keyring.warm()
        session = DistrictSession(self.engine, scope, write=write)
        session.info["keyring"] = self.keyring
        return session

    @contextmanager
    def migration_connection(self) -> Iterator[Connection]:
        """A connection of its own for a migration: all districts, write lock, on SQLite foreign keys off."""
        log.info("connection on all districts (write): migration")
        engine = build_engine(self.url, data_dir=self.data_dir, lock_timeout=self._lock_timeout, migration=True)
        try:
            with engine.execution_options(district=ALL, write=True).connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def start(self) -> None:
        """Every check a serving process makes before its first request. Raises ConfigError or GuardBroken."""
        self.check_metadata()
        self.check_role()
        self.self_check()

    def check_metadata(self) -> None:
        """Every table is district-owned or listed as the installation's. Raises ConfigError."""
        check_metadata(self.metadata)

    def check_role(self) -> None:
        """The PostgreSQL role is bound by row-level security. Raises ConfigError with the remedy."""
        with self.read(None) as session:
            check_role(session.connection())

    def self_check(self) -> None:
        """The guard refuses six statements that it must refuse. Raises GuardBroken."""
        self._guard.watch(PROBE.name)
        self_check(lambda: self.open(1))

    def optimize(self) -> None:
        """Refresh the statistics of SQLite's planner where they are stale; PostgreSQL does so by itself."""
        if self.dialect != "sqlite":
            return
        with self.all_districts("statistics of the planner", write=True) as session:
            session.connection().exec_driver_sql("PRAGMA optimize=0x10002")

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _folder_of(url: URL) -> Path:
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(url.database).absolute().parent
    return Path.cwd()
