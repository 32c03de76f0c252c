"""What is changed in the console holds at the next request, leaves a trace, and gives back what was typed wrongly."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from core.access import Actor
from core.access.models import Account
from core.access.queries import account_by_email, roles_of
from core.records.exchange import import_lines
from tests.core.console.world import ADMIN, EDITOR, HERE, PASSWORD, PORTAL, Portal, post
from tests.support.letters import letters, path_in

BASE = f"/{HERE}/configura"


def test_a_new_claim_is_on_the_home_page_and_goes_back_to_the_model(portal: Portal) -> None:
    client, before = portal.client(ADMIN), portal.snapshot().claim
    answer = post(client, f"{BASE}/modifica/claim", claim__it="Una frase nuova", claim__en="A new sentence")
    assert answer.status_code == 303
    assert "Una frase nuova" in client.get(f"/{HERE}/").text
    assert portal.changes("district.change")[-1].new == {"it": "Una frase nuova", "en": "A new sentence"}
    assert "cambiato qui" in client.get(f"{BASE}/").text
    post(client, f"{BASE}/modifica/claim", reset="claim", claim__it="non conta")
    assert portal.snapshot().claim == before


def test_an_empty_name_is_refused_beside_its_field_and_nothing_is_lost(portal: Portal) -> None:
    before = portal.snapshot().name
    answer = post(portal.client(ADMIN), f"{BASE}/modifica/name", name__it=" ", name__en="Only English")
    assert answer.status_code == 422
    assert "Serve almeno il testo in italiano." in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'value="Only English"' in answer.text
    assert portal.snapshot().name == before


def test_opening_hours_are_written_line_by_line(portal: Portal) -> None:
    client = portal.client(ADMIN)
    rows: dict[str, Any] = {"days-0": ["mon", "wed"], "from-0": "09:00", "to-0": "12:30", "from-1": "", "to-1": ""}
    assert post(client, f"{BASE}/modifica/hours", **rows).status_code == 303
    assert [(h.days, h.start, h.end) for h in portal.snapshot().contacts.hours] == [(("mon", "wed"), "09:00", "12:30")]
    wrong = post(client, f"{BASE}/modifica/hours", **{**rows, "to-0": "08:00"})
    assert wrong.status_code == 422
    assert 'value="08:00"' in wrong.text


def test_a_wrong_e_mail_is_given_back(portal: Portal) -> None:
    answer = post(portal.client(ADMIN), f"{BASE}/modifica/email", email="sportello")
    assert answer.status_code == 422
    assert "Non è un indirizzo e-mail." in answer.text
    assert 'value="sportello"' in answer.text


def test_a_name_as_long_as_a_book_is_refused(portal: Portal) -> None:
    answer = post(portal.client(ADMIN), f"{BASE}/modifica/name", name__it="a" * 301)
    assert answer.status_code == 422
    assert "Al massimo 300 caratteri." in answer.text


def test_a_plugin_goes_off_and_on_again_without_a_restart(portal: Portal) -> None:
    client = portal.client(ADMIN)
    assert client.get(f"/{HERE}/servizi/").status_code == 200
    assert "Spariscono le pagine" in client.get(f"{BASE}/funzioni/public_info/spegni").text
    assert post(client, f"{BASE}/funzioni/public_info/spegni").status_code == 303
    assert client.get(f"/{HERE}/servizi/").status_code == 404
    assert portal.changes("plugin.disable")[-1].key == "public_info"
    post(client, f"{BASE}/funzioni/public_info/accendi")
    assert client.get(f"/{HERE}/servizi/").status_code == 200
    assert portal.changes("plugin.enable")[-1].who == "Prova district_admin"


def test_a_refused_switch_says_why_and_changes_nothing(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    host = portal.installation.host
    needs = {"example": ("public_info",)}
    monkeypatch.setattr(host, "requires", lambda name: needs.get(name, ()))
    client = portal.client(ADMIN)
    post(client, f"{BASE}/funzioni/example/accendi")
    answer = post(client, f"{BASE}/funzioni/public_info/spegni")
    assert answer.status_code == 409
    assert "serve a example" in answer.text
    assert portal.snapshot().has("public_info")
    post(client, f"{BASE}/funzioni/example/spegni")


def test_a_setting_is_saved_with_its_origin_and_returns_to_the_model(portal: Portal) -> None:
    client, url = portal.client(ADMIN), f"{BASE}/impostazioni/public_info/"
    before = portal.snapshot().setting("public_info", "page_size")
    assert post(client, url, page_size="25", home_items="6").status_code == 303
    assert portal.snapshot().setting("public_info", "page_size") == 25
    assert portal.changes("setting.set")[-1].key == "public_info.page_size"
    assert "cambiato qui" in client.get(url).text
    post(client, url, reset="page_size")
    assert portal.snapshot().setting("public_info", "page_size") == before


@pytest.mark.parametrize(
    ("typed", "said"), [("500", "il valore più alto ammesso è 50"), ("dieci", "numero intero"), ("", "numero intero")]
)
def test_a_setting_out_of_its_limits_is_refused_beside_its_field(portal: Portal, typed: str, said: str) -> None:
    before = portal.snapshot()
    answer = post(portal.client(ADMIN), f"{BASE}/impostazioni/public_info/", page_size=typed, home_items="7")
    assert answer.status_code == 422
    assert said in answer.text
    assert f'name="page_size" value="{typed}"' in answer.text
    assert 'href="#page_size"' in answer.text
    assert portal.snapshot() == before


def test_a_parameter_changes_from_a_day_on_and_keeps_its_past(portal: Portal) -> None:
    client, url = portal.client(ADMIN), f"{BASE}/parametri/first_interview.max_months/"
    values = {"value": "3", "valid_from": "2027-01-01", "valid_to": "2027-12-31", "source": "Delibera 7"}
    assert post(client, url, **values).status_code == 303
    snapshot = portal.snapshot()
    on = [date(2026, 12, 31), date(2027, 1, 1), date(2027, 12, 31), date(2028, 1, 1)]
    assert [snapshot.parameter("first_interview.max_months", on=day) for day in on] == [1, 3, 3, 1]
    page = client.get(url).text
    assert "dal 1º gennaio 2027 al 31 dicembre 2027" in page
    assert "Delibera 7" in page
    assert portal.changes("parameter.set")[-1].new["value"] == 3


def test_the_values_set_here_leave_only_after_a_question(portal: Portal) -> None:
    client, url = portal.client(ADMIN), f"{BASE}/parametri/shared_project.max_months/"
    post(client, url, value="9", valid_from="2027-01-01")
    assert "9 mesi" in client.get(f"{url}modello").text
    assert post(client, f"{url}modello").status_code == 303
    assert portal.snapshot().parameter("shared_project.max_months", on=date(2027, 2, 1)) == 2
    assert client.get(f"{url}modello").status_code == 404


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("value", "tre", "Scrivi un numero intero"),
        ("valid_from", "ieri", "Scrivi una data"),
        ("valid_from", "9999-01-01", "tra il 1900 e il 2199"),
        ("valid_to", "2020-01-01", "La fine viene prima"),
    ],
)
def test_a_wrong_parameter_is_refused_beside_its_field(portal: Portal, field: str, typed: str, said: str) -> None:
    values = {"value": "3", "valid_from": "2027-01-01", "source": "Un atto", field: typed}
    answer = post(portal.client(ADMIN), f"{BASE}/parametri/shared_project.max_months/", **values)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Un atto"' in answer.text
    assert f'href="#{field}"' in answer.text


def test_a_synonym_is_used_by_search_at_the_next_request(portal: Portal) -> None:
    client = portal.client(ADMIN)
    assert post(client, f"{BASE}/sinonimi/new/", words="zucchina\ncetriolo").status_code == 303
    assert ("zucchina", "cetriolo") in portal.snapshot().synonyms
    link = re.search(r"/sinonimi/delete/\?id=([0-9a-f-]+)\">[^<]*zucchina", client.get(f"{BASE}/sinonimi/").text)
    assert link
    assert post(client, f"{BASE}/sinonimi/delete/?id={link[1]}").status_code == 303
    assert ("zucchina", "cetriolo") not in portal.snapshot().synonyms
    assert [row.new for row in portal.changes("synonyms.add")][-1] == ["zucchina", "cetriolo"]


def test_search_follows_a_new_group_while_the_server_runs(portal: Portal) -> None:
    client, number = portal.client(ADMIN), portal.numbers[HERE]
    file = portal.installation.models_dir / "legnano_sisl" / "content" / "services.jsonl"
    with portal.installation.database.write(number) as session, file.open("rb") as lines:
        assert import_lines(session, lines, actor=Actor.system(number, "test")).errors == []
    portal.installation.search.reindex(number)
    url = f"/api/v1/{HERE}/public_info/search?q=barbabietola"
    assert client.get(url).get_json()["total"] == 0
    post(client, f"{BASE}/sinonimi/new/", words="barbabietola\nborsa lavoro")
    assert "Borsa lavoro" in client.get(f"/{HERE}/cerca/?q=barbabietola").text
    assert client.get(url).get_json()["total"] > 0


def test_one_word_is_no_group_and_stays_in_the_form(portal: Portal) -> None:
    answer = post(portal.client(ADMIN), f"{BASE}/sinonimi/new/", words="solitario")
    assert answer.status_code == 422
    assert "almeno due parole" in answer.text
    assert "solitario</textarea>" in answer.text


def test_a_person_is_invited_gets_a_role_and_leaves(portal: Portal) -> None:
    client, email = portal.client(ADMIN), "nuova@here.example"
    assert post(client, f"{BASE}/persone/new/", email=email, name="Nuova Persona", role="editor").status_code == 303
    url = person_url(portal, email)
    assert "invito mandato" in client.get(f"{BASE}/persone/").text
    accept_invitation(portal, email)
    assert portal.client(email).get(f"/{HERE}/oggi").status_code == 200
    assert post(client, f"{url}ruolo?role=editor").status_code == 303
    assert held(portal, email) == []
    post(client, f"{url}dai", url, role="district_admin")
    assert held(portal, email) == ["district_admin"]
    assert post(client, f"{url}togli").status_code == 303
    assert client.get(url).status_code == 404


def test_an_invitation_is_sent_again_and_the_first_serves_no_more(portal: Portal) -> None:
    client, email = portal.client(ADMIN), "attesa@here.example"
    post(client, f"{BASE}/persone/new/", email=email, name="In Attesa", role="editor")
    assert post(client, f"{person_url(portal, email)}invita").status_code == 303
    first, second = (letter for letter in letters(portal.installation.database) if letter.to == email)
    guest = portal.client()
    guest.get(path_in(first))
    assert guest.get("/account/invito").status_code == 410
    guest.get(path_in(second))
    assert guest.get("/account/invito").status_code == 200


def test_an_administrator_closes_sessions_and_tells_the_person(portal: Portal) -> None:
    editor = portal.client(EDITOR)
    assert post(portal.client(ADMIN), f"{person_url(portal, EDITOR)}sessioni").status_code == 303
    assert editor.get(f"/{HERE}/oggi").status_code == 302
    assert letters(portal.installation.database)[-1].to == EDITOR


def test_nobody_sets_the_password_of_another(portal: Portal) -> None:
    client, url = portal.client(ADMIN), person_url(portal, EDITOR)
    assert 'type="password"' not in client.get(url).text
    assert client.post(f"{url}password", data={"password": "quattro gatti in tram"}).status_code in {400, 404, 405}


def test_the_last_administrator_cannot_be_switched_off(portal: Portal) -> None:
    client, url = portal.client(ADMIN), person_url(portal, ADMIN)
    for step in ("disattiva", "togli", "ruolo?role=district_admin"):
        answer = post(client, f"{url}{step}")
        assert answer.status_code == 409
        assert "unica persona che amministra" in answer.text
    assert held(portal, ADMIN) == ["district_admin"]


@pytest.mark.parametrize(("field", "typed"), [("email", "chi?"), ("name", ""), ("role", ""), ("role", "visitor")])
def test_a_wrong_person_is_refused_beside_the_field(portal: Portal, field: str, typed: str) -> None:
    values = {"email": "x@here.example", "name": "Tizio Rimasto", "role": "editor", field: typed}
    answer = post(portal.client(ADMIN), f"{BASE}/persone/new/", **values)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert ("Tizio Rimasto" in answer.text) is (field != "name")


def test_the_history_tells_who_did_what(portal: Portal) -> None:
    client = portal.client(ADMIN)
    post(client, f"{BASE}/modifica/phone", phone="0331 123456")
    page = client.get(f"{BASE}/storia/?search=contacts").text
    assert "Ha cambiato i dati del distretto: contatti e orari" in page
    assert "Prova district_admin" in page
    assert "0331 123456" in page


def test_a_broken_plugin_is_named_with_stage_and_error(portal: Portal) -> None:
    portal.installation.host.hooks.problems.add("example", "menu_items", ValueError("rotto davvero"))
    for url in (f"{BASE}/stato/", f"{BASE}/funzioni/", "/configura/funzioni/", "/configura/stato/"):
        page = portal.client(PORTAL).get(url).text
        assert "ValueError" in page and "rotto davvero" not in page
        assert "menu_items" in page


def accept_invitation(portal: Portal, email: str) -> None:
    """Follow the mail and choose a password."""
    letter = next(found for found in reversed(letters(portal.installation.database)) if found.to == email)
    guest = portal.client()
    guest.get(path_in(letter))
    words = {"password": PASSWORD, "again": PASSWORD, "name": "Nuova Persona"}
    assert post(guest, "/account/invito", **words).status_code == 303


def person_url(portal: Portal, email: str) -> str:
    """The page of a person."""
    with portal.installation.database.read(None) as session:
        account = account_by_email(session, email)
    assert account
    return f"{BASE}/persone/{account.id}/"


def held(portal: Portal, email: str) -> list[str]:
    """The roles that somebody holds here."""
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        account = account_by_email(session, email)
        assert account
        return [role.key for role in roles_of(session, account.id)]


def test_the_console_speaks_the_language_of_the_profile(portal: Portal) -> None:
    client = portal.client(ADMIN)
    set_language(portal, "en")
    assert '<html lang="en">' in client.get(f"{BASE}/parametri/").text
    set_language(portal, "it")
    assert '<html lang="it">' in client.get(f"{BASE}/parametri/").text


def set_language(portal: Portal, lang: str) -> None:
    """Change the profile of the administrator."""
    with portal.installation.database.write(None) as session:
        session.execute(update(Account).where(Account.email == ADMIN).values(language=lang))
