from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.core.console.world import Portal, make_portal


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = make_portal(tmp_path_factory.mktemp("console"))
    yield made
    made.installation.database.close()
