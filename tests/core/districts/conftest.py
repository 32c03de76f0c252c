"""A district on the sample model, on either database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import core.access.models  # noqa: F401  # roles are written with a model
from core.db import Database
from core.districts import snapshots
from core.districts.models import District
from tests.core.districts.samples import PLUGINS, found


@pytest.fixture(autouse=True)
def known_plugins() -> Iterator[None]:
    snapshots.use(PLUGINS)
    yield
    snapshots.use(None)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def valle(any_database: Database, models: Path) -> District:
    return found(any_database, models)
