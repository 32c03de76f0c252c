"""No page leaves before its look is written, and none leaves without."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, Response, send_file
from flask.testing import FlaskClient
from flask_babel import Babel

from core import audit
from core.db import Database
from core.web.context import configure_requests, current, writes
from core.web.errors import configure_errors
from core.web.requestlog import configure_request_ids
from tests.core.audit.support import CASE, LUCIA, PERSON, all_entries
from tests.core.crypto.world import HERE

SECRET = "dato che nessuno deve vedere"


def look(kind: str = "view") -> None:
    current.district = SimpleNamespace(id=HERE, slug="here", languages=["it"])  # type: ignore[assignment]
    audit.look(current.session, LUCIA, kind, resource="intake.person", object_id=CASE, subject_id=PERSON)


def page() -> str:
    look()
    return SECRET


@writes
def writing_page() -> str:
    look()
    audit.note(current.session, LUCIA, "act", resource="intake.person")
    return SECRET


def refused_page() -> tuple[str, int]:
    look()
    look("refused")
    return "no", 403


def file() -> Response:
    look("download")
    return send_file(io.BytesIO(SECRET.encode()), download_name="scheda.txt", as_attachment=True)


@pytest.fixture
def client(database: Database) -> FlaskClient:
    app = Flask("test")
    installation: Any = SimpleNamespace(database=database, wake=lambda: None, host=None)
    Babel(app, default_locale="it")
    configure_request_ids(app)
    configure_requests(app, installation)
    app.after_request(lambda answer: answer.headers.setdefault("X-Safe", "yes") and answer)
    configure_errors(app)
    for name, view in (
        ("page", page), ("writing", writing_page), ("refused", refused_page), ("file", file),
    ):  # fmt: skip
        app.add_url_rule(f"/api/{name}", name, view)
    return app.test_client()


def test_a_page_leaves_its_look_with_the_number_of_the_request(client: FlaskClient, database: Database) -> None:
    answer = client.get("/api/page")
    (entry,) = all_entries(database)
    assert (answer.text, entry.kind, entry.subject_id) == (SECRET, "view", PERSON)
    assert entry.request_id == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("address", ["page", "file"])
def test_a_page_whose_look_cannot_be_written_is_not_shown(
    client: FlaskClient, database: Database, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    with database.all_districts("test", write=True) as session:
        session.connection().exec_driver_sql("DROP TABLE core_audit_entry")
    answer = client.get(f"/api/{address}")
    assert answer.status_code == 503
    assert SECRET not in answer.text and "Content-Disposition" not in answer.headers
    assert answer.json is not None and answer.json["status"] == 503
    assert (answer.headers["X-Safe"], answer.headers["Cache-Control"]) == ("yes", "no-store")
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "looks were not written" in caplog.text and answer.headers["X-Request-Id"] in caplog.text
    assert SECRET not in caplog.text


def test_a_page_that_writes_keeps_looks_and_acts_together(client: FlaskClient, database: Database) -> None:
    assert client.get("/api/writing").status_code == 200
    assert {entry.kind for entry in all_entries(database)} == {"view", "act"}


def test_of_a_page_that_was_refused_the_refusal_alone_is_kept(client: FlaskClient, database: Database) -> None:
    assert client.get("/api/refused").status_code == 403
    assert [entry.kind for entry in all_entries(database)] == ["refused"]


def test_a_download_is_written(client: FlaskClient, database: Database) -> None:
    assert client.get("/api/file").data == SECRET.encode()
    assert [entry.kind for entry in all_entries(database)] == ["download"]


def test_a_value_that_cannot_be_read_is_no_fault_of_the_portal(client: FlaskClient, database: Database) -> None:
    from core import crypto

    def unreadable() -> str:
        raise crypto.Unreadable("missing", "keys.json: k-1: this key is not in the ring")

    client.application.add_url_rule("/api/unreadable", "unreadable", unreadable)
    answer = client.get("/api/unreadable")
    assert answer.status_code == 503
    assert answer.json is not None and answer.json["detail"] == "Questo dato non si può leggere adesso."
    assert "k-1" not in answer.text
