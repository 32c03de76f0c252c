"""Whom the API lets in: a key speaks for its account as far as its scopes go; a cookie reads and never writes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa

from core import clock
from core.accounts import tokens
from core.accounts.models import AccountToken
from core.api.bearer import MOST_COUNTED, Rate
from core.db import uuid7
from tests.core.api.keys import Program, new_key, program
from tests.support.server import Site, email_of, make_site

NEW = {"answers": {"title": {"it": "Sportello di prova"}}}
WRITES: list[tuple[str, str, Any]] = [
    ("POST", "records/service", NEW),
    ("PATCH", "records/service/leg-borsa-lavoro", {"version": 1, "answers": {}}),
    ("POST", "records/service/leg-borsa-lavoro/transitions", {"transition": "withdraw", "version": 1}),
]


def rows(site: Site) -> Any:
    with site.installation.database.read(None) as session:
        return session.scalars(sa.select(AccountToken)).all()


def test_a_key_opens_what_its_account_may_and_its_use_is_written_down(site: Site) -> None:
    editor = program(site, "editor")
    assert editor.ask("POST", "records/service", NEW).status_code == 201
    assert rows(site)[0].last_used_at is not None


def test_a_key_never_does_more_than_its_scopes_say(site: Site) -> None:
    reader = program(site, "editor", ["*:read"])
    assert reader.ask("GET", "records/service").status_code == 200
    answer = reader.ask("POST", "records/service", NEW)
    assert (answer.status_code, answer.content_type) == (403, "application/problem+json")


def test_a_key_never_does_more_than_its_account_may_today(site: Site) -> None:
    key = new_key(site, email_of("tutor", "legnano"), "legnano", ["service:create", "service:read"])
    answer = Program(site.app.test_client(), key, "legnano").ask("POST", "records/service", NEW)
    assert answer.status_code == 403


def test_a_key_of_one_district_opens_no_other(site: Site) -> None:
    key = program(site, "editor").key
    for path in ("records/service", "openapi.json"):
        answer = Program(site.app.test_client(), key, "san-donato").ask("GET", path)
        assert answer.status_code == 403, path


@pytest.mark.parametrize(
    "header",
    ["Bearer innesto_sbagliata", "Bearer", "Bearer ", "Basic YTpi", "innesto", "Bearer é", "Bearer " + "x" * 5000, ""],
)
def test_a_wrong_key_is_told_the_remedy(site: Site, header: str) -> None:
    answer = site.client().get("/api/v1/legnano/records/service", headers={"Authorization": header})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert "profilo" in answer.get_json()["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert "innesto_sbagliata" not in answer.text


def test_a_wrong_key_is_no_visitor_even_where_visitors_may_read(site: Site) -> None:
    path = "/api/v1/legnano/records/service"
    assert site.client().get(path).status_code == 200
    assert site.client().get(path, headers={"Authorization": "Bearer innesto_x"}).status_code == 401


def test_an_expired_key_opens_nothing(site: Site) -> None:
    editor = program(site, "editor")
    with clock.at(clock.now() + timedelta(days=30)):
        assert editor.ask("GET", "records/service").status_code == 401


def test_a_revoked_key_opens_nothing_at_once(site: Site) -> None:
    editor = program(site, "editor")
    assert editor.ask("GET", "records/service").status_code == 200
    with site.installation.database.write(None) as session:
        tokens.revoke_all(session, rows(site)[0].account_id, clock.now())
    assert editor.ask("GET", "records/service").status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_a_cookie_writes_nothing(site: Site, method: str, path: str, body: Any) -> None:
    browser = site.client(email_of("editor", "legnano"))
    answer = browser.open(f"/api/v1/legnano/{path}", method=method, json=body)
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")
    assert "Authorization: Bearer" in answer.get_json()["detail"]


def test_a_cookie_reads_with_the_rights_of_its_login(site: Site) -> None:
    assert site.client().get("/api/v1/legnano/intake/persons").status_code == 401
    coordinator = site.client(email_of("coordinator", "legnano"))
    assert coordinator.get("/api/v1/legnano/intake/persons").status_code == 200


def test_cookie_and_key_never_add_up(site: Site) -> None:
    browser = site.client(email_of("coordinator", "legnano"))
    key = program(site, "editor", ["*:read"]).key
    headers = {"Authorization": f"Bearer {key}"}
    assert browser.get("/api/v1/legnano/intake/persons", headers=headers).status_code == 403
    assert browser.get("/api/v1/legnano/intake/persons", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_forged_form_of_another_site_writes_nothing(site: Site) -> None:
    browser = site.client(email_of("editor", "legnano"))
    answer = browser.post("/api/v1/legnano/records/service", data={"answers": "x"})
    assert answer.status_code == 401


def test_wrong_keys_are_throttled_by_address_and_good_ones_are_not_kept_waiting(site: Site) -> None:
    editor, path = program(site, "editor"), "/api/v1/legnano/records/service"
    wrong = {"Authorization": "Bearer innesto_x"}
    answers = [site.client().get(path, headers=wrong).status_code for _ in range(62)]
    assert answers == [401] * 60 + [429] * 2
    assert "Retry-After" in site.client().get(path, headers=wrong).headers
    assert editor.ask("GET", "records/service").status_code == 200
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert site.client().get(path, headers=wrong, environ_base=elsewhere).status_code == 401


def test_wrong_keys_do_not_keep_a_person_from_signing_in(site: Site) -> None:
    for _ in range(61):
        site.client().get("/api/v1/legnano/records/service", headers={"Authorization": "Bearer x"})
    assert site.client(email_of("editor", "legnano"))


def test_one_key_may_ask_so_often_and_another_still_may(demo: Any) -> None:
    site = make_site(demo, api_rate=3)
    busy, calm = program(site, "editor"), program(site, "coordinator")
    assert [busy.ask("GET", "records/service").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = busy.ask("GET", "records/service")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert calm.ask("GET", "records/service").status_code == 200
    with mock.patch("core.api.bearer.time.monotonic", return_value=1e9):
        assert busy.ask("GET", "records/service").status_code == 200
    site.installation.database.close()


def test_the_counts_of_keys_do_not_grow_for_ever() -> None:
    rate = Rate(1)
    for _ in range(MOST_COUNTED * 2):
        assert rate.wait(uuid7(), 0.0) == 0
    rate.wait(uuid7(), 61.0)
    assert len(rate._counts) == 1


def test_errors_speak_the_language_that_is_asked_for(site: Site) -> None:
    editor = program(site, "editor")
    italian = editor.ask("GET", "records/service?page=abc").get_json()["errors"][0]["message"]
    assert italian == "Serve un numero intero."
    answer = editor.ask("GET", "records/service?regione=lombardia", Accept_Language="it")
    assert "page, page_size, public" in answer.get_json()["errors"][0]["message"]
    assert "Accept-Language" in answer.headers["Vary"] and "Authorization" in answer.headers["Vary"]


def test_what_a_key_reads_is_kept_by_no_cache(site: Site) -> None:
    assert program(site, "editor").ask("GET", "records/service").headers["Cache-Control"] == "no-store"
    assert site.client().get("/api/v1/legnano/records/service").headers["Cache-Control"] == "no-cache"


def test_the_key_itself_is_written_nowhere(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        editor = program(site, "editor")
        editor.ask("GET", "records/service")
    assert editor.key not in caplog.text
    stored = b"".join(path.read_bytes() for path in site.data.folder.rglob("*") if path.is_file())
    assert editor.key.encode() not in stored
