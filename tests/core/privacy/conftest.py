from __future__ import annotations

import pytest
from sqlalchemy import MetaData

from core.db import Database
from tests.core.privacy.world import add_districts, whole_metadata


@pytest.fixture
def database_metadata() -> MetaData:
    return whole_metadata()


@pytest.fixture
def place(any_database: Database) -> Database:
    """Two empty districts, on each database."""
    add_districts(any_database)
    return any_database


@pytest.fixture
def lite(sqlite_database: Database) -> Database:
    """Two empty districts on SQLite, for what no database can change."""
    add_districts(sqlite_database)
    return sqlite_database
