"""Persons by way of their pages, as the demo accounts of Legnano meet them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.audit.models import AuditEntry
from plugins.intake.models import Case, Person
from tests.support.demo import Portal, copied, post, words_of

SLUG = "legnano"
LIST, NEW = f"/{SLUG}/persone/", f"/{SLUG}/persone/nuova"
WHOLE = {"given_name": "Ada", "family_name": "Nuovi", "tax_code_kind": "missing", "tax_code_reason": "not_yet"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One copy for the tests of this file: they add persons, and none depends on how many there are."""
    yield from copied(tmp_path_factory.mktemp("house") / "data")


def enter(portal: Portal, role: str, slug: str = SLUG) -> FlaskClient:
    """The demo account of a role."""
    return portal.sign_in(role, slug)


def answered(client: FlaskClient, address: str) -> Any:
    """The object that a resource gives."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.json


def codes(portal: Portal, client: FlaskClient) -> list[str]:
    """The codes of the list, from its links."""
    page = client.get(LIST)
    assert page.status_code == 200, page.text
    found = {part.split("/")[0] for part in page.text.split(f'href="/{SLUG}/persone/')[1:]}
    return sorted(code for code in found if code.startswith("LEG-"))


def first_of(portal: Portal, role: str) -> tuple[FlaskClient, str]:
    client = enter(portal, role)
    return client, codes(portal, client)[0]


def looks(portal: Portal, code: str) -> list[tuple[str, str, str]]:
    with portal.database.read(portal.snapshot(SLUG).id) as session:
        person = session.scalars(sa.select(Person.id).where(Person.code == code)).one()
        rows = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_id == person)).all()
        return [(row.kind, row.part, row.who) for row in rows]


def test_make_demonstration_gives_every_working_role_something_to_see(house: Portal) -> None:
    counts = {role: len(codes(house, enter(house, role))) for role in ("coordinator", "tutor", "educator")}
    assert counts["coordinator"] >= 12
    assert 0 < counts["tutor"] < 12
    assert 0 < counts["educator"] < 12
    assert len(codes(house, enter(house, "municipal_social_worker"))) > 0


def test_roles_without_the_right_are_refused(house: Portal) -> None:
    for role in ("editor", "district_admin"):
        assert enter(house, role).get(LIST).status_code == 403
    answer = house.visitor.get(LIST)
    assert (answer.status_code, "/account/accedi" in answer.headers["Location"]) == (302, True)


def test_a_page_of_a_person_titles_with_the_code_and_leaves_a_look(house: Portal) -> None:
    client, code = first_of(house, "tutor")
    for part in ("riepilogo", "anagrafica", "squadra", "documenti", "accessi"):
        page = client.get(f"/{SLUG}/persone/{code}/{part}")
        assert page.status_code == 200, page.text
        assert f"<title>{code} " in page.text
    parts = {part for kind, part, who in looks(house, code) if kind == "view" and "tutor" in who}
    assert {"riepilogo", "anagrafica", "squadra", "documenti", "accessi"} <= parts


def test_protected_words_stand_behind_dots(house: Portal) -> None:
    client, code = first_of(house, "coordinator")
    for part in ("riepilogo", "anagrafica"):
        page = client.get(f"/{SLUG}/persone/{code}/{part}")
        assert "invalidità civile" not in page.text
        assert "dato inventato" not in page.text
        assert "ix-dots" in page.text


def test_what_is_out_of_reach_is_not_there(house: Portal) -> None:
    tutor = enter(house, "tutor")
    hidden = min(set(codes(house, enter(house, "coordinator"))) - set(codes(house, tutor)))
    for address in (
        f"{LIST}{hidden}/riepilogo",
        f"{LIST}{hidden}/anagrafica/modifica",
        f"{LIST}LEG-1999-0001/riepilogo",
    ):
        assert tutor.get(address).status_code == 404
    assert hidden not in codes(house, tutor)
    answer = enter(house, "coordinator").get(f"/san-donato/persone/{hidden}/riepilogo")
    assert answer.status_code in {403, 404}


def test_somebody_is_registered_and_found(house: Portal) -> None:
    client = enter(house, "coordinator")
    answer = post(client, NEW, {**WHOLE, "family_name": "Verdèsca"})
    assert answer.status_code == 303, words_of(answer.text)
    found = words_of(client.get(f"{LIST}?q=verdesc").text)
    assert "Ada Verdèsca" in found
    page = words_of(client.get(answer.headers["Location"]).text)
    assert "Prendi in carico" not in page
    assert "Non si può ancora prendere in carico" in page


def test_a_refused_registration_keeps_what_was_typed(house: Portal) -> None:
    client = enter(house, "coordinator")
    wrong = post(client, NEW, {**WHOLE, "family_name": "Errati", "email": "senza chiocciola", "phone": "0331 9"})
    assert wrong.status_code == 422
    assert 'value="Errati"' in wrong.text
    assert 'value="0331 9"' in wrong.text
    assert "Manca la chiocciola" in wrong.text
    assert "<title>Errore: " in wrong.text
    post(client, NEW, {**WHOLE, "family_name": "Doppi", "tax_code": "VRDNNA70A41F205D", "tax_code_kind": "foreign"})
    again = post(
        client, NEW, {**WHOLE, "family_name": "Altri", "tax_code": "vrdnna70a41f205d", "tax_code_kind": "foreign"}
    )
    assert again.status_code == 409
    assert "già registrata nel distretto" in again.text
    assert 'value="Altri"' in again.text


def test_a_case_opens_after_the_privacy_sheet_and_closes_with_a_reason(house: Portal) -> None:
    client = enter(house, "coordinator")
    code = post(client, NEW, {**WHOLE, "family_name": "Percorsi"}).headers["Location"].split("/")[-2]
    summary, opening = f"{LIST}{code}/riepilogo", f"{LIST}{code}/prendi-in-carico"
    refused = post(client, opening, {}, form=NEW)
    assert refused.status_code == 409
    assert "scheda privacy" in refused.text
    with house.database.read(house.snapshot(SLUG).id) as session:
        person = session.scalars(sa.select(Person).where(Person.code == code)).one()
        notice = f"/{SLUG}/scheda-privacy/intake.person/{person.id}"
    given = post(client, f"{notice}/consegna", {"how": "paper", "signed": "yes", "given_on": ""}, form=notice)
    assert given.status_code == 303, words_of(given.text)
    assert "Prendi in carico" in client.get(summary).text
    assert post(client, opening, {}, form=summary).status_code == 303
    closing = f"{LIST}{code}/chiudi"
    assert post(client, closing, {}).status_code == 422
    assert post(client, closing, {"reason": "completed"}).status_code == 303
    page = words_of(client.get(summary).text)
    assert "Il percorso si è chiuso: il percorso è finito." in page
    assert post(client, f"{LIST}{code}/nuovo-percorso", {}, form=summary).status_code == 303
    with house.database.read(house.snapshot(SLUG).id) as session:
        states = session.scalars(sa.select(Case.state).where(Case.code.startswith(code)).order_by(Case.number)).all()
    assert list(states) == ["closed", "registered"]


def test_dots_that_nobody_touched_keep_their_value(house: Portal) -> None:
    client, code = first_of(house, "coordinator")
    edit = f"{LIST}{code}/anagrafica/modifica"
    page = client.get(edit)
    assert "invalidità civile" not in page.text
    with house.database.read(house.snapshot(SLUG).id) as session:
        person = session.scalars(sa.select(Person).where(Person.code == code)).one()
        sealed, version = person.disadvantage, person.version
        names = {"given_name": person.given_name, "family_name": person.family_name}
    typed = {**names, "phone": "02 1", "disadvantage": "", "version": str(version)}
    assert post(client, edit, typed).status_code == 303
    with house.database.read(house.snapshot(SLUG).id) as session:
        person = session.scalars(sa.select(Person).where(Person.code == code)).one()
        assert person.disadvantage == sealed
    late = post(client, edit, {**typed, "phone": "02 2"})
    assert late.status_code == 409
    assert 'value="02 2"' in late.text


def test_the_list_leaves_as_a_file_with_formulas_made_harmless(house: Portal) -> None:
    client = enter(house, "coordinator")
    post(client, NEW, {**WHOLE, "given_name": "=1+1", "family_name": "Formule"})
    code = next(c for c in codes(house, client) if "Formule" in client.get(f"{LIST}{c}/riepilogo").text)
    answer = client.get(f"{LIST[:-1]}/esporta?formato=csv&q=formule")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="persone-legnano.csv"'
    assert ";'=1+1;" not in answer.text.splitlines()[0]
    assert f"{code};'=1+1;Formule;" in answer.text
    assert "dato inventato" not in client.get(f"{LIST[:-1]}/esporta").text
    objects = json.loads(client.get(f"{LIST[:-1]}/esporta?formato=json&q=formule").text)["persons"]
    assert [row["given_name"] for row in objects] == ["=1+1"]
    assert "health_notes" not in objects[0]
    assert ("export", "list.csv") in {(kind, part) for kind, part, _who in looks(house, code)}
    assert enter(house, "tutor").get(f"{LIST[:-1]}/esporta").status_code == 403


def test_the_person_concerned_reads_the_own_path_and_nothing_else(house: Portal) -> None:
    client = enter(house, "person")
    page = client.get(f"/{SLUG}/il-mio-percorso/")
    assert page.status_code == 200
    words = words_of(page.text)
    assert "Chi ti segue" in words
    assert "Lucia Ferrari" not in page.text.split("</title>")[0]
    assert f"/{SLUG}/privacy/richiesta" in page.text
    assert "invalidità civile" not in page.text
    assert len(codes(house, client)) == 1
    assert enter(house, "coordinator").get(f"/{SLUG}/il-mio-percorso/").status_code == 404


def test_oggi_tells_how_many_persons_one_follows(house: Portal) -> None:
    words = words_of(enter(house, "tutor").get(f"/{SLUG}/oggi").text)
    assert "Le mie persone" in words
    assert "Le mie persone" not in words_of(enter(house, "editor").get(f"/{SLUG}/oggi").text)
    menu = enter(house, "tutor").get(f"/{SLUG}/oggi").text
    assert f'href="{LIST}"' in menu


def test_the_api_gives_what_the_screen_gives(house: Portal) -> None:
    client = enter(house, "tutor")
    listed = answered(client, f"/api/v1/{SLUG}/intake/persons?page_size=100")
    assert sorted(item["code"] for item in listed["items"]) == codes(house, client)
    assert all("health_notes" not in item for item in listed["items"])
    one = answered(client, f"/api/v1/{SLUG}/intake/persons/{listed['items'][0]['code']}")
    assert one == listed["items"][0]
    hidden = min(set(codes(house, enter(house, "coordinator"))) - set(codes(house, client)))
    assert client.get(f"/api/v1/{SLUG}/intake/persons/{hidden}").status_code == 404
    assert client.get(f"/api/v1/{SLUG}/intake/cases/{hidden}-1").status_code == 404
    cases = answered(client, f"/api/v1/{SLUG}/intake/cases?page_size=100")["items"]
    assert {case["person"] for case in cases} == {item["code"] for item in listed["items"]}
    assert house.visitor.get(f"/api/v1/{SLUG}/intake/persons").status_code == 401
    assert client.get(f"/api/v1/{SLUG}/intake/persons?page_size=0").status_code == 422
    assert ("view", "api.list") in {(kind, part) for kind, part, _who in looks(house, listed["items"][0]["code"])}


def test_nothing_sensitive_stands_in_addresses(house: Portal) -> None:
    client, code = first_of(house, "coordinator")
    page = client.get(f"{LIST}{code}/riepilogo").text
    addresses = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert not [address for address in addresses if "Ferrari" in address or "salute" in address]
