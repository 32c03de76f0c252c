from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask.testing import FlaskClient
from passlib.totp import TOTP

from core import clock
from core.access.models import Account, Role
from core.access.operations import give_role, replace_roles
from core.accounts import secondfactor
from core.accounts.models import SecondFactor
from core.audit.models import AccessLog
from core.db import Database
from tests.core.access.world import HERE, PASSWORD, add_account, system
from tests.core.accounts.portal import QUICK, WIDE, make_portal, sign_in, words

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)


def code(key: str, moment: datetime = NOON) -> str:
    return str(TOTP(key, format="base32").generate(moment).token)


def set_up(database: Database, account_id: object) -> tuple[str, list[str]]:
    """A telephone that was confirmed an hour before noon, and its recovery codes."""
    with clock.at(NOON - timedelta(hours=1)), database.write(None) as session:
        account = session.get_one(Account, account_id)
        key = secondfactor.start(session, account)
        return key, secondfactor.confirm(session, account, code(key, clock.now()))


def test_the_telephone_is_set_up_with_its_first_code(place: Database) -> None:
    add_account(place, "ada@example.it")
    client = make_portal(place, WIDE).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
        begun = client.post("/account/secondo-passaggio", data={"password": PASSWORD})
        assert begun.headers["Location"] == "/account/secondo-passaggio/telefono"
        page = client.get("/account/secondo-passaggio/telefono").text
        key = re.search("<dt>Chiave</dt><dd>([A-Z2-7 ]+)</dd>", page)
        assert key and "<svg" in page and "style=" not in page
        wrong = client.post("/account/secondo-passaggio/telefono", data={"code": "000000"})
        assert wrong.status_code == 422 and "Il codice non è giusto" in words(wrong)
        done = client.post("/account/secondo-passaggio/telefono", data={"code": code(key[1].replace(" ", ""))})
        spare = re.findall("<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", done.text)
        assert len(set(spare)) == 10
        client.post("/account/esci")
        assert sign_in(client, "ada@example.it").headers["Location"] == "/account/codice"
        assert client.get("/me").text == "None"


def test_without_the_password_no_telephone_is_set_up(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    client = make_portal(lite).test_client()
    sign_in(client, "ada@example.it")
    assert client.post("/account/secondo-passaggio", data={"password": "un'altra parola"}).status_code == 422
    with lite.read(None) as session:
        assert session.scalar(sa.select(SecondFactor.id)) is None


def test_a_code_signs_in_once(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    key, _spare = set_up(place, account.id)
    first, second = (make_portal(place, WIDE).test_client() for _ in range(2))
    with clock.at(NOON):
        for client in (first, second):
            sign_in(client, "ada@example.it")
        entered = first.post("/account/codice", data={"code": code(key), "next": "/here/oggi"})
        assert (entered.status_code, entered.headers["Location"]) == (303, "/here/oggi")
        assert first.get("/me").text == str(account.id)
        again = second.post("/account/codice", data={"code": code(key)})
        assert again.status_code == 422 and "è già servito" in words(again)
        assert second.get("/me").text == "None"
    with clock.at(NOON + 2 * STEP):
        assert second.post("/account/codice", data={"code": code(key, NOON + 2 * STEP)}).status_code == 303


def test_a_telephone_with_a_wrong_clock_is_told_so(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    key, _spare = set_up(lite, account.id)
    client = make_portal(lite, WIDE).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
        behind = client.post("/account/codice", data={"code": code(key, NOON - timedelta(minutes=10))})
        assert "indietro di circa 10 minuti" in words(behind)
        ahead = client.post("/account/codice", data={"code": code(key, NOON + timedelta(minutes=5))})
        assert "avanti di circa 5 minuti" in words(ahead)
        assert client.get("/me").text == "None"


def test_a_recovery_code_serves_once(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    _key, spare = set_up(place, account.id)
    client = make_portal(place, WIDE).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
        assert client.post("/account/codice", data={"recovery": spare[3].upper().replace("-", " ")}).status_code == 303
        assert client.get("/me").text == str(account.id)
        client.post("/account/esci")
        sign_in(client, "ada@example.it")
        assert client.post("/account/codice", data={"recovery": spare[3]}).status_code == 422
    with place.read(None) as session:
        assert secondfactor.recovery_codes_left(session, account.id) == 9


def test_guessing_codes_is_stopped(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    key, spare = set_up(lite, account.id)
    client = make_portal(lite, QUICK).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
        statuses = [client.post("/account/codice", data={"code": f"00000{n}"}).status_code for n in range(3)]
        assert statuses == [422, 422, 422]
        assert client.post("/account/codice", data={"code": code(key)}).status_code == 429
        assert client.post("/account/codice", data={"recovery": spare[0]}).status_code == 429
    with lite.read(None) as session:
        noted = session.scalars(sa.select(AccessLog).where(AccessLog.what == "refused")).all()
    assert [row.details["what"] for row in noted] == ["attempts_code"]
    assert noted[0].details["object_id"] == str(account.id)


def test_the_password_is_forgotten_when_the_code_comes_too_late(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    key, _spare = set_up(lite, account.id)
    client = make_portal(lite, WIDE).test_client()
    with clock.at(NOON):
        sign_in(client, "ada@example.it")
    late = NOON + WIDE.second_step_lifetime
    with clock.at(late):
        assert client.post("/account/codice", data={"code": code(key, late)}).headers["Location"] == "/account/accedi"


def test_nobody_reaches_the_second_step_without_the_password(lite: Database) -> None:
    client: FlaskClient = make_portal(lite).test_client()
    assert client.get("/account/codice").headers["Location"] == "/account/accedi"
    assert client.post("/account/codice", data={"code": "123456"}).headers["Location"] == "/account/accedi"


def test_the_secret_lies_sealed(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    key, spare = set_up(lite, account.id)
    stored = b"".join(path.read_bytes() for path in lite.data_dir.glob("*.db*"))
    assert key.encode() not in stored and spare[0].encode() not in stored


def test_a_role_that_demands_it_leads_to_the_set_up(place: Database) -> None:
    account = add_account(place, "ada@example.it")
    grants = [{"resource": "core.account", "actions": ["manage"], "scope": "all"}]
    with place.write(HERE) as session:
        replace_roles(session, [{"key": "head", "label": {"it": "Responsabile"}, "grants": grants}])
        session.scalars(sa.select(Role)).one().two_factor = True
        give_role(session, session.get_one(Account, account.id), "head", actor=system())
    client = make_portal(place, WIDE).test_client()
    answer = sign_in(client, "ada@example.it", next="/here/oggi")
    assert answer.headers["Location"] == "/account/secondo-passaggio?next=/here/oggi"


def test_an_administrator_resets_a_lost_telephone(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    set_up(lite, account.id)
    with lite.write(None) as session:
        secondfactor.reset(session, session.get_one(Account, account.id), actor=system(None))
    with lite.read(None) as session:
        assert not secondfactor.is_set_up(session, account.id)
        assert secondfactor.recovery_codes_left(session, account.id) == 0
        assert "two_factor_reset" in [row.details.get("what") for row in session.scalars(sa.select(AccessLog))]
