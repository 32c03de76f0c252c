from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.backup.keys import RecoveryKey
from core.installation import Installation
from tests.support.server import DemoData, any_demo, demo, demo_data, postgres_demo

__all__ = ["any_demo", "demo", "demo_data", "postgres_demo"]


@pytest.fixture
def key() -> RecoveryKey:
    return RecoveryKey.new()


@pytest.fixture
def busy(demo: DemoData) -> Iterator[Installation]:
    """A demonstration with a sealed audit, uploads and mails that wait."""
    yield from _with_content(demo)


@pytest.fixture
def any_busy(any_demo: DemoData) -> Iterator[Installation]:
    """The same on both databases."""
    yield from _with_content(any_demo)


def _with_content(data: DemoData) -> Iterator[Installation]:
    from tests.core.backup.content import fill

    installation = Installation(data.settings())
    fill(installation)
    yield installation
    installation.database.close()
