"""PostgreSQL keeps the districts apart by itself, should the guard ever be passed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Connection, MetaData, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

from core.db import Database
from core.errors import ConfigError
from tests.support.databases import SERVER
from tests.support.sample_models import SampleBase, fill

pytestmark = pytest.mark.postgres


@pytest.fixture
def database_metadata() -> MetaData:
    return SampleBase.metadata


@pytest.fixture
def bare(postgres_database: Database) -> Iterator[Connection]:
    """A connection of the application's role that knows nothing of guard or sessions."""
    fill(postgres_database, 1, 2)
    engine = create_engine(postgres_database.url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM sample_case")).scalar_one())


def setting(connection: Connection, name: str, value: str) -> None:
    connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})


def test_without_a_district_no_row_is_visible(bare: Connection) -> None:
    assert count(bare) == 0


@pytest.mark.parametrize(("name", "value", "rows"), [("innesto.district", "2", 3), ("innesto.all", "on", 6)])
def test_the_settings_open_what_they_name(bare: Connection, name: str, value: str, rows: int) -> None:
    setting(bare, name, value)
    assert count(bare) == rows


def test_a_row_of_another_district_cannot_be_written(bare: Connection) -> None:
    setting(bare, "innesto.district", "1")
    with pytest.raises(ProgrammingError, match="row-level security"):
        bare.execute(text("UPDATE sample_note SET district_id = 2, case_id = NULL"))


def test_the_settings_end_with_the_transaction(postgres_database: Database) -> None:
    fill(postgres_database, 1)
    for scope, rows in ((1, 3), (2, 0), (1, 3)):
        with postgres_database.open(scope) as session:
            found = session.connection().connection.cursor().execute("SELECT count(*) FROM sample_case").fetchone()
            assert found == (rows,)


def test_a_superuser_is_refused_with_the_remedy(postgres_database: Database) -> None:
    server = make_url(SERVER)
    database = Database(postgres_database.url.set(username=server.username, password=server.password))
    with pytest.raises(ConfigError, match="superuser.*CREATE ROLE"):
        database.check_role()
    database.close()


def test_a_plain_role_is_accepted(postgres_database: Database) -> None:
    postgres_database.check_role()


def test_the_password_stays_out_of_the_message(postgres_url: URL) -> None:
    assert "password" not in repr(postgres_url).replace("***", "")
