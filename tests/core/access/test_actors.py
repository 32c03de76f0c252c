from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core import access, clock
from core.access import load_actor
from core.access.members import add_membership, end_membership
from core.access.models import Account
from core.access.operations import give_role, replace_roles, take_role
from core.access.permissions import PORTAL_GRANTS
from core.accounts.operations import create_account, disable_account, set_portal_admin
from core.audit.models import AccessLog
from core.db import Database
from tests.core.access.world import HERE, THERE, Dossier, add_account, system

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROLES: list[dict[str, Any]] = [
    {
        "key": "visitor",
        "label": {"it": "Chi visita il sito"},
        "visitor": True,
        "grants": [{"resource": "guide", "actions": ["read"], "states": [], "scope": "public"}],
    },
    {
        "key": "editor",
        "label": {"it": "Redazione"},
        "grants": [{"resource": "*", "actions": ["read", "change"], "states": ["draft"], "scope": "all"}],
    },
]


def resources(database: Database, account: Account | None, district: int | None = HERE) -> list[tuple[str, str]]:
    with database.read(district) as session:
        actor = load_actor(session, account.id if account else None)
    return sorted((grant.resource, grant.action) for grant in actor.grants)


def with_roles(database: Database) -> None:
    with database.write(HERE) as session:
        replace_roles(session, ROLES)


def test_a_visitor_holds_the_grants_of_the_visitor_role(place: Database) -> None:
    with_roles(place)
    with place.read(HERE) as session:
        actor = load_actor(session, None)
    assert (actor.kind, actor.account_id, actor.district_id) == ("visitor", None, HERE)
    assert resources(place, None) == [("guide", "read")]
    assert resources(place, None, THERE) == []
    assert resources(place, None, None) == []


def test_an_account_holds_its_roles_and_the_visitors_in_its_own_district_alone(place: Database) -> None:
    with_roles(place)
    account = add_account(place, "ada@example.it")
    with place.write(HERE) as session:
        give_role(session, account, "editor", actor=system())
    with place.read(HERE) as session:
        actor = load_actor(session, account.id)
    assert (actor.kind, actor.name, actor.language, actor.signed_in) == ("account", "Prova", "it", True)
    assert resources(place, account) == [("*", "change"), ("*", "read"), ("guide", "read")]
    assert actor.grants[0].states == ("draft",)
    assert actor.grants[0].role_label == {"it": "Redazione"}
    assert resources(place, account, THERE) == []


def test_a_role_counts_from_its_beginning_to_its_end_not_included(place: Database) -> None:
    with clock.at(NOON):
        with_roles(place)
        account = add_account(place, "ada@example.it")
        with place.write(HERE) as session:
            add_membership(session, account, actor=system(), valid_from=NOON - timedelta(days=9))
            begin, end = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
            give_role(session, account, "editor", actor=system(), valid_from=begin, valid_to=end)
    instant = timedelta(microseconds=1)
    for moment, holds in ((begin - instant, False), (begin, True), (end - instant, True), (end, False)):
        with clock.at(moment):
            assert (("*", "read") in resources(place, account)) is holds, moment


def test_a_role_counts_only_while_the_account_is_a_member(place: Database) -> None:
    with clock.at(NOON):
        with_roles(place)
        account = add_account(place, "ada@example.it")
        with place.write(HERE) as session:
            add_membership(session, account, actor=system(), valid_to=NOON + timedelta(days=1))
            give_role(session, account, "editor", actor=system())
    with clock.at(NOON + timedelta(hours=23)):
        assert ("*", "read") in resources(place, account)
    with clock.at(NOON + timedelta(days=1)):
        assert resources(place, account) == [("guide", "read")]


def test_taking_a_role_or_the_membership_counts_at_once(lite: Database) -> None:
    with_roles(lite)
    account = add_account(lite, "ada@example.it")
    with lite.write(HERE) as session:
        give_role(session, account, "editor", actor=system())
        take_role(session, account, "editor", actor=system())
    assert resources(lite, account) == [("guide", "read")]
    with lite.write(HERE) as session:
        give_role(session, account, "editor", actor=system())
        end_membership(session, account, actor=system())
    assert resources(lite, account) == [("guide", "read")]


def test_a_disabled_account_is_a_visitor(place: Database) -> None:
    with_roles(place)
    account = add_account(place, "ada@example.it")
    with place.write(HERE) as session:
        give_role(session, account, "editor", actor=system())
    with place.write(None) as session:
        disable_account(session, session.merge(account), actor=system(None))
    with place.read(HERE) as session:
        assert load_actor(session, account.id).kind == "visitor"


def test_the_portal_administrator_manages_districts_and_sees_no_record(place: Database) -> None:
    with_roles(place)
    account = add_account(place, "capo@example.it", portal_admin=True)
    with place.write(HERE) as session:
        session.add(Dossier(kind="guide", state="draft"))
        session.add(Dossier(kind="secret", state="published"))
    with place.read(HERE) as session:
        actor = load_actor(session, account.id, two_factor=True)
        assert access.may(actor, "manage", "core.plugin")
        assert access.may(actor, "manage", "core.district")
        assert session.scalars(access.select(actor, Dossier, "read")).all() == []
    assert all(grant.resource.startswith("core.") for grant in PORTAL_GRANTS)


def test_the_portal_administrator_sees_all_accounts_and_a_district_its_own(place: Database) -> None:
    boss = add_account(place, "capo@example.it", portal_admin=True)
    mine, foreign = add_account(place, "ada@example.it"), add_account(place, "bea@example.it")
    manage = {"resource": "core.account", "actions": ["read", "manage"], "scope": "all"}
    with place.write(HERE) as session:
        replace_roles(session, [{"key": "head", "label": {"it": "Responsabile"}, "grants": [manage]}])
        give_role(session, mine, "head", actor=system())
    with place.write(THERE) as session:
        add_membership(session, foreign, actor=system(THERE))
    with place.read(HERE) as session:
        everybody = access.select(load_actor(session, boss.id, two_factor=True), Account, "read")
        assert len(session.scalars(everybody).all()) == 3
        own = access.select(load_actor(session, mine.id), Account, "read")
        assert [account.email for account in session.scalars(own)] == ["ada@example.it"]


def test_loading_an_actor_takes_two_statements_and_a_visitor_one(place: Database) -> None:
    with_roles(place)
    account = add_account(place, "ada@example.it")
    with place.read(HERE) as session:
        seen: list[str] = []
        sa.event.listen(session.connection(), "before_cursor_execute", lambda *args: seen.append(args[2]))
        load_actor(session, None)
        assert len(seen) == 1
        load_actor(session, account.id)
        assert len(seen) == 3


def test_every_change_of_rights_leaves_a_row_that_says_who_did_what(lite: Database) -> None:
    with lite.write(None) as session:
        boss = create_account(session, email="capo@example.it", name="Capo", actor=system(None), portal_admin=True)
        other = create_account(session, email="vice@example.it", name="Vice", actor=system(None))
        set_portal_admin(session, other, True, actor=load_actor(session, boss.id, two_factor=True))
    with lite.read(None) as session:
        rows = session.scalars(sa.select(AccessLog).order_by(AccessLog.at)).all()
    assert [(row.who, row.what, row.target) for row in rows] == [
        ("test", "create_account", "capo@example.it"),
        ("test", "create_account", "vice@example.it"),
        ("Capo", "set_portal_admin", "vice@example.it"),
    ]
    assert rows[2].account_id == boss.id
