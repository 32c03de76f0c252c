"""What people come for, done with the keyboard alone, with script and without."""

from __future__ import annotations

import re

import pytest

from core.demo.accounts import PASSWORD
from tests.browser.conftest import Opener
from tests.browser.people import Window
from tests.support.server import Portal, email_of

pytestmark = pytest.mark.browser
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
#: Longer ways: without script in the long run only.
LONG_WAY = pytest.mark.parametrize(
    "script", [pytest.param(True, id="script"), pytest.param(False, id="no-script", marks=pytest.mark.slow)]
)
#: Blocks without which a service cannot be published, as the form names them.
LONG = ("for_whom", "what_you_get", "how_to_apply", "what_you_need", "cost", "conditions", "access_channel")
RECORD = re.compile(r"/legnano/schede/service/[0-9a-f-]{36}/$")
TITLE = "Aiuto per scrivere il curriculum in carcere"


@SCRIPT
def test_a_visitor_finds_the_work_grant_from_the_portal_home_with_a_typing_error(window: Opener, script: bool) -> None:
    visitor = window(java_script_enabled=script)
    visitor.open("/")
    visitor.write("comune", "cerro maggiore")
    visitor.go()
    assert visitor.path == "/legnano/"
    visitor.write("q", "borsa lavro")
    visitor.go()
    assert "Non abbiamo trovato" in visitor.page.get_by_role("status").first.inner_text()
    visitor.tab_to(words="Borsa lavoro")
    visitor.go()
    assert visitor.page.locator("h1").inner_text() == "Borsa lavoro"
    assert visitor.page.get_by_text("260 € al mese").first.is_visible()


def test_knowing_whether_and_how_to_get_a_work_grant_takes_three_presses(window: Opener) -> None:
    visitor = window(viewport={"width": 360, "height": 800})
    visitor.open("/")
    visitor.page.get_by_label("In quale Comune abiti?").fill("Cerro Maggiore")
    visitor.follow(visitor.page.get_by_role("button", name="Trova il servizio"))
    visitor.page.locator("main input[name=q]").fill("borsa lavoro")
    visitor.follow(visitor.page.locator("main").get_by_role("button", name="Cerca"))
    visitor.follow(visitor.page.get_by_role("link", name="Borsa lavoro", exact=True))
    for block in ("A chi è rivolto", "Come si chiede"):
        assert visitor.page.get_by_role("heading", name=block).count() == 1


def test_a_municipality_written_wrong_is_offered_right(window: Opener) -> None:
    visitor = window()
    visitor.open("/?comune=cerro+magiore")
    visitor.follow(visitor.page.get_by_role("link", name="Cerro Maggiore", exact=True))
    assert visitor.path == "/legnano/"


@SCRIPT
def test_an_editor_writes_publishes_finds_and_withdraws_a_service(
    window: Opener, writing_room: Portal, script: bool
) -> None:
    editor = window(writing_room, java_script_enabled=script)
    editor.sign_in(email_of("editor", "legnano"), "/legnano/oggi")
    editor.tab_to(words="Scrivi una scheda nuova: Servizi")
    editor.go()
    write_service(editor)
    assert RECORD.search(editor.path)
    record = editor.path
    editor.tab_to(name="transition", value="publish")
    editor.go()
    assert find(editor, "curriculum carcere") == [TITLE]
    editor.open(record)
    editor.tab_to(words="Ritira dal sito")
    editor.press("Enter")
    editor.tab_to(name="transition", value="withdraw", most=1)
    editor.go()
    assert editor.page.get_by_text("Ritirato").first.is_visible()
    assert find(editor, "curriculum carcere", gone=True) == []


def write_service(editor: Window) -> None:
    """Fill in what publishing asks for, in the order of the form, and save."""
    editor.write("f_title__it", TITLE)
    editor.write("f_summary__it", "Scriviamo il curriculum con chi esce dal carcere.")
    choose(editor, "f_availability-1")
    for key in LONG[:4]:
        editor.write(f"f_{key}__it", "Chi ha avuto una condanna e cerca un lavoro.")
    editor.tab_to(name="add_row", value="phases")
    editor.go()
    editor.write("f_phases-0-name__it", "Il primo incontro")
    for key in LONG[4:6]:
        editor.write(f"f_{key}__it", "Niente.")
    editor.write("f_provider__it", "Il servizio")
    editor.write(f"f_{LONG[6]}__it", "Allo sportello.")
    choose(editor, "f_topics-1")
    choose(editor, "f_audiences-4")
    editor.tab_to(name="save", value="1")
    editor.go()


def choose(editor: Window, id_: str) -> None:
    editor.tab_to(id_=id_)
    editor.press("Space")


def find(editor: Window, words: str, *, gone: bool = False) -> list[str]:
    """The first hit of a search that is in step with what was just done; the index follows within moments."""
    for _try in range(50):
        editor.open(f"/legnano/cerca/?q={words.replace(' ', '+')}&exact=1")
        titles = editor.page.locator(".ix-results h2").all_inner_texts()
        if (TITLE in titles) is not gone:
            return [title for title in titles if title == TITLE]
        editor.page.wait_for_timeout(200)
    raise AssertionError(f"after ten seconds the search says {titles}")


@LONG_WAY
def test_a_row_can_be_added_and_taken_away_and_nothing_typed_is_lost(window: Opener, script: bool) -> None:
    editor = window(java_script_enabled=script)
    editor.sign_in(email_of("editor", "legnano"), "/legnano/schede/service/nuova")
    editor.write("f_title__it", "Una prova")
    for step in ("Primo", "Secondo"):
        editor.tab_to(name="add_row", value="phases")
        editor.go()
        editor.write(f"f_phases-{0 if step == 'Primo' else 1}-name__it", step)
    editor.tab_to(name="add_row", value="phases")
    editor.page.locator("button[name=remove_row][value=phases-0]").focus()
    editor.go()
    assert editor.page.locator("#f_phases-0-name__it").input_value() == "Secondo"
    assert editor.page.locator("#f_phases-1-name__it").count() == 0
    assert editor.page.locator("#f_title__it").input_value() == "Una prova"


@LONG_WAY
def test_related_pages_are_chosen_by_their_titles(window: Opener, writing_room: Portal, script: bool) -> None:
    editor = window(writing_room, java_script_enabled=script)
    editor.sign_in(email_of("editor", "legnano"), "/legnano/schede/service/nuova")
    editor.write("f_title__it", "Una prova")
    editor.write("f_related-words", "borsa")
    editor.go()
    editor.page.get_by_text("Borsa lavoro (servizio)").click()
    editor.page.locator("#f_related-words").fill("tirocinio")
    editor.follow(editor.page.locator("button[name=find][value=related]"))
    editor.page.get_by_text("Tirocinio socio lavorativo (servizio)").click()
    editor.follow(editor.page.get_by_role("button", name="Salva").last)
    answers = editor.page.locator(".ix-answers").all_inner_texts()
    assert any("Borsa lavoro (servizio), Tirocinio socio lavorativo (servizio)" in text for text in answers)


def test_what_is_wrong_is_said_above_the_form_and_beside_the_field(window: Opener) -> None:
    editor = window()
    editor.sign_in(email_of("editor", "legnano"), "/legnano/schede/service/nuova")
    editor.page.locator("#f_summary__it").fill("Una frase")
    editor.follow(editor.page.get_by_role("button", name="Salva").last)
    assert editor.page.title().startswith("Errore:")
    assert editor.focus()["tag"] == "DIV"
    editor.page.locator(".ix-errors a").first.click()
    wrong = editor.page.locator("[aria-invalid=true]").first
    assert wrong.get_attribute("id") == "f_title__it"
    assert editor.page.locator("#f_summary__it").input_value() == "Una frase"


@LONG_WAY
def test_a_text_survives_the_end_of_the_session(window: Opener, writing_room: Portal, script: bool) -> None:
    editor = window(writing_room, java_script_enabled=script)
    editor.sign_in(email_of("editor", "legnano"), "/legnano/schede/service/nuova")
    editor.page.locator("#f_title__it").fill("Scritto prima di pranzo")
    editor.page.locator("#f_for_whom__it").fill("Prima riga\n\nSeconda riga")
    editor.page.context.clear_cookies()
    editor.follow(editor.page.get_by_role("button", name="Salva").last)
    assert editor.page.locator("h1").inner_text() == "Quello che hai scritto è qui"
    with editor.page.context.expect_page() as opened:
        editor.page.get_by_role("link", name="Accedi in un’altra scheda").click()
    other = Window(opened.value, editor.address)
    other.write("email", email_of("editor", "legnano"))
    other.write("password", PASSWORD)
    other.go()
    editor.follow(editor.page.get_by_role("button", name="Riprendi da dove eri"))
    assert editor.page.locator("#f_for_whom__it").input_value() == "Prima riga\n\nSeconda riga"
    editor.follow(editor.page.get_by_role("button", name="Salva").last)
    assert editor.page.locator("h1").inner_text() == "Scritto prima di pranzo"


def test_the_page_of_a_kept_text_is_accessible(window: Opener) -> None:
    editor = window()
    editor.sign_in(email_of("editor", "legnano"), "/legnano/schede/service/nuova")
    editor.page.locator("#f_title__it").fill("Una prova")
    editor.page.context.clear_cookies()
    editor.complaints.clear()
    editor.follow(editor.page.get_by_role("button", name="Salva").last)
    assert editor.page.locator("h1").inner_text() == "Quello che hai scritto è qui"
    editor.complaints.clear()
    assert editor.faults() == []
