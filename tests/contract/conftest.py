"""The demonstration, to look at (``portal``) and to change (``own_portal``)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import demo


@pytest.fixture
def portal() -> demo.Portal:
    return demo.shared()


@pytest.fixture
def own_portal(tmp_path: Path) -> Iterator[demo.Portal]:
    yield from demo.copied(tmp_path / "data")
