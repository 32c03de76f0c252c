"""Every template, with sample data, in a real browser: accessibility, reflow, policy, weight."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.preview.app import create_preview
from tests.browser.preview.samples import PAGES
from tests.support.axe import sideways, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
WIDTHS = (360, 768, 1440)


class Silent(WSGIRequestHandler):
    def log(self, kind: str, message: str, *args: object) -> None:
        """A preview leaves no log."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_preview(), threaded=True, request_handler=Silent)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


def test_the_look_for_violations_sees_one(page: Page) -> None:
    page.set_content("<html><body><img src='x'><p style='color:#ccc'>Testo troppo chiaro</p></body></html>")
    found = {line.partition(":")[0] for line in violations(page)}
    assert {"html-has-lang", "image-alt", "color-contrast"} <= found


@pytest.mark.matrix
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_accessibility_violation_at_any_width(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == [], f"{name} at {width}"


@pytest.mark.matrix
@pytest.mark.parametrize("name", PAGES)
def test_a_page_never_scrolls_sideways_and_obeys_the_policy(page: Page, address: str, name: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{address}/{name}")
    for width in (320, *WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        assert sideways(page) <= 0, f"{name} at {width}"
    assert said == []
    assert page.locator("h1").count() == 1


def test_a_cold_district_home_takes_at_most_eight_requests_and_150_kb(page: Page, address: str) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(f"{address}/district", wait_until="networkidle")
    assert len(sizes) <= 8
    assert sum(sizes) <= 150_000


def test_a_step_that_takes_something_away_is_pressed_twice(page: Page, address: str) -> None:
    page.goto(f"{address}/record")
    sure = page.get_by_role("button", name="Sì, conferma")
    assert sure.is_hidden()
    page.get_by_text("Ritira dal sito", exact=True).first.click()
    assert page.get_by_text("Chi visita non la vede più.").is_visible()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        sure.click()
    assert "transition=withdraw" in (sent.value.post_data or "")


def test_a_blocked_step_points_to_what_is_missing_instead_of_saying_it_twice(page: Page, address: str) -> None:
    page.goto(f"{address}/record")
    blocked = page.get_by_role("button", name="Pubblica", exact=True)
    assert blocked.get_attribute("aria-describedby") == "manca"
    assert page.get_by_text("Mancano due blocchi.").count() == 0


def test_after_a_refusal_the_focus_stands_on_the_summary(page: Page, address: str) -> None:
    page.goto(f"{address}/edit-errors")
    assert page.title().startswith("Errore:")
    assert page.evaluate("document.activeElement.className") == "ix-errors"


def test_enter_in_a_field_saves_instead_of_removing_a_row(page: Page, address: str) -> None:
    page.goto(f"{address}/edit")
    page.locator("#f_number").focus()
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.keyboard.press("Enter")
    assert "save=enter" in (sent.value.post_data or "")
    assert "remove_row" not in (sent.value.post_data or "")


def test_the_filters_on_phones_send_only_what_is_ticked(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto(f"{address}/search")
    page.get_by_text("Filtri (1)").click()
    page.locator("label[for=m-type-1]").click()
    page.locator("label[for=m-type-2]").click()
    page.get_by_role("button", name="Applica i filtri").click()
    page.wait_for_url("**type=regulation**")
    assert "type=service" not in page.url
