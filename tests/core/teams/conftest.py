from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData

from core import clock
from core.db import Database
from tests.core.teams.world import ENTRY, RESOURCE, START, World, make_world, whole_metadata


@pytest.fixture
def database_metadata() -> MetaData:
    return whole_metadata()


@pytest.fixture
def morning() -> Iterator[None]:
    """Every test begins at the same moment of a Tuesday."""
    with clock.at(START):
        yield


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other parts ask before a body gets a place, and the plugins' own rows with teams, are theirs to test."""
    monkeypatch.setattr("core.teams.registry._gates", [])
    monkeypatch.setattr("core.teams.registry._entities", {RESOURCE: ENTRY})


@pytest.fixture
def world(any_database: Database, morning: None) -> World:
    """The service on each database."""
    return make_world(any_database)


@pytest.fixture
def lite(sqlite_database: Database, morning: None) -> World:
    """The service on SQLite, for what no database can change."""
    return make_world(sqlite_database)
