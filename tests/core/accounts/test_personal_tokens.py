from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.access.members import add_membership, end_membership
from core.access.models import Account
from core.accounts import tokens
from core.accounts.models import AccountToken
from core.accounts.operations import disable_account
from core.accounts.sessions import Login
from core.db import Database, uuid7
from core.errors import Invalid, NotFound, Refused
from tests.core.access.world import HERE, THERE, add_account, system

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


def make(database: Database, account_id: Any, *, two_factor: bool = True, **more: Any) -> str:
    facts: dict[str, Any] = {"name": "Statistica", "scopes": ["*:read"], "member_of": HERE, "days": 30}
    login = Login(account_id, uuid7(), two_factor, False, NOON)
    with clock.at(NOON), database.write(None) as session:
        account = session.get_one(Account, account_id)
        known = ["*:read", "service:change"]
        return tokens.create(session, account, login=login, known_scopes=known, longest=YEAR, **{**facts, **more})[1]


def member(database: Database) -> Any:
    account = add_account(database, "ada@example.it")
    with clock.at(NOON - timedelta(days=1)), database.write(HERE) as session:
        add_membership(session, session.get_one(Account, account.id), actor=system())
    return account.id


def verified(database: Database, text: str, moment: datetime = NOON) -> tokens.TokenLogin | None:
    with clock.at(moment), database.read(None) as session:
        return tokens.verify(session, text)


def test_a_token_acts_for_its_account_where_and_as_it_says(place: Database) -> None:
    account_id = member(place)
    text = make(place, account_id, scopes=["service:change", "*:read"])
    found = verified(place, text)
    assert found and (found.account_id, found.member_of) == (account_id, HERE)
    assert found.scopes == {"*:read", "service:change"} and found.to_touch
    with clock.at(NOON), place.write(None) as session:
        tokens.used(session, found)
    again = verified(place, text, NOON + timedelta(minutes=4))
    assert again and not again.to_touch


def test_a_token_lies_hashed_alone(lite: Database) -> None:
    text = make(lite, member(lite))
    with lite.read(None) as session:
        assert session.scalars(sa.select(AccountToken)).one().token_hash == hashlib.sha256(text.encode()).digest()
    stored = b"".join(path.read_bytes() for path in lite.data_dir.glob("*.db*"))
    assert text.encode() not in stored


def test_a_token_holds_until_its_end_not_included(lite: Database) -> None:
    text = make(lite, member(lite))
    end = NOON + timedelta(days=30)
    assert verified(lite, text, end - timedelta(seconds=1))
    assert verified(lite, text, end) is None


def test_no_token_without_the_second_step(lite: Database) -> None:
    with pytest.raises(Refused):
        make(lite, member(lite), two_factor=False)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["core.account:manage"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"member_of": THERE}, "district"),
    ],
)
def test_a_token_is_made_of_what_its_owner_may_give(lite: Database, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        make(lite, member(lite), **more)
    assert [error.field for error in raised.value.errors] == [field]


def test_a_revoked_token_serves_no_more(lite: Database) -> None:
    account_id = member(lite)
    text = make(lite, account_id)
    other = add_account(lite, "bea@example.it")
    found = verified(lite, text)
    assert found
    with lite.write(None) as session:
        with pytest.raises(NotFound):
            tokens.revoke(session, session.get_one(Account, other.id), found.token_id)
        tokens.revoke(session, session.get_one(Account, account_id), found.token_id)
    assert verified(lite, text) is None


def test_a_token_ends_with_the_membership(lite: Database) -> None:
    account_id = member(lite)
    text = make(lite, account_id)
    with clock.at(NOON), lite.write(HERE) as session:
        end_membership(session, session.get_one(Account, account_id), actor=system())
    assert verified(lite, text, NOON + timedelta(seconds=1)) is None


def test_a_token_ends_with_the_account(lite: Database) -> None:
    account_id = member(lite)
    text = make(lite, account_id)
    with lite.write(None) as session:
        disable_account(session, session.get_one(Account, account_id), actor=system(None))
    assert verified(lite, text) is None


@pytest.mark.parametrize("text", ["", "innesto_", "innesto_è", "altro", "innesto_" + "x" * 5000, "innesto_\x00"])
def test_what_is_no_token_is_nobody(lite: Database, text: str) -> None:
    assert verified(lite, text) is None
