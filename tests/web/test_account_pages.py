"""The pages of accounts inside the whole portal: frames, languages, records that come back."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from core.access.models import Role
from core.access.queries import account_by_email
from core.db import Database
from tests.support.demo import PASSWORD, post
from tests.support.server import Site, email_of, sign_in

NEW = "/legnano/schede/course/nuova"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def editor(site: Site) -> FlaskClient:
    client = site.app.test_client()
    sign_in(client, email_of("editor", "legnano"))
    return client


def mark(html: str) -> str:
    found = TOKEN.search(html)
    assert found
    return found[1]


def test_a_record_that_met_a_locked_session_comes_back_in_its_form(site: Site) -> None:
    client = editor(site)
    page = client.get(NEW)
    post(client, "/account/blocca", {}, NEW)
    typed = {"csrf_token": mark(page.text), "f_title__it": "Corso di pane", "f_availability": ""}
    sent = client.post(NEW, data=typed)
    assert sent.headers["Location"].startswith("/account/accedi?next=/account/ripresa/")
    back = sent.headers["Location"].partition("next=")[2]
    opened = post(client, "/account/sblocca", {"password": PASSWORD, "next": back})
    assert opened.headers["Location"] == back
    kept = client.get(back).text
    assert "Corso di pane" in kept
    again = client.post(NEW, data={**typed, "csrf_token": mark(kept), "resume": "1"})
    assert 'value="Corso di pane"' in again.text
    assert again.status_code == 200


def test_a_locked_session_shows_nothing_of_the_staff(site: Site) -> None:
    client = editor(site)
    post(client, "/account/blocca", {}, NEW)
    answer = client.get("/legnano/oggi")
    assert answer.status_code in {302, 303} and answer.headers["Location"].startswith("/account/accedi")
    listed, visitor = "/api/v1/legnano/records/course", site.app.test_client()
    assert client.get(listed).json == visitor.get(listed).json
    assert client.get(f"{listed}?state=draft").status_code == visitor.get(f"{listed}?state=draft").status_code


def test_the_frame_of_the_staff_says_when_the_session_locks(site: Site) -> None:
    page = editor(site).get("/legnano/oggi").text
    found = re.search(r'data-seconds="(\d+)" data-idle="(\d+)" data-warning="(\d+)" data-url="([^"]+)"', page)
    assert found
    assert 880 <= int(found[1]) <= 900
    assert found.groups()[1:] == ("900", "120", "/account/ancora")
    assert 'href="/account/"' in page


def test_a_role_without_its_second_step_leads_to_the_set_up(site: Site) -> None:
    client = editor(site)
    make_strict(site.installation.database, site.district_id("legnano"))
    with client.session_transaction() as cookie:
        login = cookie["login"]
    forget_second_step(site.installation.database, login)
    answer = client.get("/legnano/schede/course/")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/account/secondo-passaggio?next=/legnano/schede/course/",
    )
    today = client.get("/legnano/oggi").text
    assert "Manca il secondo passaggio" in today


def make_strict(database: Database, number: int) -> None:
    with database.write(number) as session:
        for role in session.query(Role).filter_by(key="editor"):
            role.two_factor = True


def forget_second_step(database: Database, login: str) -> None:
    from uuid import UUID

    from core.accounts.models import AccountSession

    with database.write(None) as session:
        session.get_one(AccountSession, UUID(login)).two_factor_at = None
        assert account_by_email(session, email_of("editor", "legnano"))


@pytest.mark.parametrize(
    ("header", "query", "lang"),
    [("en-GB,en;q=0.9", "", "en"), ("de,fr", "", "it"), ("en", "?lang=it", "it"), ("it", "?lang=en", "en")],
)
def test_the_language_is_asked_for_or_the_browsers(site: Site, header: str, query: str, lang: str) -> None:
    client = site.app.test_client()
    page = client.get(f"/account/accedi{query}", headers={"Accept-Language": header}).text
    assert f'<html lang="{lang}">' in page
    stays = client.get("/account/password-dimenticata", headers={"Accept-Language": header}).text
    assert f'<html lang="{lang}">' in stays


@pytest.mark.parametrize("path", ["/account/accedi", "/account/invito/ABCDE-12345", "/account/password-dimenticata"])
def test_pages_of_accounts_are_kept_nowhere_and_tell_nobody(site: Site, path: str) -> None:
    answer = site.app.test_client().get(path)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert "ABCDE" not in answer.text.replace(path, "")


@pytest.mark.parametrize(
    "path", ["/account/", "/account/sessioni", "/account/chiavi", "/account/secondo-passaggio", "/account/profilo"]
)
def test_the_own_account_asks_who_it_is(site: Site, path: str) -> None:
    answer = site.app.test_client().get(path)
    assert answer.status_code == (405 if path.endswith("profilo") else 303)
