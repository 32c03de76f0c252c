from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import clock
from core.access.models import Account
from core.accounts.models import AccountSession
from core.accounts.operations import close_sessions, disable_account
from core.accounts.sessions import TOUCH, browser_family
from core.db import Database
from core.errors import AccessDenied
from tests.core.access.world import PASSWORD, add_account, system, worker
from tests.core.accounts.portal import QUICK, WIDE, make_portal, sign_in, words

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
IDLE = QUICK.idle


def rows(database: Database) -> list[AccountSession]:
    with database.read(None) as session:
        return list(session.scalars(sa.select(AccountSession).order_by(AccountSession.id)))


def test_a_session_without_a_request_locks_and_the_password_opens_it(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    client = make_portal(place, WIDE).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
    with clock.at(NOON + IDLE - timedelta(seconds=1)):
        assert client.get("/me").text == str(account.id)
    with clock.at(NOON + IDLE):
        assert client.get("/me").text == "locked"
        asked = client.get("/account/accedi?next=/here/oggi")
        assert asked.headers["Location"] == "/account/sblocca?next=/here/oggi"
        assert client.get("/account/").status_code == 303
        wrong = client.post("/account/sblocca", data={"password": "sbagliata ancora"})
        assert wrong.status_code == 422 and client.get("/me").text == "locked"
        opened = client.post("/account/sblocca", data={"password": PASSWORD, "next": "/here/oggi"})
        assert (opened.status_code, opened.headers["Location"]) == (303, "/here/oggi")
        assert client.get("/me").text == str(account.id)
    assert len(rows(place)) == 1


def test_requests_keep_a_session_open_and_are_written_down_once_a_minute(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    client = make_portal(place, WIDE).test_client()
    seen = []
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
    for seconds in (10, 59, 60, 100, 130):
        with clock.at(NOON + timedelta(seconds=seconds)):
            assert client.get("/account/").status_code == 200
        seen.append(int((rows(place)[0].seen_at - NOON).total_seconds()))
    assert seen == [0, 0, 60, 60, 130]
    for minute in range(3, 60, 10):
        with clock.at(NOON + timedelta(minutes=minute)):
            client.get("/account/")
            assert client.get("/me").text == str(account.id)
    assert timedelta(minutes=1) == TOUCH


def test_unlocking_is_throttled_like_a_login(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
        client.post("/account/blocca")
        assert client.get("/me").text == "locked"
        statuses = [client.post("/account/sblocca", data={"password": f"parola {n}"}).status_code for n in range(3)]
        assert statuses == [422, 422, 422]
        assert client.post("/account/sblocca", data={"password": PASSWORD}).status_code == 429


def test_one_key_keeps_a_session_open_but_opens_no_locked_one(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
    with clock.at(NOON + IDLE - timedelta(minutes=1)):
        assert client.post("/account/ancora").status_code == 204
    with clock.at(NOON + 2 * IDLE - timedelta(minutes=2)):
        assert client.get("/me").text == str(account.id)
    with clock.at(NOON + 2 * IDLE):
        assert client.post("/account/ancora").status_code == 409
        assert client.get("/me").text == "locked"


def test_open_sessions_are_listed_and_closed_one_by_one(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    portal = make_portal(place, WIDE)
    here, there, third = (portal.test_client() for _ in range(3))
    agent = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:130.0) Gecko/20100101 Firefox/130.0"}
    there.post("/account/accedi", data={"email": "ada@example.it", "password": PASSWORD}, headers=agent)
    for client in (here, third):
        sign_in(client, "ada@example.it")
    page = words(here.get("/account/sessioni"))
    assert "Firefox, Windows" in page and "130" not in page and "127.0.0.1" not in page
    closed = next(row.id for row in rows(place) if row.browser)
    assert here.post("/account/sessioni/chiudi", data={"session": str(closed)}).status_code == 303
    assert [client.get("/me").text for client in (here, there, third)] == [str(account.id), "None", str(account.id)]
    here.post("/account/sessioni/chiudi-altre")
    assert [client.get("/me").text for client in (here, there, third)] == [str(account.id), "None", "None"]


def test_nobody_closes_the_session_of_another(lite: Database) -> None:
    for email in ("ada@example.it", "bea@example.it"):
        add_account(lite, email)
    portal = make_portal(lite, WIDE)
    ada, bea = portal.test_client(), portal.test_client()
    sign_in(ada, "ada@example.it")
    sign_in(bea, "bea@example.it")
    hers = rows(lite)[0].id
    assert bea.post("/account/sessioni/chiudi", data={"session": str(hers)}).status_code == 404
    assert bea.post("/account/sessioni/chiudi", data={"session": "niente"}).status_code == 422
    assert ada.get("/me").text != "None"


def test_an_administrator_closes_the_sessions_of_somebody(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    with lite.write(None) as session:
        found = session.get_one(Account, account.id)
        with pytest.raises(AccessDenied):
            close_sessions(session, found, actor=worker(UUID(int=7)))
        assert close_sessions(session, found, actor=system(None)) == 1
    assert client.get("/me").text == "None"


def test_signing_out_ends_the_login_in_the_database(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    stolen = client.get_cookie("innesto")
    assert stolen
    client.post("/account/esci")
    thief = client.application.test_client()
    thief.set_cookie("innesto", stolen.value)
    assert thief.get("/me").text == "None"


def test_a_disabled_account_has_no_open_session_left(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    with lite.write(None) as session:
        disable_account(session, session.get_one(Account, account.id), actor=system(None))
    assert rows(lite)[0].ended_at is not None


def test_changing_the_password_keeps_this_browser_alone(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    portal = make_portal(lite, WIDE)
    here, there = portal.test_client(), portal.test_client()
    for client in (here, there):
        sign_in(client, "ada@example.it")
    new = {"current": PASSWORD, "password": "un altro tram giallo", "again": "un altro tram giallo"}
    assert here.post("/account/password", data={**new, "current": "sbagliata"}).status_code == 422
    assert here.post("/account/password", data={**new, "again": "diversa da prima"}).status_code == 422
    assert there.get("/me").text == str(account.id)
    assert here.post("/account/password", data=new).status_code == 303
    assert [client.get("/me").text for client in (here, there)] == [str(account.id), "None"]


def test_the_profile_changes_name_and_language(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    assert client.post("/account/profilo", data={"name": "Ada Neri", "language": "en"}).status_code == 303
    assert 'lang="en"' in client.get("/account/").text
    assert client.post("/account/profilo", data={"name": " ", "language": "xx"}).status_code == 422


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge, Windows"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_by_its_family(agent: str, family: str) -> None:
    assert browser_family(agent) == family
