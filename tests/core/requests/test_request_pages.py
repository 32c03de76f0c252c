"""The pages of subject requests: the public form without account or cookie, the queue, the file, the retention."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import audit
from core.access.models import Role, RoleGrant
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.permissions import DECIDE, MANAGE, READ, REQUEST
from core.privacy.requests.subjects import register_subjects
from core.privacy.retention.models import RetentionRun
from core.privacy.retention.permissions import HOLD, RETENTION
from tests.core.console.world import ADMIN, EDITOR, HERE, THERE, Portal, make_portal, post, token_of
from tests.core.requests.world import CANARY, PERSON, PERSON_CODE

FORM, STATUS, QUEUE = (f"/{HERE}/{path}" for path in ("privacy/richiesta", "privacy/richiesta/stato", "richieste"))
RETAIN = f"/{HERE}/configura/conservazione"
ANSWERS: dict[str, Any] = {
    "kind": "access",
    "name": "Anna Prova",
    "contact": "anna@prova.example",
    "text": f"In cura per {CANARY}",
}
RIGHTS = [(r, a) for r in (REQUEST, RETENTION, HOLD) for a in (READ, MANAGE)] + [(REQUEST, DECIDE)]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = make_portal(tmp_path_factory.mktemp("requests"))
    with made.installation.database.write(made.numbers[HERE]) as session:
        role = session.scalars(sa.select(Role).where(Role.key == "district_admin")).one()
        session.execute(sa.delete(RoleGrant).where(RoleGrant.resource.in_([REQUEST, RETENTION, HOLD])))
        session.add_all([RoleGrant(role_id=role.id, resource=r, action=a) for r, a in RIGHTS])
    register_subjects("test.person", find=find, label=lambda _s, _id: PERSON_CODE, people=lambda _s, _id: [])
    yield made
    made.installation.database.close()


def find(_session: object, code: str) -> UUID | None:
    return PERSON if code == PERSON_CODE else None


def form_token(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


def send(client: FlaskClient, url: str = FORM, headers: dict[str, str] | None = None, **values: Any) -> TestResponse:
    """Fill in the form as a browser of the same site does."""
    data = {"form_token": form_token(client.get(url).text), **values}
    return client.post(url, data=data, headers=headers or {"Sec-Fetch-Site": "same-origin"})


def code_of(page: str) -> str:
    found = re.search(r"<dd>([0-9A-Z]{4,6}(?:-[0-9A-Z]{4,6}){4,})</dd>", page)
    assert found
    return found[1]


def count(portal: Portal) -> int:
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(SubjectRequest)) or 0


def newest(portal: Portal) -> SubjectRequest:
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        return session.scalars(sa.select(SubjectRequest).order_by(SubjectRequest.id.desc())).first()  # type: ignore[return-value]


def step(portal: Portal, client: FlaskClient, request: SubjectRequest, **values: str) -> TestResponse:
    page = f"{QUEUE}/{request.id}"
    return post(client, f"{page}/passo", page, version=str(newest(portal).version), **values)


def test_somebody_without_an_account_or_a_cookie_sends_a_request_and_follows_it(portal: Portal) -> None:
    client = portal.app.test_client(use_cookies=False)
    answer = send(client, **ANSWERS)
    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    code = code_of(answer.text)
    found = send(client, STATUS, code=code.lower())
    assert found.status_code == 200
    assert "ricevuta" in found.text
    for secret in ("Anna", CANARY, code):
        assert secret not in found.text


def test_wrong_and_unknown_codes_get_one_answer(portal: Portal) -> None:
    client = portal.client()
    pages = [send(client, STATUS, code=code) for code in ("", "AAAAA-BBBBB", "x" * 60)]
    assert {page.status_code for page in pages} == {422}
    assert len({re.sub(r'(value|nonce)="[^"]+"', "", page.text) for page in pages}) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost"}, 422),
        ({}, 422),
    ],
)
def test_a_form_sent_from_another_site_is_refused(portal: Portal, headers: dict[str, str], status: int) -> None:
    client = portal.client()
    data = {"form_token": form_token(client.get(FORM).text), "kind": "access"}
    assert client.post(FORM, data=data, headers=headers).status_code == status


@pytest.mark.parametrize("token", ["", "forged.token.x", "status"])
def test_a_form_without_its_own_token_is_given_back_with_what_was_written(portal: Portal, token: str) -> None:
    client, before = portal.client(), count(portal)
    # A token of another form opens nothing either.
    given = form_token(client.get(STATUS).text) if token == "status" else token
    answer = client.post(FORM, data={**ANSWERS, "form_token": given})
    assert answer.status_code == 400
    assert "Anna Prova" in answer.text
    assert count(portal) == before


def test_a_token_of_another_district_opens_nothing(portal: Portal) -> None:
    client = portal.client()
    token = form_token(client.get(f"/{THERE}/privacy/richiesta").text)
    assert client.post(FORM, data={**ANSWERS, "form_token": token}).status_code == 400


def test_what_fills_in_the_trap_is_a_program(portal: Portal) -> None:
    before = count(portal)
    assert send(portal.client(), **ANSWERS, website="http://spam.example").status_code == 400
    assert count(portal) == before


def test_the_same_form_sent_twice_is_told_so(portal: Portal) -> None:
    client = portal.client()
    data = {**ANSWERS, "form_token": form_token(client.get(FORM).text)}
    before = count(portal)
    assert [client.post(FORM, data=data).status_code for _ in range(2)] == [201, 409]
    assert count(portal) == before + 1


def test_wrong_answers_come_back_beside_their_fields(portal: Portal) -> None:
    answer = send(portal.client(), kind="", name="", contact="x", text="\x00ciao")
    assert answer.status_code == 422
    assert "Scegli che cosa chiedi." in answer.text
    assert 'href="#name"' in answer.text
    assert "ciao</textarea>" in answer.text


def test_one_address_cannot_fill_the_office_with_requests(portal: Portal) -> None:
    client = portal.client()
    place = {"REMOTE_ADDR": "203.0.113.9"}
    statuses = []
    for _ in range(12):
        data = {"form_token": form_token(client.get(FORM).text), "kind": "access"}
        statuses.append(client.post(FORM, data=data, environ_overrides=place).status_code)
    assert statuses == [422] * 10 + [429] * 2


def test_ten_megabytes_are_refused_before_they_are_read(portal: Portal) -> None:
    assert portal.client().post(FORM, data={"text": "x" * 10_000_000}).status_code == 413


def test_the_office_works_a_request_off_to_its_file(portal: Portal) -> None:
    send(portal.client(), **ANSWERS)
    request, client = newest(portal), portal.client(ADMIN)
    page = f"{QUEUE}/{request.id}"
    listed = client.get(QUEUE).text
    assert request.number in listed
    assert "Anna" not in listed
    shown = client.get(page).text
    assert "Anna Prova" in shown
    assert CANARY not in shown
    assert CANARY in post(client, f"{page}/testo", page).text
    early = post(client, f"{page}/fascicolo", page, format="html")
    assert early.status_code == 409
    assert "controlla l&#39;identità" in early.text
    assert step(portal, client, request, step="identify", identity="document").status_code == 303
    wrong = step(portal, client, request, step="link", code="LEG-1999-0001")
    assert wrong.status_code == 422
    assert "Nessuna persona ha il codice" in html.unescape(wrong.text)
    assert step(portal, client, request, step="link", code=PERSON_CODE).status_code == 303
    made = post(client, f"{page}/fascicolo", page, format="html")
    assert made.status_code == 200
    assert PERSON_CODE in made.text
    file = post(client, f"{page}/fascicolo", page, format="json")
    assert file.json is not None
    assert file.json["request"] == request.number
    assert file.headers["Content-Disposition"] == f'attachment; filename="fascicolo-{request.number}.json"'
    assert file.headers["Cache-Control"] == "no-store"
    assert step(portal, client, request, step="answer", answer="Consegnato a mano.").status_code == 303
    closed = client.get(page).text
    assert "risposta data" in closed
    assert "Proroga il termine" not in closed
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        kinds = {entry.kind for entry in audit.entries(session, object_id=request.id, limit=99)}
    assert {"view", "reveal", "export", "act", "create"} <= kinds


def test_a_page_that_is_out_of_date_takes_no_step(portal: Portal) -> None:
    send(portal.client(), **ANSWERS)
    request, client = newest(portal), portal.client(ADMIN)
    page = f"{QUEUE}/{request.id}"
    answer = post(client, f"{page}/passo", page, version="0", step="identify", identity="document")
    assert answer.status_code == 409
    assert newest(portal).identity == ""


def test_what_stands_in_the_way_of_a_step_is_said_on_the_page(portal: Portal) -> None:
    send(portal.client(), **ANSWERS)
    request, client = newest(portal), portal.client(ADMIN)
    answer = step(portal, client, request, step="answer", answer="Ecco.")
    assert answer.status_code == 409
    assert "controlla l&#39;identità" in answer.text
    assert step(portal, client, request, step="nothing").status_code == 404


def test_the_desk_writes_a_request_of_an_earlier_day_and_hands_over_its_code(portal: Portal) -> None:
    client = portal.client(ADMIN)
    page = f"{QUEUE}/nuova"
    assert post(client, page, **{**ANSWERS, "received_on": "domani"}).status_code == 422
    answer = post(client, page, **{**ANSWERS, "received_on": "2026-01-10"})
    assert answer.status_code == 201
    assert "9 febbraio 2026" in answer.text
    assert "in ritardo di" in client.get(QUEUE).text


@pytest.mark.parametrize("path", ["", "/nuova", "/00000000-0000-0000-0000-000000000001"])
def test_who_has_no_right_finds_no_request(portal: Portal, path: str) -> None:
    assert portal.client().get(QUEUE + path).status_code in {302, 404}
    assert portal.client(EDITOR).get(QUEUE + path).status_code in {403, 404}


def test_a_post_of_the_staff_needs_the_token_of_the_session(portal: Portal) -> None:
    send(portal.client(), **ANSWERS)
    request, client = newest(portal), portal.client(ADMIN)
    answer = client.post(f"{QUEUE}/{request.id}/passo", data={"step": "withdraw", "reason": "x", "version": "1"})
    assert answer.status_code == 400
    assert newest(portal).state == "received"


def test_the_console_shows_what_would_go_and_erases_it_after_a_confirmation(portal: Portal) -> None:
    client = portal.client(ADMIN)
    assert "Richieste sui propri dati" in client.get(f"{RETAIN}/").text
    post(client, f"{QUEUE}/nuova", **ANSWERS)
    request = newest(portal)
    step(portal, client, request, step="withdraw", reason="Ha cambiato idea.")
    with portal.installation.database.write(portal.numbers[HERE]) as session:
        session.execute(
            sa.update(SubjectRequest)
            .where(SubjectRequest.id == request.id)
            .values(closed_at=request.created_at.replace(year=2001))
        )
    page = f"{RETAIN}/core.request"
    shown = client.get(page)
    assert "Sì, cancella" in shown.text
    stale = client.post(f"{page}/cancella", data={"csrf_token": token_of(shown.text), "digest": "0" * 64})
    assert stale.status_code == 409
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', shown.text)
    assert found
    before = count(portal)
    answer = client.post(f"{page}/cancella", data={"csrf_token": token_of(shown.text), "digest": found[1]})
    assert answer.status_code == 303
    assert count(portal) == before - 1
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        assert [run.erased for run in session.scalars(sa.select(RetentionRun))] == [1]


def test_a_hold_is_put_and_taken_away_in_the_console(portal: Portal) -> None:
    client = portal.client(ADMIN)
    wrong = post(client, f"{RETAIN}/blocchi", f"{RETAIN}/", code="LEG-1999-0001", reason="Una causa.")
    assert wrong.status_code == 409
    assert post(client, f"{RETAIN}/blocchi", f"{RETAIN}/", code=PERSON_CODE, reason="").status_code == 422
    assert post(client, f"{RETAIN}/blocchi", f"{RETAIN}/", code=PERSON_CODE, reason="Una causa.").status_code == 303
    listed = client.get(f"{RETAIN}/").text
    link = re.search(r'href="([^"]+/blocchi/[0-9a-f-]{36})"', listed)
    assert link
    assert post(client, link[1]).status_code == 303
    assert link[1] not in client.get(f"{RETAIN}/").text


@pytest.mark.parametrize("path", ["/", "/core.request"])
def test_who_has_no_right_on_retention_does_not_see_it(portal: Portal, path: str) -> None:
    assert portal.client(EDITOR).get(RETAIN + path).status_code == 403
    assert portal.client().get(RETAIN + path).status_code == 302
