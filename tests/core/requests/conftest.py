from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.access import Actor
from core.db import Database
from core.districts import snapshots
from tests.core.requests.world import WORKERS, build, office


@pytest.fixture(autouse=True)
def no_plugins() -> Iterator[None]:
    snapshots.use(None)
    WORKERS.clear()
    yield
    WORKERS.clear()


@pytest.fixture
def place(any_database: Database) -> Database:
    """Two districts with their figures, on each database."""
    build(any_database)
    return any_database


@pytest.fixture
def lite(sqlite_database: Database) -> Database:
    """The same on SQLite alone, for what no database can change."""
    build(sqlite_database)
    return sqlite_database


@pytest.fixture
def clerk(place: Database) -> Actor:
    return office(place)
