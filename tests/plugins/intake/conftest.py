"""The world of these tests, on either database."""

from __future__ import annotations

import pytest

from core.db import Database
from tests.plugins.intake.world import World, make


@pytest.fixture
def world(any_database: Database) -> World:
    return make(any_database)


@pytest.fixture
def small_world(sqlite_database: Database) -> World:
    return make(sqlite_database)
