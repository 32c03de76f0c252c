"""The log says which request took which way, and nothing of what people typed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from sqlalchemy import text

from core.web.requestlog import configure_logging
from tests.support.server import Site, email_of, sign_in

CANARY = "canarino-4c8d"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the process would write, configured as ``innesto run`` does."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("waitress.queue", "alembic")}
    written = io.StringIO()
    root.handlers = []
    with mock.patch("sys.stderr", written):
        configure_logging()
    yield written
    root.handlers, root.level = kept, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def events(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_each_request_is_one_line_of_facts(shared: Site, lines: io.StringIO) -> None:
    answer = shared.client().get("/legnano/contatti/")
    (event,) = [found for found in events(lines) if found["event"] == "request"]
    ms = event.pop("ms")
    assert 0 < ms < 10_000 and event.pop("timestamp")
    assert event == {
        "event": "request",
        "request_id": answer.headers["X-Request-Id"],
        "method": "GET",
        "endpoint": "district.contacts",
        "status": 200,
        "district": "legnano",
        "level": "info",
        "logger": "innesto.request",
    }


def test_nothing_typed_reaches_the_log(site: Site, lines: io.StringIO) -> None:
    client = site.client()
    client.get(f"/legnano/cerca/?q={CANARY}", headers={"X-Canary": CANARY, "User-Agent": CANARY, "Referer": CANARY})
    client.get(f"/{CANARY}/{CANARY}?x={CANARY}")
    client.set_cookie("canary", CANARY)
    client.set_cookie("innesto", CANARY)
    client.open(f"/legnano/{CANARY}", method=CANARY.upper())
    sign_in(client, f"{CANARY}@prova.example", CANARY)
    client.post("/account/accedi", data={"email": CANARY, "csrf_token": CANARY})
    assert len([event for event in events(lines) if event["event"] == "request"]) >= 6
    assert CANARY not in lines.getvalue().lower()


def test_an_error_is_told_by_kind_and_place_without_any_value(site: Site, lines: io.StringIO) -> None:
    client = site.client(email_of("editor", "legnano"))

    def fails(*_facts: Any, **_more: Any) -> None:
        secret = CANARY
        try:
            int(secret)
        except ValueError:
            raise KeyError(f"{secret} is not there") from None

    def database(*_facts: Any, **_more: Any) -> None:
        with site.installation.database.read(None) as session:
            session.execute(text("SELECT * FROM nowhere WHERE name = :name"), {"name": CANARY})

    for double in (fails, database):
        with mock.patch("core.web.staff._unfinished", double):
            assert client.get(f"/legnano/oggi?q={CANARY}").status_code in {500, 503}
    told = [error for event in events(lines) for error in event.get("errors", ())]
    kinds = {error["kind"] for error in told}
    assert {"builtins.KeyError", "sqlalchemy.exc.OperationalError"} <= kinds
    assert any(place.startswith("core/web/staff.py:") for error in told for place in error["where"])
    assert CANARY not in lines.getvalue()


def test_a_library_that_names_the_address_is_heard_without_it(lines: io.StringIO) -> None:
    logging.getLogger("waitress").error("Exception while serving %s", f"/legnano/{CANARY}")
    assert CANARY not in lines.getvalue() and "Exception while serving" in lines.getvalue()


def test_a_wrong_host_gets_a_plain_page(site: Site) -> None:
    site.app.config["TRUSTED_HOSTS"] = ["lavoro.example"]
    client = site.client()
    answer = client.get("/legnano/", headers={"Host": "spia.example"})
    assert answer.status_code == 400 and answer.content_type.startswith("text/plain")
    assert "spia.example" not in answer.text
    assert client.get("/legnano/", headers={"Host": "lavoro.example"}).status_code == 200
