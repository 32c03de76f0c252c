"""A company registers itself: a checked number, a confirmed address, a decision; nobody learns of other companies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import clock, crypto
from core.access import Actor
from core.access.models import Account, Role, RoleHolder
from core.accounts import registrations
from core.accounts.registration_models import CompanyRegistration
from core.districts.loading import load_model
from core.districts.models import Organisation
from core.districts.operations import apply_bundle
from core.errors import Refused
from core.notifications.letters import Letter
from core.notifications.models import Mail, Notice
from core.notifications.operations import FIELD, PURPOSE, TABLE
from tests.core.console.world import ADMIN, EDITOR, HERE, MODELS, Portal, make_portal, post, token_of
from tests.core.requests.test_request_pages import form_token, send

FORM, QUEUE = f"/{HERE}/registrazione-azienda", f"/{HERE}/registrazioni"
#: Numbers whose check digit is right.
VAT, OTHER_VAT = "00743110157", "12345670017"
ANSWERS: dict[str, Any] = {
    "vat_number": VAT,
    "company": "Officina Prova",
    "name": "Ugo Officina",
    "email": "ugo@officina.example",
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = make_portal(tmp_path_factory.mktemp("companies"))
    yield made
    made.installation.database.close()


def mails(portal: Portal, template: str) -> list[Letter]:
    with portal.installation.database.read(None) as session:
        rows = session.scalars(sa.select(Mail).where(Mail.template == template).order_by(Mail.id))
        return [
            Letter.unpacked(
                crypto.unseal_installation(session, PURPOSE, row.letter, table=TABLE, row_id=row.id, field=FIELD)
            )
            for row in rows
            if row.letter
        ]


def link_in(letter: Letter) -> str:
    found = re.search(r"https?://[^/]+(/\S+)", letter.text)
    assert found
    return found[1]


def apply(portal: Portal, client: FlaskClient, **answers: str) -> str:
    """Register, confirm, and answer the id of the registration."""
    assert send(client, FORM, **{**ANSWERS, **answers}).status_code == 201
    assert send(client, link_in(mails(portal, "company_confirm")[-1])).status_code == 200
    return str(latest(portal).id)


def latest(portal: Portal) -> CompanyRegistration:
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        newest = sa.select(CompanyRegistration).order_by(CompanyRegistration.id.desc())
        return session.scalars(newest).first()  # type: ignore[return-value]


def decide(client: FlaskClient, row_id: str, **answers: str) -> TestResponse:
    return post(client, f"{QUEUE}/{row_id}", QUEUE, **answers)


def test_a_company_becomes_a_body_with_a_contact_person_who_is_invited(portal: Portal) -> None:
    row_id = apply(portal, portal.app.test_client(use_cookies=False))
    admin = portal.client(ADMIN)
    assert "Officina Prova" in admin.get(QUEUE).text
    assert decide(admin, row_id, decision="approve").status_code == 303
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        body = session.scalars(sa.select(Organisation).where(Organisation.key == f"vat-{VAT}")).one()
        account = session.scalars(sa.select(Account).where(Account.email == "ugo@officina.example")).one()
        holder = session.scalars(sa.select(RoleHolder).where(RoleHolder.account_id == account.id)).one()
        role = session.get_one(Role, (portal.numbers[HERE], holder.role_id))
        assert (body.name, body.kind, holder.organisation_id) == ("Officina Prova", "company", body.id)
        assert "company_contact" in role.functions
        assert account.password is None
    assert "/account/invito/" in link_in(mails(portal, "invitation")[-1])
    assert "Officina Prova" not in admin.get(QUEUE).text
    assert "Officina Prova" not in portal.client().get(f"/{HERE}/chi-siamo/").text


def test_applying_the_model_again_keeps_the_company(portal: Portal) -> None:
    if latest(portal) is None:
        decide(portal.client(ADMIN), apply(portal, portal.client()), decision="approve")
    number = portal.numbers[HERE]
    bundle = load_model(portal.installation.models_dir, MODELS[HERE], portal.installation.catalogue)
    with portal.installation.database.write(number) as session:
        apply_bundle(session, bundle, actor=Actor.system(number, "test"))
    with portal.installation.database.read(number) as session:
        assert session.scalar(sa.select(Organisation.id).where(Organisation.key == f"vat-{VAT}")) is not None


def test_a_known_number_is_answered_like_any_other_and_only_who_decides_sees_it(portal: Portal) -> None:
    client = portal.client()
    first = send(client, FORM, **{**ANSWERS, "vat_number": OTHER_VAT, "email": "new@officina.example"})
    again = send(client, FORM, **{**ANSWERS, "email": "eva@officina.example"})
    pages = [re.sub(r'(value|nonce)="[^"]+"', "", page.text) for page in (first, again)]
    assert pages[0] == pages[1]
    assert send(client, link_in(mails(portal, "company_confirm")[-1])).status_code == 200
    admin = portal.client(ADMIN)
    assert "già registrata" in admin.get(QUEUE).text
    assert decide(admin, str(latest(portal).id), decision="approve").status_code == 303
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        bodies = sa.select(sa.func.count()).where(Organisation.key == f"vat-{VAT}")
        assert session.scalar(bodies) == 1


@pytest.mark.parametrize("number", ["", "123", "00743110158", "0" * 12, "IT" * 40, "٠٠٧٤٣١١٠١٥٧"])
def test_a_wrong_number_is_told_beside_its_field(portal: Portal, number: str) -> None:
    client, place = portal.client(), {"REMOTE_ADDR": f"198.51.100.{len(number)}"}
    data = {**ANSWERS, "vat_number": number, "form_token": form_token(client.get(FORM).text)}
    answer = client.post(FORM, data=data, environ_overrides=place)
    assert answer.status_code == 422
    assert 'href="#vat_number"' in answer.text


def test_what_is_not_confirmed_waits_for_nobody(portal: Portal) -> None:
    with portal.installation.database.write(portal.numbers[HERE]) as session:
        registrations.register(
            session, link=lambda code: f"https://here.example/{code}", **{**ANSWERS, "company": "Mai"}
        )
    assert "Mai" not in portal.client(ADMIN).get(QUEUE).text.replace("Mail", "")


def test_a_link_expires_is_not_guessed_and_may_be_pressed_twice(portal: Portal) -> None:
    codes: list[str] = []
    number = portal.numbers[HERE]
    with portal.installation.database.write(number) as session:
        registrations.register(session, link=lambda code: codes.append(code) or "https://here.example/", **ANSWERS)  # type: ignore[func-returns-value,redundant-expr]
        for wrong in ("", "AAAA", codes[0][:-1]):
            with pytest.raises(Refused):
                registrations.confirm(session, wrong, url="/x")
        with clock.at(clock.now() + timedelta(days=3, seconds=1)), pytest.raises(Refused):
            registrations.confirm(session, codes[0], url="/x")
        for _ in range(2):
            assert registrations.confirm(session, codes[0], url="/x").state == "confirmed"
        told = session.scalar(sa.select(sa.func.count()).select_from(Notice).where(Notice.url == "/x"))
        assert told == 1


def test_a_refusal_needs_a_reason_and_its_mail_does_not_tell_it(portal: Portal) -> None:
    codes: list[str] = []
    with portal.installation.database.write(portal.numbers[HERE]) as session:
        facts = {**ANSWERS, "vat_number": OTHER_VAT, "email": "no@officina.example"}
        row = registrations.register(session, link=lambda code: codes.append(code) or "https://x.example/", **facts)  # type: ignore[func-returns-value,redundant-expr]
        registrations.confirm(session, codes[0], url="/x")
        row_id = str(row.id)
    admin = portal.client(ADMIN)
    assert decide(admin, row_id, decision="refuse", reason=" ").status_code == 422
    assert decide(admin, row_id, decision="refuse", reason="Impresa cessata.").status_code == 303
    assert "cessata" not in mails(portal, "company_refused")[-1].text
    assert decide(admin, row_id, decision="approve").status_code == 404


def test_who_does_not_manage_accounts_decides_nothing(portal: Portal) -> None:
    assert portal.client().get(QUEUE).status_code == 302
    assert portal.client(EDITOR).get(QUEUE).status_code == 403
    editor = portal.client(EDITOR)
    token = token_of(editor.get(f"/{HERE}/oggi").text)
    row_id = latest(portal).id
    assert editor.post(f"{QUEUE}/{row_id}", data={"csrf_token": token, "decision": "approve"}).status_code == 403
