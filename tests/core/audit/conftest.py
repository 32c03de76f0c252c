"""A database with the tables of keys and audit."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.db import Database
from tests.core.crypto.world import add_districts, ground_metadata


@pytest.fixture
def database_metadata() -> sa.MetaData:
    return ground_metadata()


@pytest.fixture
def database(any_database: Database) -> Database:
    add_districts(any_database)
    return any_database
