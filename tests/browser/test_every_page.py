"""Every page of the portal in a real browser: accessible, no sideways scroll, no complaint of the browser."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.browser.conftest import Opener
from tests.browser.crawl import walk
from tests.browser.people import Window
from tests.support.server import Portal, email_of

pytestmark = pytest.mark.browser

DISTRICTS = ("legnano", "san-donato", "pordenone", "rho-garbagnate", "lavoratore-guida")
ASIDES = ("", "servizi/", "corsi/", "regole/", "chi-siamo/", "contatti/", "cerca/", "cerca/?q=lavoro", "cerca/?q=xyzzy")
#: The different kinds of public pages, once each; the matrix below opens all of them.
KINDS = (
    "/",
    "/en/",
    "/?comune=san",
    "/?comune=cerro+magiore",
    "/legnano/",
    "/legnano/en/",
    "/legnano/cerca/?q=borsa+lavro&type=service",
    "/legnano/servizi/borsa-lavoro/",
    "/pordenone/chi-siamo/",
    "/account/accedi",
)
ITEM = re.compile(r'href="(/[a-z-]+/(?:servizi|corsi|regole)/[^"/]+/)"')
#: A refused page is said by the browser as a failed load; it is what was asked for.
REFUSAL = "Failed to load resource"


def items(room: Portal, district: str) -> list[str]:
    """Every published item of a district, from its lists."""
    found: list[str] = []
    for segment in ("servizi", "corsi", "regole"):
        pages = (room.get(f"/{district}/{segment}/?page={number}").text for number in range(1, 5))
        found += [path for page in pages for path in ITEM.findall(page)]
    return sorted(set(found))


def faults_of(window: Window, path: str, status: int = 200) -> list[str]:
    window.complaints.clear()
    got = window.open(path)
    if status != 200:
        window.complaints[:] = [line for line in window.complaints if REFUSAL not in line]
    return ([] if got == status else [f"{path}: status {got}"]) + window.faults()


@pytest.mark.parametrize("path", KINDS)
def test_a_public_page_is_accessible_at_every_width(window: Opener, path: str) -> None:
    assert faults_of(window(), path) == []


def test_the_pages_of_the_staff_are_accessible_at_every_width(window: Opener) -> None:
    editor = window()
    editor.sign_in(email_of("editor", "legnano"), "/legnano/oggi")
    pages = ["/legnano/oggi", "/legnano/schede/service/?q=zzz", "/legnano/schede/course/nuova"]
    editor.open("/legnano/schede/service/?q=borsa")
    editor.follow(editor.page.get_by_role("link", name="Borsa lavoro").first)
    record = editor.path
    assert [fault for path in [*pages, record, f"{record}modifica"] for fault in faults_of(editor, path)] == []


@pytest.mark.parametrize(("path", "status"), [("/legnano/servizi/che-non-ce/", 404), ("/nessuno/", 404)])
def test_a_page_that_is_not_there_helps_and_is_accessible(window: Opener, path: str, status: int) -> None:
    visitor = window()
    assert faults_of(visitor, path, status) == []
    assert visitor.page.get_by_role("link", name="Torna alla prima pagina").is_visible()


@pytest.mark.matrix
@pytest.mark.slow
@pytest.mark.parametrize("district", DISTRICTS)
def test_every_public_page_of_a_district_in_both_languages(window: Opener, reading_room: Portal, district: str) -> None:
    visitor = window()
    italian = [*(f"/{district}/{aside}" for aside in ASIDES), *items(reading_room, district)]
    english = [path.replace(f"/{district}/", f"/{district}/en/", 1) for path in italian]
    assert len(italian) > len(ASIDES) + 7
    assert [fault for path in [*italian, *english] for fault in faults_of(visitor, path)] == []


@pytest.mark.matrix
@pytest.mark.slow
@pytest.mark.parametrize("district", DISTRICTS)
def test_every_staff_page_of_a_district(window: Opener, district: str) -> None:
    editor = window()
    editor.sign_in(email_of("editor", district), f"/{district}/oggi")
    types = ("service", "course", "regulation")
    pages = [f"/{district}/oggi", *(f"/{district}/schede/{type_}/" for type_ in types)]
    for type_ in types:
        editor.open(f"/{district}/schede/{type_}/")
        record = editor.page.locator("th a").first.get_attribute("href") or ""
        pages += [f"/{district}/schede/{type_}/nuova", record, f"{record}modifica"]
    assert [fault for path in pages for fault in faults_of(editor, path)] == []


#: Who walks in the quick run, on a phone alone; the matrix sends everybody of the territory, at every width.
WALKERS = ("coordinator", "data-protection", "person")
EVERYBODY = (
    *WALKERS,
    "tutor",
    "municipal-social-worker",
    "case-manager",
    "educator",
    "district-admin",
    "municipality-admin",
    "company-contact",
    "company-accounts",
    "table-member",
    "service-referent",
)


def faults_on_the_way(window: Window, role: str, widths: tuple[int, ...]) -> tuple[list[str], list[str]]:
    """What somebody opened, walking from the own first page, and what was wrong there."""
    window.sign_in(email_of(role, "legnano"), "/legnano/oggi")
    opened: list[str] = []
    faults: list[str] = []
    for path in walk(window, ["/legnano/oggi", "/account/"]):
        opened.append(path)
        faults += window.faults(widths=widths)
    return opened, faults


@pytest.mark.parametrize("role", WALKERS)
def test_a_role_reaches_pages_that_are_accessible_on_a_phone(window: Opener, busy_room: Portal, role: str) -> None:
    opened, faults = faults_on_the_way(window(busy_room), role, (360,))
    assert len(opened) >= {"coordinator": 25, "data-protection": 10, "person": 6}[role], opened
    assert faults == []


@pytest.mark.matrix
@pytest.mark.slow
@pytest.mark.parametrize("role", EVERYBODY)
def test_every_role_reaches_accessible_pages_alone_at_every_width(window: Opener, busy_room: Portal, role: str) -> None:
    opened, faults = faults_on_the_way(window(busy_room), role, (360, 768, 1440))
    assert len(opened) >= 5, opened
    assert faults == []


@pytest.mark.parametrize(
    "path",
    [
        "/legnano/privacy/",
        "/legnano/privacy/richiesta",
        "/legnano/privacy/richiesta/stato",
        "/legnano/registrazione-azienda",
    ],
)
def test_a_form_for_who_has_no_account_is_accessible_at_every_width(window: Opener, path: str) -> None:
    assert faults_of(window(), path) == []


def test_text_at_twice_the_size_fits_the_window(window: Opener) -> None:
    visitor = window(viewport={"width": 1280, "height": 900})
    for path in ("/", "/legnano/", "/legnano/servizi/borsa-lavoro/", "/legnano/cerca/?q=lavoro"):
        visitor.open(path)
        visitor.page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
        wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide}"


def test_a_cold_home_takes_at_most_eight_requests_and_150_kb(window: Opener) -> None:
    for path in ("/", "/legnano/"):
        visitor = window()
        visitor.page.goto(visitor.address + path, wait_until="networkidle")
        sizes = [request.sizes()["responseBodySize"] for request in visitor.requests]
        assert len(sizes) <= 8, [request.url for request in visitor.requests]
        assert sum(sizes) <= 150_000, path


def test_a_printed_item_has_its_text_and_none_of_the_bars(window: Opener) -> None:
    visitor = window()
    visitor.open("/legnano/servizi/borsa-lavoro/")
    visitor.page.emulate_media(media="print")
    hidden = ("header", "footer", ".breadcrumb-container", ".ix-actions", ".ix-index")
    assert [part for part in hidden if visitor.page.locator(part).first.is_visible()] == []
    assert visitor.page.get_by_role("heading", name="Come si chiede").is_visible()
    assert visitor.page.get_by_text("Dati dimostrativi").last.is_visible()


def test_an_address_with_odd_characters_leads_to_a_page(window: Opener) -> None:
    visitor = window()
    words = quote('«"<b>” *')
    visitor.open(f"/legnano/cerca/?q={words}")
    assert visitor.page.locator("h1").inner_text() == "Risultati della ricerca"
    assert visitor.complaints == []


@pytest.mark.parametrize("district", DISTRICTS)
def test_the_name_of_a_service_fits_its_bar_on_a_phone(window: Opener, district: str) -> None:
    visitor = window(viewport={"width": 360, "height": 800})
    visitor.open(f"/{district}/")
    name = visitor.page.locator(".it-brand-text").bounding_box()
    bar = visitor.page.locator(".it-header-center-wrapper").bounding_box()
    assert name and bar
    assert bar["y"] <= name["y"] and name["y"] + name["height"] <= bar["y"] + bar["height"]
