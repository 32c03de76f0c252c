"""Fresh databases for tests: ``sqlite_database``, ``postgres_database`` and ``any_database`` (one after the other).

Every table that is registered in ``database_metadata`` (``Base.metadata`` by default, so models a test module defines
are included) exists and is empty. A module that needs other tables overrides that fixture::

    @pytest.fixture
    def database_metadata() -> MetaData:
        return my_metadata

PostgreSQL tests run as a plain role in a database of their own, one per test process; ``INNESTO_TEST_POSTGRES`` names
the server (a URL of a role that may create roles and databases).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, MetaData, create_engine, inspect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from core.db import Base, Database
from core.db.rls import protect_tables

SERVER = os.environ.get("INNESTO_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
ROLE = "innesto_test"
CREATE_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {ROLE} LOGIN PASSWORD '{ROLE}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
"""


@pytest.fixture
def database_metadata() -> MetaData:
    """The tables a fresh database holds."""
    return Base.metadata


@pytest.fixture
def sqlite_database(tmp_path: Path, database_metadata: MetaData) -> Iterator[Database]:
    """A fresh SQLite file with every table."""
    with fresh_sqlite(tmp_path, database_metadata) as database:
        yield database


@pytest.fixture
def postgres_database(postgres_url: URL, tmp_path: Path, database_metadata: MetaData) -> Iterator[Database]:
    """A PostgreSQL database with every table, empty, behind row-level security."""
    with fresh_postgres(postgres_url, tmp_path, database_metadata) as database:
        yield database


@contextmanager
def fresh_sqlite(folder: Path, metadata: MetaData) -> Iterator[Database]:
    """For fixtures of a wider scope: a new database file ``test.db`` in ``folder``."""
    database = Database(URL.create("sqlite", database=str(folder / "test.db")), data_dir=folder, metadata=metadata)
    create_tables(database)
    yield database
    database.close()


@contextmanager
def fresh_postgres(url: URL, folder: Path, metadata: MetaData) -> Iterator[Database]:
    """For fixtures of a wider scope: the database at ``url``, emptied first."""
    _empty_schema(url)
    database = Database(url, data_dir=folder, metadata=metadata)
    create_tables(database)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_database(request: pytest.FixtureRequest) -> Database:
    """The same test on both databases."""
    fixtures = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}
    database: Database = request.getfixturevalue(fixtures[request.param])
    return database


@pytest.fixture
def empty_postgres_url(postgres_url: URL) -> URL:
    """Address of a PostgreSQL database without any table, for a plain role."""
    _empty_schema(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[URL]:
    """A database of this test process, owned by a plain role; dropped at the end."""
    server = _server()
    name = f"innesto_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    with server.connect() as connection:
        connection.exec_driver_sql(CREATE_ROLE)
        connection.exec_driver_sql(f"CREATE DATABASE {name} OWNER {ROLE}")
    yield make_url(SERVER).set(username=ROLE, password=ROLE, database=name)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    server.dispose()


def create_tables(database: Database) -> None:
    """Create every table of the metadata, with its policies."""
    with database.all_districts("create the tables of a test", write=True) as session:
        connection = session.connection()
        database.metadata.create_all(connection)
        if database.dialect == "postgresql":
            protect_tables(connection)


def table_names(database: Database) -> set[str]:
    """The tables the database really has."""
    with database.all_districts("list the tables of a test") as session:
        return set(inspect(session.connection()).get_table_names())


def _server() -> Engine:
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        server.connect().close()
    except OperationalError as error:
        pytest.skip(f"no PostgreSQL server at {make_url(SERVER).render_as_string()}: {error.orig}")
    return server


def _empty_schema(url: URL) -> None:
    engine = create_engine(
        url.set(username=make_url(SERVER).username, password=make_url(SERVER).password),
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS public CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA public AUTHORIZATION {ROLE}")
    engine.dispose()
