"""Work with persons by the keyboard alone: presses are counted as the budget counts them, typing is free."""

from __future__ import annotations

import pytest

from tests.browser.busy import URGENT
from tests.browser.conftest import Opener
from tests.browser.people import Window
from tests.support.server import Portal, email_of

pytestmark = pytest.mark.browser

FILE = "/legnano/persone/LEG-2026-0002"
#: What must not be on paper.
BARS = (".ix-topbar", ".ix-nav", ".ix-tabs", ".breadcrumb-container", "footer", ".ix-mask .btn", ".ix-actions")


def staff(window: Opener, role: str, path: str = "/legnano/oggi", room: Portal | None = None) -> Window:
    found = window(room)
    found.sign_in(email_of(role, "legnano"), path)
    return found


def on_paper(window: Window) -> list[str]:
    """Which bars and buttons would be printed."""
    window.page.emulate_media(media="print")
    parts = (part for part in BARS for found in window.page.locator(part).all() if found.is_visible())
    return list(dict.fromkeys(parts))


def test_a_protected_field_is_shown_in_three_presses_and_hides_by_itself(window: Opener) -> None:
    coordinator = staff(window, "coordinator", f"{FILE}/riepilogo")
    coordinator.tab_to(words="Mostra: Note sulla salute")
    coordinator.go()
    assert coordinator.faults(widths=(360, 1440)) == []
    coordinator.tab_to(name="purpose", value="interview")
    coordinator.press("Space")
    coordinator.tab_to(words="Mostra il dato")
    with coordinator.page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        coordinator.go()
    shown = answered.value
    assert (shown.status, shown.headers["cache-control"]) == (200, "no-store")
    # Five minutes, a parameter of the model.
    assert shown.headers["refresh"].split(";")[0] == "300"
    assert coordinator.page.locator("h1").inner_text() == "Note sulla salute"
    assert coordinator.faults(widths=(360, 1440)) == []
    assert on_paper(coordinator) == []
    assert not coordinator.page.locator("section .ix-noprint").first.is_visible()
    assert coordinator.page.locator(".ix-print-only").first.is_visible()


def test_a_reason_that_is_missing_is_said_and_nothing_is_shown(window: Opener) -> None:
    coordinator = staff(window, "coordinator", f"{FILE}/riepilogo")
    coordinator.tab_to(words="Mostra: Note sulla salute")
    coordinator.go()
    coordinator.tab_to(words="Mostra il dato")
    coordinator.go()
    assert coordinator.page.title().startswith("Errore:")
    assert coordinator.focus()["words"].startswith("Manca il motivo")
    coordinator.complaints.clear()
    assert coordinator.faults(widths=(360, 1440)) == []


def test_who_looked_at_a_file_is_one_press_away(window: Opener) -> None:
    coordinator = staff(window, "coordinator", f"{FILE}/riepilogo")
    coordinator.tab_to(words="Chi ha guardato")
    coordinator.go()
    assert coordinator.page.get_by_role("heading", name="Registro delle aperture").is_visible()
    assert coordinator.page.locator("section[aria-labelledby=registro] tbody tr").count() >= 1


def test_my_case_is_two_presses_away_from_any_page_of_the_staff(window: Opener) -> None:
    tutor = staff(window, "tutor", "/account/")
    tutor.open("/legnano/oggi/novita")
    tutor.write("cerca", "colombo")
    tutor.go()
    tutor.tab_to(words="Marco Colombo")
    tutor.go()
    assert tutor.path == "/legnano/persone/LEG-2026-0004/riepilogo"


def test_the_open_tab_is_seen_on_a_phone(window: Opener) -> None:
    coordinator = window(viewport={"width": 360, "height": 800})
    coordinator.sign_in(email_of("coordinator", "legnano"), f"{FILE}/accessi")
    box = coordinator.page.locator(".ix-tabs [aria-current]").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 360


def test_a_file_in_an_emergency_is_opened_by_the_keyboard_and_the_coordinator_knows(
    window: Opener, writing_room: Portal
) -> None:
    tutor = staff(window, "tutor", room=writing_room)
    tutor.tab_to(words="Apri una scheda in emergenza")
    tutor.go()
    tutor.write("f-code", URGENT)
    tutor.write("f-reason", "Chiamata urgente dal laboratorio")
    tutor.tab_to(name="sure", value="1")
    tutor.press("Space")
    tutor.tab_to(words="Apri in emergenza")
    tutor.go()
    assert tutor.path == "/legnano/persone/LEG-2026-0005/squadra"
    coordinator = staff(window, "coordinator", room=writing_room)
    assert "ha aperto LEG-2026-0005-1 in emergenza" in coordinator.page.locator("main").inner_text()


def test_a_visitor_asks_for_the_own_data_and_follows_the_request_by_keyboard(
    window: Opener, writing_room: Portal
) -> None:
    visitor = window(writing_room)
    visitor.open("/legnano/privacy/richiesta")
    visitor.tab_to(name="kind", value="access")
    visitor.press("Space")
    visitor.write("name", "Maria Prova")
    visitor.write("contact", "0331 000000")
    visitor.tab_to(words="Invia la richiesta")
    visitor.go()
    assert visitor.page.locator("h1").inner_text() == "La richiesta è arrivata"
    assert visitor.faults(widths=(360, 1440)) == []
    code = visitor.page.locator("dd").nth(1).inner_text().strip()
    visitor.page.emulate_media(media="print")
    assert visitor.page.get_by_text(code).is_visible()
    visitor.page.emulate_media(media="screen")
    visitor.open("/legnano/privacy/richiesta/stato")
    visitor.write("code", code)
    visitor.go()
    assert "PRV-2026-0001" in visitor.page.locator("main").inner_text()
    assert visitor.faults(widths=(360, 1440)) == []


def test_a_role_gets_a_permission_after_the_page_that_says_whom_it_touches(
    window: Opener, writing_room: Portal
) -> None:
    form = "/legnano/configura/ruoli/company_accounts/permessi/course"
    admin = staff(window, "district-admin", form, writing_room)
    admin.tab_to(name="actions-0", value="change")
    admin.press("Space")
    admin.tab_to(words="Guarda che cosa cambia")
    admin.go()
    added = admin.page.locator("section[aria-labelledby=si-aggiunge]").inner_text()
    assert "modifica" in added
    assert "Corsi" in added
    assert admin.faults(widths=(360, 1440)) == []
    # The page begins again: the keyboard starts from its top.
    admin.page.evaluate("document.activeElement.blur()")
    admin.tab_to(words="Salva il ruolo")
    admin.go()
    admin.open(form)
    assert admin.page.locator("[name=actions-0][value=change]").is_checked()


@pytest.mark.parametrize("part", ["riepilogo", "anagrafica", "accessi"])
def test_a_printed_file_has_no_bars_and_masked_data_stay_masked(window: Opener, part: str) -> None:
    coordinator = staff(window, "coordinator", f"{FILE}/{part}")
    assert on_paper(coordinator) == []
    assert coordinator.page.get_by_role("heading", level=1).is_visible()
    assert coordinator.page.get_by_text("copia di lavoro").is_visible()
    dots = coordinator.page.locator(".ix-dots")
    assert all(dots.nth(index).is_visible() for index in range(dots.count()))
    assert (dots.count() > 0) == (part != "accessi")


def test_a_locked_session_gives_back_what_was_typed(window: Opener, writing_room: Portal) -> None:
    coordinator = staff(window, "coordinator", "/legnano/persone/nuova", writing_room)
    coordinator.page.fill("[name=given_name]", "Rita")
    coordinator.page.fill("[name=family_name]", "Dalla Prova")
    token = coordinator.page.locator("main [name=csrf_token]").first.input_value()
    coordinator.page.request.post(f"{coordinator.address}/account/blocca", form={"csrf_token": token})
    coordinator.page.get_by_role("button", name="Registra la persona").focus()
    coordinator.go()
    assert coordinator.page.locator("h1").inner_text() == "La sessione è bloccata"
    coordinator.complaints.clear()
    assert coordinator.faults(widths=(360, 1440)) == []
    coordinator.write("password", "prova-innesto-2026")
    coordinator.go()
    assert "Dalla Prova" in coordinator.page.locator("main").inner_html()
    assert coordinator.faults(widths=(360, 1440)) == []


def test_the_first_page_tells_what_waits_before_the_rest_and_counts_it(window: Opener, busy_room: Portal) -> None:
    coordinator = staff(window, "coordinator", room=busy_room)
    waits = coordinator.page.locator("section[aria-labelledby=da-fare] h3").all_inner_texts()
    assert waits == ["Richieste di accesso", "Richieste sui dati"]
    assert "1 cosa da guardare" in coordinator.page.locator(".ix-head").inner_text()
    admin = staff(window, "district-admin", room=busy_room)
    assert admin.page.locator("section[aria-labelledby=da-fare] h3").all_inner_texts() == ["Aziende da approvare"]
    for one in (coordinator, admin):
        assert one.page.locator(".ix-nav ul.d-lg-flex li").count() <= 7


def test_the_first_page_of_who_has_nothing_to_do_says_so(window: Opener) -> None:
    person = staff(window, "person")
    assert "Non c'è niente che aspetta te." in person.page.locator(".ix-head").inner_text()
    assert person.page.locator("section[aria-labelledby=da-fare]").count() == 0


def test_a_login_without_a_wish_leads_to_the_day(window: Opener) -> None:
    tutor = window()
    tutor.sign_in(email_of("tutor", "legnano"))
    assert tutor.path == "/legnano/oggi"


def test_the_accounts_to_try_are_folded_by_territory(window: Opener) -> None:
    visitor = window()
    visitor.open("/account/accedi")
    folds = visitor.page.locator("section[aria-labelledby=prova] details")
    assert folds.count() == 5
    assert not visitor.page.get_by_text(email_of("tutor", "legnano")).is_visible()
    visitor.page.locator("summary", has_text="legnano").press("Enter")
    assert visitor.page.get_by_text(email_of("tutor", "legnano")).is_visible()


def test_a_new_person_with_errors_starts_from_the_summary_and_keeps_what_was_typed(window: Opener) -> None:
    coordinator = staff(window, "coordinator", "/legnano/persone/nuova")
    coordinator.page.fill("[name=tax_code]", "NONVALIDO")
    coordinator.page.get_by_role("button", name="Registra la persona").focus()
    coordinator.go()
    assert coordinator.page.title().startswith("Errore:")
    assert coordinator.page.evaluate("document.activeElement.hasAttribute('data-focus')")
    assert coordinator.page.input_value("[name=tax_code]") == "NONVALIDO"
    coordinator.complaints.clear()
    assert coordinator.faults(widths=(360, 1440)) == []


def test_a_substitution_that_nobody_can_do_is_said_instead_of_asked(window: Opener) -> None:
    coordinator = staff(window, "coordinator", f"{FILE}/squadra")
    coordinator.follow(coordinator.page.get_by_role("link", name="Sostituisci").first)
    assert coordinator.page.get_by_role("heading", name="Non c’è nessuno da scegliere").is_visible()
    assert coordinator.page.locator("main form").count() == 0
    assert coordinator.faults(widths=(360, 1440)) == []
