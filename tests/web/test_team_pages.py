"""The pages about teams, as people meet them: without script, over the demonstration's own cases."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import audit, clock, teams
from core.access import Actor, load_actor
from core.access.models import Account
from core.audit.models import AuditEntry
from core.notifications import Notice
from core.teams.models import AccessRequest, TeamPlace
from core.web.teams.looks import harmless
from tests.support.server import Site, email_of, token_of

RESOURCE = "intake.case"
REASON = "Telefonata del pronto soccorso, serve il numero della famiglia"


@dataclass
class Desk:
    """The demonstration of one district, and a case of it that one tutor follows."""

    site: Site
    case_id: UUID
    code: str

    @property
    def number(self) -> int:
        return self.site.district_id("legnano")

    @property
    def team(self) -> str:
        return f"/legnano/squadra/{RESOURCE}/{self.case_id}/"

    @property
    def why(self) -> str:
        return f"/legnano/perche/{RESOURCE}/{self.case_id}"

    def client(self, role: str) -> FlaskClient:
        return self.site.client(email_of(role, "legnano"))

    def account(self, session: Session, role: str) -> Account:
        return session.scalars(sa.select(Account).where(Account.email == email_of(role, "legnano"))).one()

    def places(self, function: str) -> list[TeamPlace]:
        with self.site.installation.database.read(self.number) as session:
            rows = sa.select(TeamPlace).where(TeamPlace.object_id == self.case_id, TeamPlace.function == function)
            return list(session.scalars(rows.order_by(TeamPlace.given_at)))

    def told(self, role: str) -> list[str]:
        with self.site.installation.database.read(self.number) as session:
            mine = sa.select(Notice).where(Notice.account_id == self.account(session, role).id)
            return [row.sentence["it"] for row in session.scalars(mine.order_by(Notice.id))]


@pytest.fixture
def desk(site: Site, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Second factors have tests of their own: here everybody has passed it."""

    def passed(session: Session, account_id: UUID | None, **_facts: Any) -> Actor:
        return load_actor(session, account_id, two_factor=True)

    monkeypatch.setattr("core.web.context.load_actor", passed)
    entry = teams.entry_of(RESOURCE)
    assert entry is not None
    # Entities of other tests are no part of the portal.
    monkeypatch.setattr("core.teams.registry._entities", {RESOURCE: entry})
    number = site.district_id("legnano")
    with site.installation.database.write(number) as session:
        case = session.scalars(sa.select(entry.entity).where(entry.entity.state == "open")).first()
        assert case is not None
        session.execute(sa.delete(TeamPlace).where(TeamPlace.object_id == case.id))
        desk = Desk(site, case.id, entry.code(case))
        tutor = desk.account(session, "tutor")
        system = Actor.system(number, "prova")
        teams.assign(session, case, "tutor", tutor, actor=system, reason="Conosce la famiglia")
        return desk


def post(client: FlaskClient, path: str, **form: str) -> Any:
    """Fill in the form of a page, with its token."""
    word = token_of(client.get(path).text)
    return client.post(path, data={**form, "csrf_token": word})


# --- the team --------------------------------------------------------------------------------------------------------


def test_who_may_assign_finds_the_forms_and_a_tutor_only_reads(desk: Desk) -> None:
    coordinator, tutor = desk.client("coordinator").get(desk.team), desk.client("tutor").get(desk.team)
    assert (coordinator.status_code, tutor.status_code) == (200, 200)
    assert "Aggiungi una persona" in coordinator.text
    assert "Conosce la famiglia" in coordinator.text
    assert "Aggiungi una persona" not in tutor.text
    assert "Conosce la famiglia" not in tutor.text
    assert desk.client("tutor").get(f"{desk.team}aggiungi").status_code == 403


@pytest.mark.parametrize("role", ["company-contact", "table-member", "editor", "district-admin"])
def test_the_team_is_not_there_for_who_cannot_read_the_row(desk: Desk, role: str) -> None:
    client = desk.client(role)
    for path in (desk.team, f"{desk.team}aggiungi", desk.why, f"{desk.why}/registro.csv"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert desk.code not in answer.text


def test_a_place_is_given_ended_and_told_by_plain_forms(desk: Desk) -> None:
    client = desk.client("coordinator")
    page = client.get(f"{desk.team}aggiungi").text
    [value] = re.findall(r'value="(educator\|[^"]+)"', page)
    answer = post(client, f"{desk.team}aggiungi", who=value, reason="Serve un aiuto in casa")
    assert answer.status_code == 303
    [place] = desk.places("educator")
    assert desk.told("educator")[-1].startswith(f"Fai parte della squadra di {desk.code}.")
    assert desk.client("educator").get(desk.team).status_code == 200
    assert post(client, f"{desk.team}{place.id}/chiudi", reason="Ha finito il lavoro").status_code == 303
    assert desk.client("educator").get(desk.team).status_code == 404
    assert "Chi c’era prima (1)" in client.get(desk.team).text


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"who": ""}, "Scegli una persona."),
        ({"who": "tutor|x|y"}, "Scegli una persona."),
        ({"valid_from": "31/12/2026"}, "Scrivi il giorno così"),
        ({"valid_from": "2020-01-01"}, "L&#39;inizio non può essere nel passato"),
    ],
)
def test_what_is_wrong_stands_beside_its_control_and_nothing_typed_is_lost(
    desk: Desk, form: dict[str, str], message: str
) -> None:
    client = desk.client("coordinator")
    [value] = re.findall(r'value="(educator\|[^"]+)"', client.get(f"{desk.team}aggiungi").text)
    answer = post(client, f"{desk.team}aggiungi", **{"who": value, "reason": "Motivo scritto a lungo", **form})
    assert answer.status_code == 422
    assert message in answer.text
    assert "Motivo scritto a lungo" in answer.text
    assert desk.places("educator") == []


def test_a_substitution_needs_its_last_day(desk: Desk) -> None:
    [place] = desk.places("tutor")
    client = desk.client("coordinator")
    answer = post(client, f"{desk.team}{place.id}/sostituisci", account="", valid_to="")
    assert (answer.status_code, "Scrivi fino a quando." in answer.text) == (422, True)


def test_a_place_of_another_row_is_not_reached_through_this_one(desk: Desk) -> None:
    with desk.site.installation.database.read(desk.number) as session:
        other = session.scalars(sa.select(TeamPlace.id).where(TeamPlace.object_id != desk.case_id).limit(1)).one()
    client = desk.client("coordinator")
    for what in ("chiudi", "sostituisci"):
        assert client.get(f"{desk.team}{other}/{what}").status_code == 404


# --- emergency -------------------------------------------------------------------------------------------------------


def breaking(desk: Desk, role: str, code: str, **more: str) -> Any:
    form = {"code": code, "reason": REASON, "sure": "1", **more}
    return post(desk.client(role), "/legnano/squadra/emergenza", **form)


def test_an_emergency_opens_by_code_and_is_seen_by_all_the_team(desk: Desk) -> None:
    client = desk.client("educator")
    assert client.get(desk.team).status_code == 404
    page = client.get("/legnano/squadra/emergenza").text
    assert "Vedi la scheda per 8 ore" in page
    assert "ancora 3 volte" in page
    answer = breaking(desk, "educator", desk.code.lower())
    assert answer.status_code == 303
    assert client.get(answer.location).status_code == 200
    assert any("in emergenza" in sentence for sentence in desk.told("coordinator"))
    assert REASON in desk.client("tutor").get(desk.team).text
    [place] = desk.places("")
    assert post(client, f"{desk.team}{place.id}/chiudi").status_code == 303
    assert client.get(desk.team).status_code == 404


def test_a_code_that_opens_nothing_is_answered_alike_and_stays_in_the_log(desk: Desk) -> None:
    answers = [breaking(desk, "educator", code) for code in ("LEG-1999-9999", "nessuno")]
    texts = [re.sub(r'value="[^"]*"|nonce="[^"]*"|ancora \d volt[ae]', "", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    assert "Con questo codice non si apre niente" in texts[0]
    with desk.site.installation.database.read(desk.number) as session:
        kinds = [entry.kind for entry in audit.entries(session, kinds=["refused"], limit=9)]
    assert kinds == ["refused", "refused"]
    breaking(desk, "educator", "terzo")
    answer = breaking(desk, "educator", desk.code)
    assert (answer.status_code, "già usato" in answer.text) == (422, True)
    assert desk.places("") == []


@pytest.mark.parametrize(("left_out", "status"), [("sure", 422), ("reason", 422), ("code", 422)])
def test_reason_code_and_confirmation_are_all_needed(desk: Desk, left_out: str, status: int) -> None:
    answer = breaking(desk, "educator", **{"code": desk.code, left_out: ""})
    assert answer.status_code == status
    assert desk.places("") == []


def test_who_may_not_break_the_glass_finds_no_page(desk: Desk) -> None:
    for role in ("company-contact", "table-member", "editor", "district-admin"):
        answer = desk.client(role).get("/legnano/squadra/emergenza")
        assert answer.status_code == 403, role
        assert "Chiedi l’accesso" in answer.text
    assert desk.site.client().get("/legnano/squadra/emergenza").status_code == 302


# --- asking ----------------------------------------------------------------------------------------------------------


def test_a_request_is_answered_alike_for_any_code_and_the_coordinator_grants_it(desk: Desk) -> None:
    client, coordinator = desk.client("educator"), desk.client("coordinator")
    pages = []
    for code in ("LEG-1999-9999", desk.code):
        answer = post(client, "/legnano/squadra/accesso", code=code, reason="Seguo io il tirocinio")
        assert answer.status_code == 303
        pages.append(client.get(answer.location).text)
    assert all("Richiesta inviata." in page for page in pages)
    assert pages[1].count("in attesa") == 2
    listed = coordinator.get("/legnano/squadra/richieste").text
    assert listed.count("chiede di vedere") == 1
    [path] = re.findall(r'action="(/legnano/squadra/richieste/[^"]+)"', listed)
    denied = client.post(path, data={"decision": "grant", "csrf_token": token_of(pages[1])})
    assert denied.status_code in {400, 404}
    form = {"decision": "refuse", "answer": "no", "csrf_token": token_of(listed)}
    assert coordinator.post(path, data=form).status_code == 422
    form = {"decision": "grant", "function": "educator", "answer": "", "csrf_token": token_of(listed)}
    assert coordinator.post(path, data=form).status_code == 303
    assert client.get(desk.team).status_code == 200
    assert "accolta" in client.get("/legnano/squadra/richieste").text


def test_a_request_is_not_kept_in_readable_words(desk: Desk) -> None:
    post(desk.client("educator"), "/legnano/squadra/accesso", code=desk.code, reason="Zirconio nel suo passato")
    with desk.site.installation.database.read(desk.number) as session:
        [request] = session.scalars(sa.select(AccessRequest)).all()
        assert b"irconio" not in (request.sealed_reason or b"")
        assert teams.request_words(session, request)[0] == "Zirconio nel suo passato"


# --- why -------------------------------------------------------------------------------------------------------------


def test_why_tells_the_chain_and_who_may_open(desk: Desk) -> None:
    client = desk.client("coordinator")
    with desk.site.installation.database.read(desk.number) as session:
        tutor, editor = desk.account(session, "tutor"), desk.account(session, "editor")
    page = client.get(f"{desk.why}?chi={tutor.id}").text
    assert f"Perché {tutor.name} può vedere?" in page
    assert "È la regola che decide." in page
    assert "nascosti, con motivo" in page
    assert f"Perché {editor.name} non può vedere?" in client.get(f"{desk.why}?chi={editor.id}").text
    assert client.get(f"{desk.why}?chi=nessuno&periodo=x&cosa=y&solo=z").status_code == 200


def test_the_log_flags_late_hours_and_general_purposes_and_can_be_narrowed(desk: Desk) -> None:
    number = desk.number
    with desk.site.installation.database.write(number) as session:
        entry = teams.entry_of(RESOURCE)
        assert entry is not None
        case = session.get_one(entry.entity, (number, desk.case_id))
        subject = entry.subject(case)
        # 22.48 UTC is 23.48 in Italy, in winter.
        late = datetime.now(UTC).replace(month=1, day=5, hour=22, minute=48)
        for moment, purpose in (
            (late, "interview"),
            (late.replace(hour=9), "other"),
            (late.replace(hour=9), "interview"),
        ):
            with clock.at(moment):
                actor = Actor.system(number, "Dario")
                audit.note(session, actor, "reveal", resource=RESOURCE, subject_id=subject, purpose=purpose)
    client = desk.client("coordinator")
    page = client.get(f"{desk.why}?periodo=&cosa=reveal").text
    assert (page.count("fuori orario"), page.count("motivo generico")) == (1, 1)
    answer = client.get(f"{desk.why}/registro.csv?periodo=&cosa=reveal&solo=controllare")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="accessi-{desk.code}.csv"'
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    assert [row[5] for row in rows] == ["Da controllare", "fuori orario", "motivo generico"]


def test_looking_at_the_log_and_taking_it_away_are_in_the_log(desk: Desk) -> None:
    client = desk.client("coordinator")
    client.get(desk.why)
    client.get(f"{desk.why}/registro.csv")
    with desk.site.installation.database.read(desk.number) as session:
        mine = sa.select(AuditEntry.kind).where(AuditEntry.part == "accessi").order_by(AuditEntry.at, AuditEntry.id)
        assert list(session.scalars(mine)) == ["view", "export"]


def test_data_protection_reads_the_log_by_code_and_not_the_person(desk: Desk) -> None:
    client = desk.client("data-protection")
    page = client.get(desk.why)
    assert page.status_code == 200
    assert f"Chi vede {desk.code}, e perché" in page.text
    assert client.get(desk.team).status_code == 404


def test_a_cell_that_begins_like_a_formula_is_only_text() -> None:
    for cell in ("=1+1", "+39", "-2", "@SUM(A1)", "\t=1"):
        assert harmless(cell) == f"'{cell}"
    assert harmless("Elena") == "Elena"


def test_titles_and_addresses_carry_no_name(desk: Desk) -> None:
    client = desk.client("coordinator")
    for path in (desk.team, desk.why, f"{desk.team}aggiungi"):
        [title] = re.findall(r"<title>(.*?)</title>", client.get(path).text, re.DOTALL)
        assert desk.code in title


def test_openings_are_told_in_words_and_together_while_the_file_has_every_one(desk: Desk) -> None:
    with desk.site.installation.database.write(desk.number) as session:
        entry = teams.entry_of(RESOURCE)
        assert entry is not None
        case = session.get_one(entry.entity, (desk.number, desk.case_id))
        subject, tutor = entry.subject(case), desk.account(session, "tutor")
        actor = Actor(tutor.id, tutor.name, "account", desk.number)
        morning = datetime.now(UTC).replace(month=1, day=5, hour=9, minute=0)
        for minutes in (0, 10, 20):
            with clock.at(morning + timedelta(minutes=minutes)):
                facts = {"subject_id": subject, "part": "riepilogo", "purpose": "work"}
                audit.note(session, actor, "view", resource="intake.person", **facts)
        with clock.at(morning):
            audit.note(session, actor, "change", resource="intake.person", subject_id=subject, fields=("birth_date",))
    client = desk.client("coordinator")
    page = client.get(f"{desk.why}?periodo=").text
    assert page.count("ha aperto: Riepilogo") == 1
    assert "3 volte, la prima:" in page
    assert "lavoro sul caso" in page
    assert "ha cambiato: Data di nascita" in page
    assert "birth_date" not in page
    rows = list(csv.reader(io.StringIO(client.get(f"{desk.why}/registro.csv?periodo=").text), delimiter=";"))
    assert [row[3] for row in rows].count("ha aperto: Riepilogo") == 3
