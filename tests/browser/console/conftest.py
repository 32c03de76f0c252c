from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.core.console.world import PASSWORD, PORTAL, Portal, make_portal
from tests.support.factor import pass_second_step

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


class Silent(WSGIRequestHandler):
    def log(self, kind: str, message: str, *args: object) -> None:
        """A test leaves no log."""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = make_portal(tmp_path_factory.mktemp("console"))
    yield made
    made.installation.database.close()


@pytest.fixture(scope="module")
def site(portal: Portal) -> Iterator[str]:
    """The portal behind a real server."""
    server = make_server("127.0.0.1", 0, portal.app.wsgi_app, threaded=True, request_handler=Silent)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, site: str, portal: Portal) -> Iterator[Page]:
    """A browser in which the portal's administrator is signed in."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.goto(f"{site}/account/accedi")
    opened.fill("#email", PORTAL)
    opened.fill("#password", PASSWORD)
    opened.press("#password", "Enter")
    opened.wait_for_url(f"{site}/account/secondo-passaggio")
    pass_second_step(portal.installation.database, PORTAL)
    yield opened
    context.close()
