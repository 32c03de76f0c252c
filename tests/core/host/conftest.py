from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.host.modules import PluginFolder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = PluginFolder(tmp_path)
    yield made
    made.forget()
