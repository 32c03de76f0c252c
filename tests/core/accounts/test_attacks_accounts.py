"""Ways into somebody else's account that have been tried."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core import clock
from core.access.members import add_membership
from core.access.models import Account
from core.accounts import links, operations, secondfactor, sessions, tokens
from core.accounts.models import AccountSession, AccountToken
from core.accounts.passwords import hash_password
from core.db import Database, uuid7
from core.errors import Invalid
from core.notifications.letters import checked_address
from tests.core.access.world import CHEAP, HERE, PASSWORD, add_account, system
from tests.core.accounts.portal import QUICK, WIDE, make_portal, sign_in, token, words
from tests.core.accounts.test_two_factor import NOON, code, set_up
from tests.support.letters import letters

ADA = "ada@example.it"
OTHER_PASSWORD = "sette barche senza remi"


def waiting_for_code(database: Database) -> tuple[FlaskClient, str]:
    """A browser in which Ada's password was given, and the key of her telephone."""
    account = add_account(database, ADA)
    key, _spare = set_up(database, account.id)
    client = make_portal(database, WIDE).test_client()
    assert sign_in(client, ADA).headers["Location"] == "/account/codice"
    return client, key


def test_a_login_from_before_the_telephone_cannot_replace_it_with_another(lite: Database) -> None:
    account = add_account(lite, ADA)
    thief = make_portal(lite, WIDE).test_client()
    with clock.at(NOON - timedelta(minutes=70)):
        sign_in(thief, ADA)
    with clock.at(NOON - timedelta(minutes=61)), lite.write(None) as session:
        row = session.scalars(sa.select(AccountSession)).one()
        login = sessions.Login(account.id, row.id, two_factor=False, locked=False, seen_at=clock.now())
        secondfactor.need_passed(session, login)
        key = secondfactor.start(session, session.get_one(Account, account.id))
        secondfactor.confirm(session, session.get_one(Account, account.id), code(key, clock.now()), login_id=row.id)
    with clock.at(NOON - timedelta(minutes=60)):
        refused = thief.post("/account/secondo-passaggio", data={"password": PASSWORD})
        assert refused.status_code == 409 and "Esci ed entra di nuovo" in words(refused)
        assert thief.get("/account/secondo-passaggio/telefono").status_code == 303


def test_a_new_telephone_ends_the_logins_that_know_only_the_password(lite: Database) -> None:
    account = add_account(lite, ADA)
    thief = make_portal(lite, WIDE).test_client()
    with clock.at(NOON - timedelta(hours=1)):
        sign_in(thief, ADA)
    set_up(lite, account.id)
    with clock.at(NOON - timedelta(minutes=59)):
        assert thief.get("/me").text == "None"


def test_who_found_a_telephone_is_out_when_it_is_reset(lite: Database) -> None:
    client, key = waiting_for_code(lite)
    with clock.at(NOON):
        sign_in(client, ADA)
        client.post("/account/codice", data={"code": code(key)})
        assert client.get("/me").text != "None"
        with lite.write(None) as session:
            account = session.scalars(sa.select(Account)).one()
            secondfactor.reset(session, account, actor=system(None))
        assert client.get("/me").text == "None"


def test_the_second_step_of_an_old_password_leads_nowhere(lite: Database) -> None:
    with clock.at(NOON):
        client, key = waiting_for_code(lite)
        with lite.write(None) as session:
            account = session.scalars(sa.select(Account)).one()
            operations.set_password(session, account, OTHER_PASSWORD, actor=system(None))
        answer = client.post("/account/codice", data={"code": code(key)})
        assert answer.headers["Location"] == "/account/accedi"
        assert client.get("/me").text == "None"


def test_codes_are_counted_over_all_browsers_and_all_passwords_given(lite: Database) -> None:
    account = add_account(lite, ADA)
    key, _spare = set_up(lite, account.id)
    portal = make_portal(lite, QUICK)
    with clock.at(NOON):
        found = []
        for _browser in range(4):
            client = portal.test_client()
            sign_in(client, ADA)
            found.append(client.post("/account/codice", data={"code": "000000"}).status_code)
        assert found == [422, 422, 422, 429]
        client = portal.test_client()
        sign_in(client, ADA)
        assert client.post("/account/codice", data={"code": code(key)}).status_code == 429


def test_a_session_given_by_somebody_else_is_not_the_one_that_is_signed_in(lite: Database) -> None:
    add_account(lite, ADA)
    portal = make_portal(lite, WIDE, WTF_CSRF_ENABLED=True)
    thief, victim = portal.test_client(), portal.test_client()
    word = token(thief)
    planted = thief.get_cookie("innesto")
    assert planted
    victim.set_cookie("innesto", planted.value)
    assert sign_in(victim, ADA, csrf_token=word).status_code == 303
    assert victim.get("/me").text != "None"
    assert thief.get("/me").text == "None"
    assert victim.post("/account/profilo", data={"name": "Ladro", "csrf_token": word}).status_code == 400


@pytest.mark.parametrize("name", ["secret_key", "login"])
def test_a_cookie_of_another_installation_or_of_a_login_that_ended_is_nobody(lite: Database, name: str) -> None:
    add_account(lite, ADA)
    portal = make_portal(lite, WIDE)
    client = portal.test_client()
    sign_in(client, ADA)
    kept = client.get_cookie("innesto")
    assert kept
    if name == "secret_key":
        portal.secret_key = "z" * 30 + "0123456789"
    else:
        client.post("/account/esci")
    again = portal.test_client()
    again.set_cookie("innesto", kept.value)
    assert again.get("/me").text == "None"


def test_a_clock_that_goes_back_lets_nobody_in_twice(lite: Database) -> None:
    account = add_account(lite, ADA)
    key, _spare = set_up(lite, account.id)
    portal = make_portal(lite, WIDE)
    first, second = portal.test_client(), portal.test_client()
    with clock.at(NOON):
        sign_in(first, ADA)
        assert first.post("/account/codice", data={"code": code(key)}).status_code == 303
    with clock.at(NOON - timedelta(minutes=2)):
        assert first.get("/me").text == "None", "a login of the future"
        sign_in(second, ADA)
        earlier = code(key, clock.now())
        assert second.post("/account/codice", data={"code": earlier}).status_code == 422


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/\t/evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/%0d%0aX: y\r\n",
        "http:evil.example",
    ],
)
def test_a_login_leads_to_no_other_host(lite: Database, target: str) -> None:
    add_account(lite, ADA)
    client = make_portal(lite, WIDE).test_client()
    assert sign_in(client, ADA, next=target).headers["Location"] == "/"


def test_an_address_that_only_looks_the_same_is_another_account(lite: Database) -> None:
    add_account(lite, ADA)
    client = make_portal(lite, WIDE).test_client()
    for lookalike in (
        "\u0430da@example.it",
        "ada@ex\u0430mple.it",
        "ada@example.it\u202e",
        "ada\u200b@example.it",
        "ada@example.it\0",
    ):
        assert sign_in(client, lookalike).status_code == 422, lookalike
        assert client.get("/me").text == "None"


def test_a_body_of_json_signs_nobody_in(lite: Database) -> None:
    add_account(lite, ADA)
    client = make_portal(lite, WIDE, WTF_CSRF_ENABLED=True).test_client()
    body = {"email": ADA, "password": PASSWORD, "csrf_token": token(client)}
    assert client.post("/account/accedi", json=body).status_code == 400
    assert client.get("/me").text == "None"


def test_a_disabled_account_is_out_in_the_middle_of_its_session(lite: Database) -> None:
    account = add_account(lite, ADA)
    client = make_portal(lite, WIDE).test_client()
    sign_in(client, ADA)
    assert client.get("/me").text == str(account.id)
    with lite.write(None) as session:
        operations.disable_account(session, session.get_one(Account, account.id), actor=system(None))
    assert client.get("/me").text == "None"


def key_of(database: Database, account_id: UUID) -> str:
    """A key of a program that somebody made in a session that was open."""
    login = sessions.Login(account_id, uuid7(), two_factor=True, locked=False, seen_at=clock.now())
    facts = {"scopes": ["*:read"], "known_scopes": ["*:read"], "member_of": HERE, "days": 90}
    with database.write(None) as session:
        account, longest = session.get_one(Account, account_id), timedelta(days=365)
        return tokens.create(session, account, login=login, name="Ladro", longest=longest, **facts)[1]


@pytest.mark.parametrize("way", ["reset", "telephone"])
def test_a_key_that_a_thief_left_behind_ends_with_the_way_back_in(lite: Database, way: str) -> None:
    account_id = add_account(lite, ADA).id
    with lite.write(HERE) as session:
        add_membership(session, session.get_one(Account, account_id), actor=system())
    text = key_of(lite, account_id)
    with lite.read(None) as session:
        assert tokens.verify(session, text)
    with lite.write(None) as session:
        account = session.get_one(Account, account_id)
        if way == "telephone":
            secondfactor.reset(session, account, actor=system(None))
        else:
            link = links.Link(lambda code: f"https://x.example/{code}", timedelta(hours=1))
            links.ask_reset(session, ADA, link=link)
    if way == "reset":
        with lite.write(None) as session:
            code_ = letters(lite)[-1].text.partition("https://x.example/")[2].split()[0]
            links.reset_password(session, code_, password_hash=hash_password(OTHER_PASSWORD, CHEAP))
    with lite.read(None) as session:
        assert tokens.verify(session, text) is None


def test_an_open_session_alone_makes_no_key(lite: Database) -> None:
    client, key = waiting_for_code(lite)
    with clock.at(NOON):
        sign_in(client, ADA)
        client.post("/account/codice", data={"code": code(key)})
        form = {"name": "Ladro", "district": "here", "scopes": "*:read", "days": "90"}
        assert client.post("/account/chiavi", data=form).status_code == 422
        with lite.read(None) as session:
            assert session.scalars(sa.select(AccountToken)).all() == []


@pytest.mark.parametrize(
    "address", ["ada@ex\u0430mple.it", "\u0430da@example.it", "ada@example.it\u202e", "ada@example.it\nBcc: x@y.it"]
)
def test_no_account_and_no_mail_has_an_address_that_only_looks_right(lite: Database, address: str) -> None:
    with pytest.raises(Invalid), lite.write(None) as session:
        operations.create_account(session, email=address, name="Ada", actor=system(None))
    with pytest.raises(Invalid):
        checked_address(address)
