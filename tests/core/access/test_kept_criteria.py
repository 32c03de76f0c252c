"""The SQL of grants is made once; the moment, the account and the district are those of each request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from core import access, clock
from core.access import Actor, Grant, load_actor, registry
from core.access.models import Role, RoleGrant
from core.db import Database, uuid7
from core.records.models import Record
from core.records.permissions import VISIBLE_NOW
from tests.core.access.world import HERE, THERE, Dossier, worker

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def bound(criterion: sa.ColumnElement[bool]) -> list[object]:
    compiled = sa.select(sa.literal(1)).where(criterion).compile()
    return list(compiled.construct_params().values())


def test_equal_visitors_share_a_criterion_and_other_districts_have_their_own() -> None:
    grants = (Grant("guide", "read", scope="public"),)
    one, same, elsewhere = (
        access.criterion(Actor.visitor(district, grants), Record, "read", "guide") for district in (HERE, HERE, THERE)
    )
    assert one is same and one is not elsewhere
    assert HERE in bound(one) and THERE in bound(elsewhere)


def test_what_is_ones_own_is_never_anothers() -> None:
    ada, ugo = uuid7(), uuid7()
    criteria = [
        access.criterion(worker(who, Grant("guide", "read", scope="own")), Dossier, "read") for who in (ada, ugo)
    ]
    assert ada in bound(criteria[0]) and ugo in bound(criteria[1])
    assert ugo not in bound(criteria[0])


def test_the_moment_of_a_kept_criterion_is_that_of_its_execution(place: Database) -> None:
    shown = sa.select(registry.NOW)
    for moment in (NOON, NOON + timedelta(days=30)):
        with clock.at(moment), place.read(HERE) as session:
            assert session.scalar(shown) == moment
    with clock.at(NOON):
        assert NOON in bound(VISIBLE_NOW)


def test_a_scope_that_is_not_marked_is_asked_every_time() -> None:
    grants = (Grant("guide", "read", scope="team"),)
    first, second = (access.criterion(worker(uuid7(), *grants), Dossier, "read") for _ in range(2))
    assert first is not second


def test_a_change_of_a_stored_grant_is_seen_at_the_next_load(place: Database) -> None:
    with place.write(HERE) as session:
        role = Role(key="everybody", label={"it": "Tutti"}, is_visitor=True)
        session.add(role)
        session.flush()
        session.add(RoleGrant(role_id=role.id, resource="guide", action="read", scope="public"))
    with place.write(HERE) as session:
        assert [grant.states for grant in load_actor(session, None).grants] == [()]
        session.scalars(sa.select(RoleGrant)).one().states = ["published"]
        assert [grant.states for grant in load_actor(session, None).grants] == [("published",)]
