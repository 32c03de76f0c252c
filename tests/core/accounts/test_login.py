from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.access.models import Account
from core.accounts.accountsettings import AccountSettings
from core.accounts.models import LoginAttempt
from core.accounts.operations import disable_account, set_password
from core.accounts.passwords import Hashing
from core.accounts.throttle import site_of
from core.db import Database
from core.web.account.forms import safe_next
from tests.core.access.world import CHEAP, PASSWORD, add_account, system
from tests.core.accounts.portal import QUICK, make_portal, sign_in, token, words

WRONG = "L'indirizzo email o la password non sono giusti."
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_the_right_password_signs_in_whatever_the_capitals_of_the_address(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    client = make_portal(place).test_client()
    answer = sign_in(client, " Ada@Example.it ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/me").text == str(account.id)
    with place.read(None) as session:
        assert session.get_one(Account, account.id).last_login_at is not None


def test_every_failure_gets_the_same_answer(place: Database) -> None:
    add_account(place, "ada@example.it")
    disabled = add_account(place, "bea@example.it")
    with place.write(None) as session:
        disable_account(session, session.get_one(Account, disabled.id), actor=system(None))
    client = make_portal(place).test_client()
    attempts = [("ada@example.it", "un'altra password"), ("nobody@example.it", PASSWORD), ("bea@example.it", PASSWORD)]
    answers = [sign_in(client, email, password) for email, password in attempts]
    assert {answer.status_code for answer in answers} == {422}
    texts = {words(answer).replace(email, "") for answer, (email, _) in zip(answers, attempts, strict=True)}
    assert len(texts) == 1
    assert WRONG in words(answers[0])
    assert client.get("/me").text == "None"


def test_an_account_without_a_password_cannot_sign_in(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    with lite.write(None) as session:
        session.get_one(Account, account.id).password = None
    client = make_portal(lite).test_client()
    assert sign_in(client, "ada@example.it").status_code == 422
    assert sign_in(client, "ada@example.it", "").status_code == 422


@pytest.mark.slow
def test_an_unknown_account_takes_as_long_as_a_wrong_password(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    with lite.write(None) as session:
        set_password(session, session.scalars(sa.select(Account)).one(), PASSWORD, actor=system(None))
    client = make_portal(lite, AccountSettings(attempts_per_account=99, attempts_per_address=99)).test_client()
    times: dict[str, list[float]] = {"ada@example.it": [], "nobody@example.it": []}
    for _ in range(11):
        for email, taken in times.items():
            begin = time.perf_counter()
            sign_in(client, email, "un'altra password")
            taken.append(time.perf_counter() - begin)
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.7 < unknown / known < 1.4


@pytest.mark.parametrize("path", ["/account/esci", "/account/accedi"])
def test_nobody_is_signed_out_or_in_by_following_a_link(lite: Database, path: str) -> None:
    account = add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    client.get(path)
    assert client.get("/me").text == str(account.id)
    assert client.get("/account/esci").status_code == 405


def test_logging_out_forgets_the_session(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    assert client.post("/account/esci").headers["Location"] == "/account/uscita"
    assert "Hai chiuso la sessione" in client.get("/account/uscita").text
    assert client.get("/me").text == "None"


def test_the_session_of_a_disabled_account_ends_at_once(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    client = make_portal(place).test_client()
    sign_in(client, "ada@example.it")
    with place.write(None) as session:
        disable_account(session, session.get_one(Account, account.id), actor=system(None))
    assert client.get("/me").text == "None"


def test_a_new_password_ends_the_open_sessions(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    with lite.write(None) as session:
        stored = session.get_one(Account, account.id)
        set_password(session, stored, "un altro tram giallo", actor=system(None), hashing=CHEAP)
    assert client.get("/me").text == "None"
    assert sign_in(client, "ada@example.it", "un altro tram giallo").status_code == 303


def test_a_session_lasts_from_the_login_to_its_lifetime_not_included(lite: Database) -> None:
    account, life = add_account(lite, "ada@example.it"), QUICK.session_lifetime
    client = make_portal(lite, replace(QUICK, idle=2 * life)).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
    for moment, who in ((NOON + life - timedelta(seconds=1), str(account.id)), (NOON + life, "None")):
        with clock.at(moment):
            assert client.get("/me").text == who


def test_nothing_of_the_session_before_survives_the_login(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    client.get("/basket")
    before = client.get_cookie("innesto")
    sign_in(client, "ada@example.it")
    with client.session_transaction() as session:
        assert "basket" not in session
    assert before != client.get_cookie("innesto")


def test_a_forged_cookie_signs_nobody_in(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    client.set_cookie("innesto", account.fs_uniquifier)
    assert client.get("/me").text == "None"


def test_the_cookie_is_for_the_server_alone_and_ends_with_the_browser(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    portal = make_portal(lite, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=True)
    answer = portal.test_client().post(
        "/account/accedi", data={"email": "ada@example.it", "password": PASSWORD}, base_url="https://localhost"
    )
    cookies = answer.headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookies[0].split("; "))
    assert "Max-Age" not in cookies[0]


def test_attempts_are_counted_across_two_portals_on_one_database(place: Database) -> None:
    add_account(place, "ada@example.it")
    first, second = make_portal(place).test_client(), make_portal(place).test_client()
    statuses = [sign_in(client, "ada@example.it", "sbagliata ancora").status_code for client in (first, second, first)]
    assert statuses == [422, 422, 422]
    blocked = sign_in(second, "ada@example.it", PASSWORD)
    assert (blocked.status_code, blocked.headers["Retry-After"]) == (429, "900")
    assert "Troppi tentativi. Riprova tra 15 minuti." in blocked.text


def test_an_unknown_account_is_blocked_after_as_many_attempts(lite: Database) -> None:
    client = make_portal(lite).test_client()
    assert [sign_in(client, "nobody@example.it").status_code for _ in range(4)] == [422, 422, 422, 429]


def test_an_address_is_blocked_although_it_tries_many_accounts(place: Database) -> None:
    client = make_portal(place).test_client()
    statuses = [sign_in(client, f"n{number}@example.it").status_code for number in range(7)]
    assert statuses == [422] * 6 + [429]
    elsewhere = client.post(
        "/account/accedi",
        data={"email": "n9@example.it", "password": PASSWORD},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert elsewhere.status_code == 422


def test_the_window_passes(place: Database) -> None:
    add_account(place, "ada@example.it")
    client = make_portal(place).test_client()
    with clock.at(NOON):
        for _ in range(3):
            sign_in(client, "ada@example.it", "sbagliata ancora")
    with clock.at(NOON + QUICK.window - timedelta(seconds=1)):
        assert sign_in(client, "ada@example.it").status_code == 429
    with clock.at(NOON + QUICK.window):
        assert sign_in(client, "ada@example.it").status_code == 303


def test_a_login_that_succeeds_wipes_the_count(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    for _ in range(3):
        assert [sign_in(client, "ada@example.it", "sbagliata ancora").status_code for _ in range(1)] == [422]
        assert sign_in(client, "ada@example.it").status_code == 303
    with lite.read(None) as session:
        assert [row.attempts for row in session.scalars(sa.select(LoginAttempt))] == [3]


def test_one_ipv6_household_is_one_address() -> None:
    assert site_of("2001:db8:1:2:3:4:5:6") == site_of("2001:db8:1:2::9")
    assert site_of("2001:db8:1:2::1") != site_of("2001:db8:1:3::1")
    assert (site_of("192.0.2.1"), site_of("")) == ("192.0.2.1", "")


@pytest.mark.parametrize("target", ["/here/servizi/", "/here/cerca/?q=borsa+lavoro", "/here/#top"])
def test_a_login_leads_back_to_the_page_that_asked(lite: Database, target: str) -> None:
    add_account(lite, "ada@example.it")
    answer = sign_in(make_portal(lite).test_client(), "ada@example.it", next=target)
    assert answer.headers["Location"] == target


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "evil.example",
        " //evil.example",
        "///evil.example",
        "/%0d%0aSet-Cookie:x\r\n",
        "//[",
        "",
    ],
)
def test_a_login_never_leads_to_another_site(lite: Database, target: str) -> None:
    assert safe_next(target) is None
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    assert 'name="next"' not in client.get("/account/accedi", query_string={"next": target}).text
    assert sign_in(client, "ada@example.it", next=target).headers["Location"] == "/"


@pytest.mark.parametrize("size", [300, 100_000, 10_000_000])
@pytest.mark.parametrize("forgery_check", [False, True])
def test_an_enormous_password_is_refused_politely(lite: Database, size: int, *, forgery_check: bool) -> None:
    client = make_portal(lite).test_client()
    fields = {"csrf_token": token(client)}
    client.application.config["WTF_CSRF_ENABLED"] = forgery_check
    answer = sign_in(client, "ada@example.it", "x" * size, **fields)
    assert answer.status_code == (422 if size == 300 else 413)
    text = "È troppo lunga." if size == 300 else "Hai inviato troppi dati"
    assert text in answer.text
    assert "xxxx" not in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "ada@example.it"},
        {"password": PASSWORD},
        {"email": "ada\x00@example.it", "password": PASSWORD},
        {"email": "\u202eada@example.it", "password": PASSWORD},
        {"email": "ada@example.it' OR 1=1 --", "password": PASSWORD},
        {"email": "ada@example.it", "password": "\x00" * 20},
    ],
)
def test_strange_input_gets_the_form_again(place: Database, fields: dict[str, str]) -> None:
    add_account(place, "ada@example.it")
    assert make_portal(place).test_client().post("/account/accedi", data=fields).status_code == 422


def test_a_login_without_the_forgery_token_is_refused(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    portal = make_portal(lite)
    portal.config["WTF_CSRF_ENABLED"] = True
    client = portal.test_client()
    assert sign_in(client, "ada@example.it").status_code == 400
    assert sign_in(client, "ada@example.it", csrf_token=token(client)).status_code == 303


def test_the_password_is_never_sent_back_and_no_cache_keeps_the_page(lite: Database) -> None:
    answer = sign_in(make_portal(lite).test_client(), "ada@example.it", "una password qualunque")
    assert "una password qualunque" not in answer.text
    assert 'value="ada@example.it"' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_hash_of_another_cost_is_renewed_at_the_next_login(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    dearer = Hashing(time_cost=2, memory_kib=16, parallelism=1)
    client = make_portal(lite, AccountSettings(hashing=dearer)).test_client()
    assert sign_in(client, "ada@example.it").status_code == 303
    with lite.read(None) as session:
        assert "m=16,t=2,p=1" in (session.get_one(Account, account.id).password or "")
    assert client.get("/me").text == str(account.id)


def test_flask_security_would_hash_as_we_do(lite: Database) -> None:
    from flask_security.utils import hash_password, verify_password

    from core.accounts import passwords

    with make_portal(lite).app_context():
        assert passwords.verify(hash_password(PASSWORD), PASSWORD)
        assert verify_password(PASSWORD, passwords.hash_password(PASSWORD, CHEAP))
        assert "m=8,t=1,p=1" in hash_password(PASSWORD)


def test_a_public_page_runs_nothing_of_the_login(lite: Database) -> None:
    portal = make_portal(lite)
    portal.add_url_rule("/open", "open", lambda: "pagina pubblica")
    asked: list[Any] = []
    client = portal.test_client()
    client.get("/open")
    sa.event.listen(lite.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    answer = client.get("/open")
    assert answer.text == "pagina pubblica"
    assert "Vary" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert asked == []
    assert "_on_before_request" not in names(portal.before_request_funcs[None])
    assert "_user_context_processor" not in names(portal.template_context_processors[None])


def names(functions: Sequence[Any]) -> list[str]:
    return [getattr(function, "__name__", type(function).__name__) for function in functions]


def test_demo_accounts_are_shown_where_the_installation_says_so(lite: Database) -> None:
    settings = AccountSettings(demo_accounts=lambda: [("legnano", "Redazione", "ada@example.it", PASSWORD)])
    assert PASSWORD in make_portal(lite, settings).test_client().get("/account/accedi").text
    assert PASSWORD not in make_portal(lite).test_client().get("/account/accedi").text
