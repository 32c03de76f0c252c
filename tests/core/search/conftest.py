"""Engines for the tests of search: a second engine joins the contract by one more line in ENGINES."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from core.search.engine import SearchEngine
from core.search.service import SearchService
from core.search.whoosh_engine import WhooshEngine

from .samples import services

ENGINES: Mapping[str, Callable[[Path], SearchEngine]] = {"whoosh": WhooshEngine}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> SearchEngine:
    """An empty engine of each kind."""
    return ENGINES[request.param](tmp_path / "index")


@pytest.fixture
def service(engine: SearchEngine) -> SearchService:
    """Search over four services."""
    engine.rebuild(services())
    return SearchService(lambda _district: engine)
