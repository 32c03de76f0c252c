"""Protected data on the screen: dots, the reason, the trace; and the pages about the legal basis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core import audit, clock, privacy
from core.access import Permission, registry
from core.access.actor import Actor
from core.access.models import Role, RoleGrant, RoleHolder
from core.accounts.models import AccountSession
from core.audit.models import AuditEntry
from core.districts.models import Organisation, Processing
from core.privacy.bases.models import NoticeGiven, Sharing
from core.records.definitions import forget_record_types, load_record_types
from core.records.models import Record
from core.records.operations import create_record
from core.teams import TeamPlace
from plugins.intake.models import Case, Person
from tests.support.canaries import Canaries
from tests.support.server import Site, email_of, token_of

ILLNESS, CRIME, PHONE = "epilessia canarina", "arresti canarini", "333 1112222"
BIRDS = Canaries(ILLNESS, CRIME)
DESK = Path(__file__).parents[1] / "core" / "privacy" / "desk"


def worker(site: Site, role: str) -> FlaskClient:
    """Somebody of Legnano who has passed the second factor."""
    client = site.client(email_of(role, "legnano"))
    with site.installation.database.write(None) as session:
        session.execute(sa.update(AccountSession).values(two_factor_at=clock.now()))
    return client


@pytest.fixture
def person(site: Site) -> Person:
    """One of the demonstration, with planted words in its sensitive fields, who lives where the social worker works."""
    number = site.district_id("legnano")
    with site.installation.database.write(number) as session:
        found = session.scalars(
            sa.select(Person)
            .join(Case, (Case.district_id == Person.district_id) & (Case.person_id == Person.id))
            .where(Case.state == "open")
            .order_by(Person.code)
            .limit(1)
        ).one()
        privacy.put(session, found, "health_notes", ILLNESS)
        privacy.put(session, found, "penal_notes", CRIME)
    return found


def main_of(page: str) -> str:
    found = re.search(r"<main.*</main>", page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def log(site: Site, person_id: UUID, *kinds: str) -> list[AuditEntry]:
    with site.installation.database.read(site.district_id("legnano")) as session:
        return audit.entries(session, subject_id=person_id, kinds=kinds, limit=20)


def reveal(client: FlaskClient, url: str, **facts: str) -> Any:
    """Press Mostra, choose a reason, confirm."""
    return client.post(url, data={"csrf_token": token_of(client.get(url).text), **facts})


def test_three_presses_show_a_protected_value_for_some_minutes_and_leave_a_trace(site: Site, person: Person) -> None:
    client = worker(site, "coordinator")
    sheet = client.get(f"/legnano/persone/{person.code}/riepilogo")
    assert BIRDS.in_page(sheet, body=True) == []
    url = next(u for u in re.findall(r'href="(/legnano/mostra/[^"]+)"', sheet.text) if u.endswith("/health_notes"))
    answer = reveal(client, url, purpose="interview")
    assert answer.status_code == 200
    assert ILLNESS in main_of(answer.text)
    assert BIRDS.in_page(answer) == []
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Refresh"] == f"300; url=/legnano/persone/{person.code}/riepilogo"
    assert "Si nasconde da solo alle" in main_of(answer.text)
    (entry,) = log(site, person.id, "reveal")
    assert (entry.fields, entry.purpose) == (["health_notes"], "interview")
    assert BIRDS.in_tables(site.installation.database) == []


def test_without_a_reason_the_page_asks_again_and_shows_nothing(site: Site, person: Person) -> None:
    client = worker(site, "coordinator")
    url = f"/legnano/mostra/intake.person/{person.id}/health_notes"
    for facts in ({}, {"purpose": "other", "reason": "bah"}, {"purpose": "nothing"}):
        answer = reveal(client, url, **facts)
        assert answer.status_code == 422
        assert BIRDS.in_page(answer, body=True) == []
        assert 'aria-invalid="true"' in answer.text or 'aria-describedby="f_purpose-e"' in answer.text
    assert log(site, person.id, "reveal") == []


def test_paper_shows_dots_until_the_reason_is_given_once_more(site: Site, person: Person) -> None:
    client = worker(site, "coordinator")
    url = f"/legnano/mostra/intake.person/{person.id}/health_notes"
    screen = reveal(client, url, purpose="interview").text
    assert re.search(rf'<p class="[^"]*ix-noprint">{ILLNESS}</p>', screen)
    assert re.search(r'<p class="ix-print-only">•+</p>', screen)
    paper = reveal(client, f"{url}?stampa=1", purpose="project").text
    assert not re.search(rf'<p class="[^"]*ix-noprint">{ILLNESS}</p>', paper)
    assert ILLNESS in paper
    assert [(e.kind, e.purpose) for e in log(site, person.id, "reveal", "print")] == [
        ("print", "project"),
        ("reveal", "interview"),
    ]


def test_who_sees_dots_alone_is_refused_told_who_may_and_logged(site: Site, person: Person) -> None:
    client, number = worker(site, "municipal-social-worker"), site.district_id("legnano")
    with site.installation.database.write(number) as session:
        held = sa.select(RoleHolder.municipality).join(
            Role, (Role.district_id == RoleHolder.district_id) & (Role.id == RoleHolder.role_id)
        )
        municipality = session.scalars(held.where(Role.key == "municipal_social_worker").limit(1)).one()
        session.get_one(Person, (number, person.id)).municipality = municipality
        for case in session.scalars(sa.select(Case).where(Case.person_id == person.id)):
            case.municipality = municipality
    sheet = client.get(f"/legnano/persone/{person.code}/anagrafica")
    assert sheet.status_code == 200
    assert "/legnano/mostra/" not in sheet.text
    assert client.get(f"/legnano/mostra/intake.person/{person.id}/health_notes").status_code == 403
    (entry,) = log(site, person.id, "refused")
    assert entry.fields == ["health_notes"]


def test_a_hidden_class_an_unknown_field_and_another_district_are_the_same_404(site: Site, person: Person) -> None:
    coordinator = worker(site, "coordinator")
    for path in (
        f"/legnano/mostra/intake.person/{person.id}/code",
        f"/legnano/mostra/intake.person/{person.id}/nothing",
        f"/legnano/mostra/intake.nothing/{person.id}/health_notes",
        f"/legnano/mostra/nothing/{person.id}/health_notes",
        f"/legnano/mostra/intake.person/{UUID(int=7)}/health_notes",
    ):
        assert coordinator.get(path).status_code == 404, path
    stranger = site.client(email_of("coordinator", "san-donato"))
    with site.installation.database.write(None) as session:
        session.execute(sa.update(AccountSession).values(two_factor_at=clock.now()))
    assert stranger.get(f"/san-donato/mostra/intake.person/{person.id}/health_notes").status_code == 404
    assert stranger.get(f"/legnano/mostra/intake.person/{person.id}/health_notes").status_code in {403, 404}


@pytest.mark.parametrize("role", ["editor", "company-contact", "table-member", "district-admin"])
def test_who_has_nothing_to_do_with_cases_finds_no_protected_page(site: Site, person: Person, role: str) -> None:
    client = worker(site, role)
    for page in ("mostra", "scheda-privacy"):
        answer = client.get(
            f"/legnano/{page}/intake.person/{person.id}" + ("/health_notes" if page == "mostra" else "")
        )
        assert answer.status_code in {403, 404}
        assert BIRDS.in_page(answer, body=True) == []


def test_a_visitor_is_led_to_the_door(site: Site, person: Person) -> None:
    answer = site.client().get(f"/legnano/mostra/intake.person/{person.id}/health_notes")
    assert answer.status_code == 302
    assert "/account/accedi" in answer.headers["Location"]


@pytest.mark.req("SDO-093")
def test_the_privacy_notice_is_recorded_on_the_screen(site: Site, person: Person) -> None:
    client, number = worker(site, "coordinator"), site.district_id("legnano")
    with site.installation.database.write(number) as session:
        session.execute(
            sa.delete(NoticeGiven).where(NoticeGiven.subject_id == person.id, NoticeGiven.district_id == number)
        )
    url = f"/legnano/scheda-privacy/intake.person/{person.id}"
    page = client.get(url).text
    assert "manca la firma" in main_of(page)
    form = {"csrf_token": token_of(page), "how": "", "given_on": "2999-01-01"}
    answer = client.post(f"{url}/consegna", data=form)
    assert answer.status_code == 422
    assert "Controlla 2 risposte" in main_of(answer.text)
    given = {"csrf_token": token_of(page), "how": "paper", "given_on": "2026-11-02", "signed": "yes"}
    assert client.post(f"{url}/consegna", data=given).status_code == 303
    shown = main_of(client.get(url).text)
    assert "firmata" in shown
    assert "manca la firma" not in shown
    assert person.family_name not in re.findall(r"<title>(.*?)</title>", client.get(url).text, re.DOTALL)[0]


def test_sharing_with_a_body_begins_and_ends_on_the_screen(site: Site, person: Person) -> None:
    client, number = worker(site, "coordinator"), site.district_id("legnano")
    with site.installation.database.read(number) as session:
        taken = sa.select(Sharing.organisation_id).where(Sharing.subject_id == person.id)
        body = session.scalars(sa.select(Organisation).where(Organisation.id.not_in(taken)).limit(1)).one()
    url = f"/legnano/scheda-privacy/intake.person/{person.id}"
    token = token_of(client.get(url).text)
    wrong = client.post(f"{url}/condivisione", data={"csrf_token": token, "organisation_id": "x"})
    assert wrong.status_code == 422
    share = {"csrf_token": token, "organisation_id": str(body.id), "basis": "public_task"}
    assert client.post(f"{url}/condivisione", data=share).status_code == 303
    again = client.post(f"{url}/condivisione", data=share)
    assert again.status_code == 409
    assert "ha già una base valida" in main_of(again.text)
    with site.installation.database.read(number) as session:
        assert privacy.may_share(session, person.id, body.id)
        made = sa.select(Sharing).where(Sharing.organisation_id == body.id, Sharing.subject_id == person.id)
        (row,) = session.scalars(made).all()
    assert client.post(f"{url}/condivisione", data={"csrf_token": token, "end": str(row.id)}).status_code == 303
    with site.installation.database.read(number) as session:
        assert not privacy.may_share(session, person.id, body.id)


def test_a_body_loses_its_places_in_the_team_when_its_basis_ends(site: Site) -> None:
    client, number = worker(site, "coordinator"), site.district_id("legnano")
    with site.installation.database.read(number) as session:
        found = session.execute(
            sa.select(TeamPlace.id, Sharing.id, Case.person_id)
            .select_from(TeamPlace)
            .join(Case, (Case.district_id == TeamPlace.district_id) & (Case.id == TeamPlace.object_id))
            .join(
                Sharing,
                (Sharing.district_id == TeamPlace.district_id)
                & (Sharing.subject_id == Case.person_id)
                & (Sharing.organisation_id == TeamPlace.organisation_id),
            )
            .where(TeamPlace.valid_to.is_(None), Sharing.valid_to.is_(None))
            .limit(1)
        ).one()
        place_id, sharing_id, person_id = found
    url = f"/legnano/scheda-privacy/intake.person/{person_id}"
    end = {"csrf_token": token_of(client.get(url).text), "end": str(sharing_id)}
    assert client.post(f"{url}/condivisione", data=end).status_code == 303
    with site.installation.database.read(number) as session:
        ended = session.get_one(TeamPlace, (number, place_id)).valid_to
        assert ended is not None
        assert ended <= clock.now()


def test_the_register_of_the_console_stands_on_the_public_page(site: Site) -> None:
    visitor, keeper = site.client(), worker(site, "data-protection")
    assert "da confermare" in main_of(visitor.get("/legnano/privacy/").text)
    url = "/legnano/configura/trattamenti/nuovo"
    token = token_of(keeper.get(url).text)
    bad = keeper.post(url, data={"csrf_token": token, "valid_from": "2026-01-01", "basis": "public_task"})
    assert bad.status_code == 422
    facts = {"purpose__it": "Inserimento lavorativo", "controller": "Consorzio di prova", "valid_from": "2026-01-01"}
    facts["status"] = "confirmed"
    assert keeper.post(url, data={"csrf_token": token, "basis": "public_task", **facts}).status_code == 303
    public = visitor.get("/legnano/privacy/")
    assert "Consorzio di prova" in main_of(public.text)
    assert "6.1.e, 9.2.g, 9.2.h" in main_of(public.text)
    assert "Dove sta scritto" in main_of(public.text)
    assert "Set-Cookie" not in public.headers
    assert 'href="/legnano/privacy/richiesta"' in public.text
    assert visitor.get("/legnano/en/privacy/").status_code == 200


def test_two_people_correct_one_entry_and_nothing_is_overwritten(site: Site) -> None:
    keeper, number = worker(site, "data-protection"), site.district_id("legnano")
    url = "/legnano/configura/trattamenti/nuovo"
    facts = {"purpose__it": "Prova", "controller": "Uno", "valid_from": "2026-01-01", "basis": "public_task"}
    facts["status"] = "to_confirm"
    keeper.post(url, data={"csrf_token": token_of(keeper.get(url).text), **facts})
    with site.installation.database.read(number) as session:
        entry = session.scalars(sa.select(Processing).where(Processing.key == "")).one()
    edit = f"/legnano/configura/trattamenti/{entry.id}"
    token = token_of(keeper.get(edit).text)
    change = {"csrf_token": token, **facts, "version": "1"}
    assert keeper.post(edit, data={**change, "controller": "Due"}).status_code == 303
    late = keeper.post(edit, data={**change, "controller": "Tre"})
    assert late.status_code == 409
    assert 'value="Tre"' in late.text
    with site.installation.database.read(number) as session:
        assert session.scalars(sa.select(Processing).where(Processing.key == "")).one().controller == "Due"


def test_an_entry_of_the_model_is_confirmed_by_hand_and_given_back(site: Site) -> None:
    keeper, number = worker(site, "data-protection"), site.district_id("legnano")
    mine = sa.select(Processing).where(Processing.key == "sisl_partner")
    with site.installation.database.read(number) as session:
        entry = session.scalars(mine).one()
        assert (entry.status, entry.by_hand) == ("to_confirm", False)
    edit = f"/legnano/configura/trattamenti/{entry.id}"
    page = keeper.get(edit).text
    assert "Dal modello. Se la cambi, resta come la scrivi tu." in page
    facts = {
        "csrf_token": token_of(page),
        "version": str(entry.version),
        "purpose__it": entry.purpose["it"],
        "controller": "Comune di Legnano",
        "valid_from": "2026-01-01",
        "basis": "public_task",
        "status": "confirmed",
    }
    assert keeper.post(edit, data=facts).status_code == 303
    with site.installation.database.read(number) as session:
        changed = session.scalars(mine).one()
        assert (changed.controller, changed.status, changed.by_hand) == ("Comune di Legnano", "confirmed", True)
    page = keeper.get(edit).text
    assert "Torna al modello" in page
    back = {"csrf_token": token_of(page), "version": str(changed.version)}
    assert keeper.post(f"{edit}/modello", data=back).status_code == 303
    with site.installation.database.read(number) as session:
        assert session.scalars(mine).one().controller == entry.controller


# --- answers of records ----------------------------------------------------------------------------------------------


@pytest.fixture
def dossier(site: Site) -> Iterator[Record]:
    """A record whose form asks for protected answers, and a coordinator who may work on it."""
    load_record_types("intake", DESK)
    groups = ("personal", "special", "penal")
    registry.register_permissions(Permission("dossier", a, field_groups=groups) for a in ("read", "create", "change"))
    number = site.district_id("legnano")
    with site.installation.database.write(number) as session:
        role = session.scalars(sa.select(Role).where(Role.key == "coordinator")).one()
        rights = {
            "read": {"plain": "read", "personal": "read", "special": "read", "penal": "mask"},
            "change": {"plain": "write", "personal": "write", "special": "write"},
        }
        for action, fields in rights.items():
            session.add(RoleGrant(role_id=role.id, resource="dossier", action=action, field_groups=fields))
        answers = {"title": {"it": "Fascicolo uno"}, "phone": PHONE, "illness": ILLNESS, "sentence": CRIME}
        record = create_record(session, "dossier", answers, actor=Actor.system(number, "prova"))
    yield record
    forget_record_types("intake")


def test_the_page_of_a_record_shows_dots_and_leads_to_the_reason(site: Site, dossier: Record) -> None:
    client = worker(site, "coordinator")
    page = client.get(f"/legnano/schede/dossier/{dossier.id}/")
    assert page.status_code == 200
    assert BIRDS.in_page(page, body=True) == []
    assert PHONE in main_of(page.text)
    assert "Lo può vedere chi ha questo ruolo" in page.text or "Nessun ruolo lo può vedere" in page.text
    url = f"/legnano/mostra/dossier/{dossier.id}/illness"
    assert f'href="{url}"' in page.text
    assert f"/legnano/mostra/dossier/{dossier.id}/sentence" not in page.text
    assert ILLNESS in reveal(client, url, purpose="requirements").text
    assert client.get(f"/legnano/mostra/dossier/{dossier.id}/sentence").status_code == 403


@pytest.mark.parametrize(("page", "part"), [("", "scheda"), ("modifica", "modifica")])
def test_an_answer_shown_at_once_is_in_the_log_by_name(site: Site, dossier: Record, page: str, part: str) -> None:
    client = worker(site, "coordinator")
    assert PHONE in client.get(f"/legnano/schede/dossier/{dossier.id}/{page}").text
    mine = sa.select(AuditEntry).where(AuditEntry.object_id == dossier.id, AuditEntry.kind == "view")
    with site.installation.database.read(site.district_id("legnano")) as session:
        looks = session.scalars(mine).all()
    assert [(look.part, look.fields, look.resource) for look in looks] == [(part, ["phone"], "dossier")]


def test_the_list_and_the_form_of_records_hold_no_protected_answer(site: Site, dossier: Record) -> None:
    client = worker(site, "coordinator")
    for path in ("", f"{dossier.id}/modifica", "?q=canarin"):
        page = client.get(f"/legnano/schede/dossier/{path}")
        assert page.status_code == 200
        assert BIRDS.in_page(page, body=True) == []
    form = client.get(f"/legnano/schede/dossier/{dossier.id}/modifica").text
    assert 'name="f_illness"' in form
    assert 'name="f_sentence"' not in form
    assert f'value="{PHONE}"' in form


def save(client: FlaskClient, dossier: Record, **answers: str) -> Any:
    url = f"/legnano/schede/dossier/{dossier.id}/modifica"
    page = client.get(url).text
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    form = {"f_title__it": "Fascicolo uno", "f_phone": PHONE, "f_illness": "", "save": "1", **answers}
    return client.post(url, data={"csrf_token": token_of(page), "version": version, **form})


def stored(site: Site, dossier: Record) -> dict[str, Any]:
    number = site.district_id("legnano")
    with site.installation.database.read(number) as session:
        return session.get_one(Record, (number, dossier.id)).answers


def test_saving_with_the_dots_untouched_keeps_the_answers(site: Site, dossier: Record) -> None:
    client, before = worker(site, "coordinator"), stored(site, dossier)
    assert save(client, dossier, f_title__it="Fascicolo due").status_code == 303
    after = stored(site, dossier)
    assert after["title"] == {"it": "Fascicolo due"}
    assert (after["illness"], after["sentence"]) == (before["illness"], before["sentence"])


def test_a_new_answer_replaces_the_one_behind_the_dots(site: Site, dossier: Record) -> None:
    client = worker(site, "coordinator")
    assert save(client, dossier, f_illness="asma canarina").status_code == 303
    url = f"/legnano/mostra/dossier/{dossier.id}/illness"
    assert "asma canarina" in reveal(client, url, purpose="interview").text
    assert Canaries("asma canarina").in_tables(site.installation.database) == []


def test_a_hidden_answer_that_is_required_is_not_erased(site: Site, dossier: Record) -> None:
    client = worker(site, "coordinator")
    answer = save(client, dossier, f_clear_illness="yes")
    assert answer.status_code == 422
    assert "illness" in stored(site, dossier)


def test_a_posted_answer_to_a_hidden_question_changes_nothing(site: Site, dossier: Record) -> None:
    client, before = worker(site, "coordinator"), stored(site, dossier)
    assert save(client, dossier, f_sentence="niente").status_code == 303
    assert stored(site, dossier)["sentence"] == before["sentence"]
