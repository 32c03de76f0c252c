"""Signing in and the own account in a real browser: accessible, by the keyboard, warned before the session locks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from passlib.totp import TOTP
from werkzeug.serving import make_server

from core.access import Actor
from core.accounts import sessions
from core.accounts.links import Link, invite
from core.accounts.operations import create_account
from tests.browser.console.conftest import Silent
from tests.browser.people import Window
from tests.core.console.world import ADMIN, EDITOR, PASSWORD, Portal, make_portal

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = make_portal(tmp_path_factory.mktemp("accounts"))
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
def window(chromium: Browser, site: str) -> Iterator[Window]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="it-IT")
    yield Window(context.new_page(), site)
    context.close()


def enter(window: Window) -> None:
    """Sign in with the keyboard alone."""
    window.open("/account/accedi")
    window.tab_to(id_="email")
    window.page.keyboard.type(EDITOR)
    window.tab_to(id_="password")
    window.page.keyboard.type(PASSWORD)
    window.press("Enter")
    window.page.wait_for_url(lambda url: "/account/accedi" not in url)


@pytest.mark.parametrize("path", ["/account/accedi?lang=en", "/account/password-dimenticata", "/account/uscita"])
def test_the_pages_before_the_login_are_accessible(window: Window, path: str) -> None:
    window.open(path)
    assert window.faults() == []


def test_the_pages_of_the_own_account_are_accessible(window: Window) -> None:
    enter(window)
    faults = []
    for path in ("/account/", "/account/sessioni", "/account/chiavi", "/account/secondo-passaggio"):
        window.open(path)
        faults += window.faults()
    assert faults == []


def test_the_telephone_is_set_up_with_the_keyboard_alone(window: Window) -> None:
    enter(window)
    window.open("/account/secondo-passaggio")
    window.tab_to(id_="password")
    window.page.keyboard.type(PASSWORD)
    window.press("Enter")
    window.page.wait_for_url("**/telefono")
    assert window.faults() == []
    key = re.search("<dt>Chiave</dt><dd>([A-Z2-7 ]+)</dd>", window.page.content())
    assert key
    window.tab_to(id_="code")
    window.page.keyboard.type(TOTP(key[1].replace(" ", ""), format="base32").generate().token)
    window.press("Enter")
    window.page.wait_for_selector("text=Dieci codici di riserva")
    assert window.page.locator("code").count() == 10
    assert window.faults() == []


def test_the_page_warns_before_the_lock_and_one_key_goes_on(window: Window, portal: Portal) -> None:
    settings = portal.app.extensions[sessions.EXTENSION]
    # The warning stands from the beginning, and the lock comes while the page is looked at.
    brief = replace(settings, idle=timedelta(minutes=2), idle_warning=timedelta(minutes=1, seconds=59))
    portal.app.extensions[sessions.EXTENSION] = brief
    try:
        window.open("/account/accedi")
        window.page.fill("#email", "admin@there.example")
        window.page.fill("#password", PASSWORD)
        window.press("Enter")
        window.page.wait_for_url(lambda url: "/account/accedi" not in url)
        window.open("/san-donato/oggi")
        soon = window.page.locator("[data-lock-soon]")
        soon.wait_for(state="visible", timeout=12_000)
        assert window.faults() == []
        with window.page.expect_response("**/account/ancora") as answered:
            window.press("Escape")
        assert answered.value.status == 204
        soon.wait_for(state="hidden")
    finally:
        portal.app.extensions[sessions.EXTENSION] = settings


def test_a_login_by_telephone_asks_a_code_and_a_spare_one_does_as_well(window: Window) -> None:
    email = ADMIN
    sign_in_as(window, email)
    window.open("/account/secondo-passaggio")
    window.write("password", PASSWORD)
    window.go()
    key = re.search("<dt>Chiave</dt><dd>([A-Z2-7 ]+)</dd>", window.page.content())
    assert key
    window.write("code", TOTP(key[1].replace(" ", ""), format="base32").generate().token)
    window.go()
    spare = window.page.locator("code").first.inner_text()
    printed(window)
    window.page.context.clear_cookies()
    sign_in_as(window, email)
    assert "/account/codice" in window.path
    assert window.faults() == []
    window.write("code", "000000")
    window.go()
    assert window.page.title().startswith("Errore:")
    window.complaints.clear()
    assert window.faults() == []
    window.write("recovery", spare)
    window.go()
    assert "/account/" not in window.path


def sign_in_as(window: Window, email: str) -> None:
    window.open("/account/accedi")
    window.write("email", email)
    window.write("password", PASSWORD)
    window.go()


def printed(window: Window) -> None:
    """The codes are what is on the sheet."""
    window.page.emulate_media(media="print")
    assert window.page.locator("code").count() == 10
    assert window.page.locator("code").last.is_visible()
    bars = window.page.locator("header, footer, .ix-actions, .ix-noprint")
    assert [bar.inner_text() for bar in bars.all() if bar.is_visible()] == []
    window.page.emulate_media(media="screen")


def invited(portal: Portal, email: str) -> str:
    """The path of a fresh invitation."""
    codes: list[str] = []

    def address(code: str) -> str:
        codes.append(code)
        return f"https://prova.example/{code}"

    system = Actor.system(None, "prova")
    with portal.installation.database.write(None) as session:
        account = create_account(session, email=email, name="Nuova Prova", actor=system)
        invite(session, account, actor=system, link=Link(address, timedelta(days=7)))
    return f"/account/invito/{codes[0]}"


def test_an_invitation_is_accepted_with_the_keyboard_and_says_so_when_it_is_used_up(
    window: Window, portal: Portal
) -> None:
    path = invited(portal, "nuova@there.example")
    window.open(path)
    assert path not in window.path
    assert window.faults() == []
    window.write("password", "breve")
    window.go()
    assert window.page.title().startswith("Errore:")
    window.complaints.clear()
    assert window.faults() == []
    window.write("password", PASSWORD)
    window.write("again", PASSWORD)
    window.go()
    assert "/account/invito" not in window.path
    window.page.context.clear_cookies()
    window.open(path)
    assert "invito" in window.page.locator("main").inner_text()
    window.complaints.clear()
    assert window.faults() == []


def test_a_forgotten_password_is_asked_for_with_the_keyboard(window: Window) -> None:
    window.open("/account/password-dimenticata")
    window.write("email", EDITOR)
    window.go()
    assert window.faults() == []
