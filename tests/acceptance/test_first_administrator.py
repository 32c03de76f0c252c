"""From an empty folder to the console: the first administrator, made by a command, sets up the second step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from passlib.totp import TOTP

from core import clock
from tests.support.server import Answer, DemoData, Portal, innesto, portal, token_of

EMAIL, PASSWORD = "capo@example.it", "cinque cavalli sotto la pioggia"
FACTOR = "/account/secondo-passaggio"


def send(server: Portal, page: str, **form: str) -> Answer:
    """Fill in the first form of a page of the account and send it."""
    return server.post(page, {**form, "csrf_token": token_of(server.get(page).text)})


def enter(server: Portal) -> Answer:
    server.cookies.clear()
    return send(server, "/account/accedi", email=EMAIL, password=PASSWORD)


@pytest.mark.slow
def test_the_first_administrator_administers_after_the_second_step_and_not_before(tmp_path: Path) -> None:
    data = DemoData(tmp_path / "data")
    assert innesto(data, "db", "upgrade").returncode == 0
    made = innesto(
        data, "account", "create", EMAIL, "--name", "Capo", "--portal-admin", "--password-stdin", typed=f"{PASSWORD}\n"
    )
    assert made.returncode == 0, made.stderr
    with portal(data, demo=False) as server:
        entered = enter(server)
        assert (entered.status, entered.headers["Location"]) == (303, FACTOR)
        shut = server.get("/configura/")
        assert (shut.status, shut.headers["Location"]) == (303, f"{FACTOR}?next=/configura/")
        assert 'href="/configura/"' not in server.get("/").text
        begun = send(server, f"{FACTOR}?next=/configura/", password=PASSWORD)
        page = server.get(begun.headers["Location"]).text
        found = re.search("<dt>Chiave</dt><dd>([A-Z2-7 ]+)</dd>", page)
        assert found
        key = TOTP(found[1].replace(" ", ""), format="base32")
        done = send(server, f"{FACTOR}/telefono", code=str(key.generate(clock.now()).token))
        spare = re.findall("<code>([a-z2-7-]+)</code>", done.text)
        assert len(spare) == 10
        assert server.get("/configura/").status == 200
        again = enter(server)
        assert again.headers["Location"] == "/account/codice"
        assert server.get("/configura/").status in {302, 303}
        assert send(server, "/account/codice", recovery=spare[0]).status == 303
        assert server.get("/configura/nuovo").status == 200
