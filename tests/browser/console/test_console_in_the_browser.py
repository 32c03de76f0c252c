"""Every page of the console in a real browser: accessibility, reflow, policy, keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.access.queries import account_by_email
from tests.core.console.test_console_rights import PAGES, PORTAL_PAGES
from tests.core.console.world import EDITOR, HERE, Portal, post
from tests.support.axe import sideways, violations

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
WIDTHS = (360, 768, 1440)
ADDRESSES = [*(f"/{HERE}/configura/{page}" for page in PAGES), *(f"/configura/{page}" for page in PORTAL_PAGES)]
#: For every run; the others when there is time.
QUICK = [f"/{HERE}/configura/{page}" for page in ("", "impostazioni/public_info/", "modifica/hours")] + ["/configura/"]


def check(page: Page, url: str) -> None:
    """Nothing for axe, nothing sideways, one heading, at each width."""
    page.goto(url)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == [], f"{url} at {width}"
        assert sideways(page) <= 0, f"{url} at {width}"
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("address", QUICK)
def test_the_chief_pages_are_accessible(page: Page, site: str, address: str) -> None:
    check(page, f"{site}{address}")


@pytest.mark.matrix
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_console_page_is_accessible_and_obeys_the_policy(page: Page, site: str, address: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    check(page, f"{site}{address}")
    assert said == []


def test_the_page_of_a_person_and_its_questions_are_accessible(page: Page, site: str, portal: Portal) -> None:
    with portal.installation.database.read(None) as session:
        account = account_by_email(session, EDITOR)
    assert account
    url = f"{site}/{HERE}/configura/persone/{account.id}/"
    for step in ("", "disattiva", "ruolo?role=editor"):
        check(page, f"{url}{step}")


def test_a_form_with_errors_is_accessible_and_starts_from_its_summary(page: Page, site: str) -> None:
    page.goto(f"{site}/{HERE}/configura/impostazioni/public_info/")
    page.fill("#page_size", "5000")
    with page.expect_navigation():
        page.get_by_role("button", name="Salva", exact=True).last.click()
    page.wait_for_selector(".ix-errors")
    assert page.title().startswith("Errore:")
    assert page.evaluate("document.activeElement.className") == "ix-errors"
    assert page.input_value("#page_size") == "5000"
    assert violations(page) == []


def test_pages_with_changes_are_accessible(page: Page, site: str, portal: Portal) -> None:
    client, base = portal.client("admin@here.example"), f"/{HERE}/configura"
    portal.installation.host.hooks.problems.add("example", "menu_items", ValueError("rotto"))
    post(client, f"{base}/impostazioni/public_info/", page_size="20", home_items="6")
    post(client, f"{base}/parametri/shared_project.max_months/", value="9", valid_from="2027-01-01")
    post(client, f"{base}/sinonimi/new/", words="uno\ndue")
    for name in (
        "impostazioni/public_info/",
        "parametri/shared_project.max_months/",
        "sinonimi/",
        "storia/",
        "stato/",
        "funzioni/",
    ):
        check(page, f"{site}{base}/{name}")
    check(page, f"{site}{base}/parametri/shared_project.max_months/modello")


def press_until(page: Page, name: str) -> None:
    """Walk by Tab to the control with that name, then press Enter."""
    for _step in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent.trim()")
        if focused == name:
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    raise AssertionError(f"Tab never reaches {name!r}")


def test_a_plugin_goes_off_and_on_by_keyboard_alone(page: Page, site: str, portal: Portal) -> None:
    page.goto(f"{site}/{HERE}/configura/")
    for name in ("Funzioni", "Sportello informativo", "Spegni", "Sì, spegni"):
        press_until(page, name)
    assert "è spenta" in page.locator(".alert[role=status]").inner_text()
    assert not portal.snapshot().has("public_info")
    for name in ("Sportello informativo", "Accendi", "Sì, accendi"):
        press_until(page, name)
    assert portal.snapshot().has("public_info")


def test_a_ceiling_is_changed_in_three_presses(page: Page, site: str, portal: Portal) -> None:
    page.goto(f"{site}/{HERE}/configura/parametri/")
    with page.expect_navigation():
        page.get_by_role("link", name="Mesi al massimo dalla segnalazione al primo colloquio").click()
    page.fill("#value", "4")
    page.fill("#valid_from", "2027-03-01")
    with page.expect_navigation():
        page.get_by_role("button", name="Salva", exact=True).click()
    assert "valore salvato" in page.locator(".alert[role=status]").inner_text()
    assert portal.changes("parameter.set")[-1].new["value"] == 4


def test_a_group_is_removed_without_script(page: Page, site: str, portal: Portal) -> None:
    post(portal.client("admin@here.example"), f"/{HERE}/configura/sinonimi/new/", words="alfa\nbeta")
    browser = page.context.browser
    assert browser
    with browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state()) as plain:
        tab = plain.new_page()
        tab.goto(f"{site}/{HERE}/configura/sinonimi/")
        with tab.expect_navigation():
            tab.get_by_role("link", name="aggiunto qui: togli «alfa»").click()
        with tab.expect_navigation():
            tab.get_by_role("button", name="Sì, togli").click()
        assert "non c'è più" in tab.locator(".alert[role=status]").inner_text()
    assert ("alfa", "beta") not in portal.snapshot().synonyms


def test_opening_hours_survive_a_save_without_changes(page: Page, site: str, portal: Portal) -> None:
    before = portal.snapshot().contacts.hours
    assert len(before) == 2
    page.goto(f"{site}/{HERE}/configura/modifica/hours")
    with page.expect_navigation():
        page.get_by_role("button", name="Salva", exact=True).click()
    page.wait_for_url(f"{site}/{HERE}/configura/")
    assert portal.snapshot().contacts.hours == before
