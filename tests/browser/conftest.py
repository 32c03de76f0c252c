"""A demonstration served by a real server, and windows that remember what the browser complained of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.busy import make_busy
from tests.browser.people import Window
from tests.support.server import Portal, demonstration, portal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Opener = Callable[..., Window]


@pytest.fixture(scope="session")
def reading_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A server that nobody writes to."""
    data = demonstration().copy(tmp_path_factory.mktemp("reading") / "data")
    with portal(data) as started:
        yield started


@pytest.fixture(scope="session")
def busy_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A server where something waits for everybody in Legnano; tests read, or write what no other test counts."""
    data = demonstration().copy(tmp_path_factory.mktemp("busy") / "data")
    make_busy(data)
    with portal(data) as started:
        yield started


@pytest.fixture
def writing_room(tmp_path: Path) -> Iterator[Portal]:
    """A server of the test's own."""
    with portal(demonstration().copy(tmp_path / "data")) as started:
        yield started


@pytest.fixture
def window(chromium: Browser, reading_room: Portal) -> Iterator[Opener]:
    """Opens a window on the common server; ``room`` names another one, other options are the browser's."""
    with ExitStack() as stack:

        def opener(room: Portal | None = None, **options: Any) -> Window:
            options.setdefault("viewport", {"width": 1440, "height": 900})
            context = chromium.new_context(locale="it-IT", **options)
            stack.callback(context.close)
            return Window(context.new_page(), f"http://127.0.0.1:{(room or reading_room).port}")

        yield opener
