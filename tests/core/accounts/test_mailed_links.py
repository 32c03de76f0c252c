from __future__ import annotations

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core import clock
from core.access.models import Account
from core.accounts import links
from core.accounts.models import AccountCode
from core.accounts.operations import create_account
from core.db import Database
from core.errors import Refused
from tests.core.access.world import PASSWORD, add_account, system
from tests.core.accounts.portal import QUICK, WIDE, make_portal, sign_in, words
from tests.support.letters import letters, path_in

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
NEW = "un altro tram giallo"
TWICE = {"password": NEW, "again": NEW}


def invited(database: Database, portal: Flask) -> str:
    """The path of a fresh invitation of Ada."""
    with database.write(None) as session:
        account = session.scalar(sa.select(Account)) or create_account(
            session, email="ada@example.it", name="Ada", actor=system(None)
        )
        link = links.Link(lambda code: f"http://portal.example/account/invito/{code}", QUICK.invitation_lifetime)
        links.invite(session, account, actor=system(None), link=link)
    return path_in(letters(database)[-1])


def test_an_invitation_leads_to_a_password_and_signs_in(place: Database) -> None:
    client = make_portal(place, WIDE).test_client()
    with clock.at(NOON):
        path = invited(place, client.application)
        assert client.get(path).headers["Location"] == "/account/invito"
        assert "ada@example.it" in words(client.get("/account/invito"))
        different = client.post("/account/invito", data={"name": "Ada Neri", **TWICE, "again": "altro ancora qui"})
        assert different.status_code == 422 and "non sono uguali" in words(different)
        weak = client.post("/account/invito", data={"name": "Ada Neri", "password": "corta", "again": "corta"})
        assert weak.status_code == 422
        assert client.post("/account/invito", data={"name": "Ada Neri", **TWICE}).status_code == 303
        assert client.get("/me").text != "None"
    with place.read(None) as session:
        assert session.scalars(sa.select(Account)).one().name == "Ada Neri"


def test_an_invitation_serves_once(lite: Database) -> None:
    portal = make_portal(lite, WIDE)
    path = invited(lite, portal)
    first, second = portal.test_client(), portal.test_client()
    for client in (first, second):
        client.get(path)
    assert first.post("/account/invito", data={"name": "Ada", **TWICE}).status_code == 303
    again = second.post("/account/invito", data={"name": "Eva", "password": PASSWORD, "again": PASSWORD})
    assert again.status_code == 410 and "già stato usato" in words(again) and "Chiedi un invito nuovo" in words(again)
    assert sign_in(second, "ada@example.it", PASSWORD).status_code == 422


@pytest.mark.parametrize(("late", "status"), [(timedelta(seconds=-1), 200), (timedelta(0), 410)])
def test_an_invitation_expires(lite: Database, late: timedelta, status: int) -> None:
    client = make_portal(lite, WIDE).test_client()
    with clock.at(NOON):
        path = invited(lite, client.application)
    with clock.at(NOON + QUICK.invitation_lifetime + late):
        client.get(path)
        page = client.get("/account/invito")
        assert page.status_code == status
        assert ("è scaduto" in words(page)) == (status == 410)


def test_a_newer_invitation_takes_the_place_of_the_older(lite: Database) -> None:
    client = make_portal(lite, WIDE).test_client()
    old, new = invited(lite, client.application), invited(lite, client.application)
    client.get(old)
    assert "ne è stato mandato uno più nuovo" in words(client.get("/account/invito"))
    client.get(new)
    assert client.get("/account/invito").status_code == 200


def test_who_has_a_password_is_not_invited(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    with lite.write(None) as session, pytest.raises(Refused):
        link = links.Link(str, timedelta(days=1))
        links.invite(session, session.get_one(Account, account.id), actor=system(None), link=link)


def test_codes_lie_hashed_and_mails_sealed(lite: Database) -> None:
    path = invited(lite, make_portal(lite))
    stored = b"".join(found.read_bytes() for found in lite.data_dir.glob("*.db*"))
    assert path.rpartition("/")[2].encode() not in stored
    with lite.read(None) as session:
        assert len(session.scalars(sa.select(AccountCode)).one().code_hash) == 32


def test_guessing_links_is_stopped(lite: Database) -> None:
    client = make_portal(lite, QUICK).test_client()
    client.get("/account/invito/AAAAA-BBBBB")
    statuses = [client.get("/account/invito").status_code for _ in range(7)]
    assert statuses == [410] * 6 + [429]


def ask(portal: Flask, email: str, **more: Any) -> str:
    answer = portal.test_client().post("/account/password-dimenticata", data={"email": email}, **more)
    assert answer.status_code == 200
    return words(answer)


def test_a_forgotten_password_is_chosen_anew(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    portal = make_portal(place, WIDE)
    elsewhere, client = portal.test_client(), portal.test_client()
    sign_in(elsewhere, "ada@example.it")
    ask(portal, "Ada@example.it")
    client.get(path_in(letters(place)[-1]))
    assert client.get("/account/password-nuova").status_code == 200
    assert client.post("/account/password-nuova", data=TWICE).headers["Location"] == "/account/accedi"
    assert elsewhere.get("/me").text == "None"
    assert sign_in(client, "ada@example.it").status_code == 422
    assert sign_in(client, "ada@example.it", NEW).status_code == 303
    assert client.get("/me").text == str(account.id)
    assert [letter.subject for letter in letters(place)] == ["Scegli una password nuova", "Una novità sul tuo accesso"]


def test_nobody_learns_from_a_reset_whether_an_account_exists(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    with lite.write(None) as session:
        create_account(session, email="new@example.it", name="Nuova", actor=system(None))
    portal = make_portal(lite, WIDE)
    answers = {ask(portal, email) for email in ("ada@example.it", "nobody@example.it", "new@example.it", "a\x00b")}
    assert len(answers) == 1
    assert [letter.to for letter in letters(lite)] == ["ada@example.it"]


@pytest.mark.slow
def test_a_reset_takes_as_long_for_an_unknown_address(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    portal = make_portal(lite, replace(WIDE, resets_per_account=99, reset_answer=timedelta(milliseconds=100)))
    times: dict[str, list[float]] = {"ada@example.it": [], "nobody@example.it": []}
    for _ in range(11):
        for email, taken in times.items():
            begin = time.perf_counter()
            ask(portal, email)
            taken.append(time.perf_counter() - begin)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.85 < unknown / known < 1.15


def test_a_reset_never_points_to_the_host_of_the_request(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    ask(make_portal(lite), "ada@example.it", base_url="http://evil.example")
    assert "evil.example" not in letters(lite)[-1].text
    assert "http://127.0.0.1:8000/account/password/" in letters(lite)[-1].text


def test_mails_of_a_reset_are_counted(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite, WIDE).test_client()
    post = [
        client.post("/account/password-dimenticata", data={"email": "ada@example.it"}).status_code for _ in range(5)
    ]
    assert post == [200, 200, 200, 200, 429]


def test_a_new_address_is_used_once_it_was_confirmed(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    add_account(place, "bea@example.it")
    portal = make_portal(place, WIDE)
    client = portal.test_client()
    sign_in(client, "ada@example.it")
    data = {"email": "Ada.Neri@example.it", "email_password": PASSWORD}
    assert client.post("/account/indirizzo", data={**data, "email_password": "sbagliata"}).status_code == 422
    taken = client.post("/account/indirizzo", data={**data, "email": "bea@example.it"})
    free = client.post("/account/indirizzo", data=data)
    assert (taken.status_code, taken.text) == (free.status_code, free.text) == (303, free.text), "it tells who is known"
    notice, *sent = letters(place)
    assert notice.to == "ada@example.it"
    assert [letter.to for letter in sent] == ["ada.neri@example.it", "ada@example.it"]
    client.get(path_in(sent[0]))
    assert client.get("/account/indirizzo-nuovo").status_code == 200
    with place.read(None) as session:
        assert session.get_one(Account, account.id).email == "ada@example.it"
    assert client.post("/account/indirizzo-nuovo").status_code == 303
    assert sign_in(portal.test_client(), "ada.neri@example.it").status_code == 303
    assert client.post("/account/indirizzo-nuovo").status_code == 410
