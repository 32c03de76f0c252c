from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import clock
from core.accounts.models import KeptForm
from core.db import Database
from core.web.account.resume import resumed
from tests.core.access.world import PASSWORD, add_account
from tests.core.accounts.portal import WIDE, make_portal, sign_in, token, words

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=20)
TEXT = "Colloquio del mattino: porta i documenti"


@pytest.fixture
def portal(lite: Database) -> Flask:
    """A portal with a page that saves, and forgery protection."""
    add_account(lite, "ada@example.it")
    add_account(lite, "bea@example.it")
    app = make_portal(lite, WIDE, WTF_CSRF_ENABLED=True)
    saved: list[str] = []
    app.extensions["saved"] = saved

    @app.post("/here/save")
    def save() -> str:
        saved.append("again" if resumed() else request.form["text"])
        return "ok"

    # As a page of a blueprint: those are the ones that people type in.
    app.view_functions["staff.save"] = save
    app.url_map.add(app.url_rule_class("/here/note", endpoint="staff.save", methods=["POST"]))
    return app


def enter(client: FlaskClient, email: str = "ada@example.it") -> str:
    with clock.at(NOON):
        sign_in(client, email, csrf_token=token(client))
        return token(client, "/account/")


def send(client: FlaskClient, mark: str, moment: datetime = LATER, **more: str) -> TestResponse:
    with clock.at(moment):
        return client.post("/here/note?step=2", data={"csrf_token": mark, "text": TEXT, **more})


def unlocked(client: FlaskClient, location: str, moment: datetime = LATER) -> TestResponse:
    """Follow to the password, give it, and go on."""
    with clock.at(moment):
        asked = client.get(location, follow_redirects=True)
        page = asked.request.path
        data = {"password": PASSWORD, "next": location.partition("next=")[2], "csrf_token": token(client, page)}
        return client.post(page, data={**data, "email": "ada@example.it"}, follow_redirects=True)


@pytest.mark.parametrize("moment", [LATER, NOON + timedelta(hours=11)])
def test_what_was_typed_in_a_locked_or_ended_session_comes_back(portal: Flask, moment: datetime) -> None:
    client = portal.test_client()
    mark = enter(client)
    kept = send(client, mark, moment, password="segretissima")
    assert kept.status_code == 303 and portal.extensions["saved"] == []
    page = unlocked(client, kept.headers["Location"], moment)
    assert page.status_code == 200 and TEXT in words(page)
    assert "segretissima" not in page.text
    assert 'action="/here/note?step=2"' in page.text and f'name="text" value="{TEXT}"' in page.text
    with clock.at(moment):
        client.post("/here/note?step=2", data={"csrf_token": token(client, "/account/"), "text": TEXT, "resume": "1"})
    assert portal.extensions["saved"] == ["again"]


def test_an_open_session_keeps_nothing(portal: Flask, lite: Database) -> None:
    client = portal.test_client()
    mark = enter(client)
    assert send(client, mark, NOON + timedelta(minutes=1)).status_code == 200
    assert portal.extensions["saved"] == [TEXT]
    with lite.read(None) as session:
        assert session.scalar(sa.select(KeptForm.id)) is None


def test_what_is_kept_is_for_its_account_alone_and_not_for_long(portal: Flask) -> None:
    client, other = portal.test_client(), portal.test_client()
    mark = enter(client)
    location = send(client, mark).headers["Location"].partition("next=")[2]
    with clock.at(LATER):
        sign_in(other, "bea@example.it", csrf_token=token(other))
        page = words(other.get(location))
        assert TEXT not in page and "Non c'è più niente da riprendere" in page
    with clock.at(LATER + WIDE.kept_for):
        client.post("/account/esci", data={"csrf_token": token(client, "/account/sblocca")})
        sign_in(client, "ada@example.it", csrf_token=token(client))
        assert TEXT not in words(client.get(location))


def test_a_forged_form_is_not_kept(portal: Flask, lite: Database) -> None:
    client = portal.test_client()
    enter(client)
    assert send(client, "inventato").status_code == 400
    assert send(portal.test_client(), "inventato").status_code == 400
    with lite.read(None) as session:
        assert session.scalar(sa.select(KeptForm.id)) is None


def test_what_is_kept_lies_sealed(portal: Flask, lite: Database) -> None:
    client = portal.test_client()
    send(client, enter(client))
    stored = b"".join(path.read_bytes() for path in lite.data_dir.glob("*.db*"))
    assert TEXT.encode() not in stored
