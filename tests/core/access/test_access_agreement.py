"""The SQL criterion against a slow, obvious judge in plain Python that never calls the layer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import access
from core.access import Actor, Grant
from core.db import Database, uuid7
from tests.core.access.world import HERE, THERE, Dossier, Helper

KINDS = ("guide", "course", "secret", "notice")
STATES = ("draft", "published", "withdrawn")
SCOPES = ("all", "own", "team", "public", "unheard_of")
ACTIONS = ("read", "change", "publish")
ROWS, ACTORS, CHECKS = 40, 120, 4


@dataclass
class Facts:
    """What the judge knows of the rows, kept beside the database."""

    rows: dict[UUID, tuple[str, str, UUID | None]] = field(default_factory=dict)
    helpers: set[tuple[UUID, UUID]] = field(default_factory=set)
    accounts: list[UUID] = field(default_factory=list)


def judge(facts: Facts, actor: Actor, action: str, row: UUID) -> bool:
    return any(grant_opens(facts, actor.account_id, grant, action, row) for grant in actor.grants)


def grant_opens(facts: Facts, account: UUID | None, grant: Grant, action: str, row: UUID) -> bool:
    kind, state, owner = facts.rows[row]
    if grant.action != action or (grant.states and state not in grant.states):
        return False
    if grant.resource != kind and not (grant.resource == "*" and kind != "secret"):
        return False
    if grant.scope == "all":
        return True
    if grant.scope == "public":
        return state == "published"
    if account is None:
        return False
    return owner == account if grant.scope == "own" else grant.scope == "team" and (row, account) in facts.helpers


def fill(database: Database, dice: random.Random) -> Facts:
    facts = Facts(accounts=[uuid7() for _ in range(5)])
    for district in (HERE, THERE):
        with database.write(district) as session:
            for _ in range(ROWS):
                row = Dossier(id=uuid7(), kind=dice.choice(KINDS), state=dice.choice(STATES))
                row.owner = dice.choice([*facts.accounts, None])
                helper = dice.choice(facts.accounts)
                session.add_all([row, Helper(dossier_id=row.id, account_id=helper)])
                if district == HERE:
                    facts.rows[row.id] = (row.kind, row.state, row.owner)
                    facts.helpers.add((row.id, helper))
    return facts


def random_actor(dice: random.Random, facts: Facts) -> Actor:
    grants = tuple(
        Grant(
            dice.choice([*KINDS, "*"]),
            dice.choice(ACTIONS),
            scope=dice.choice(SCOPES),
            states=tuple(dice.sample(STATES, dice.choice([0, 0, 1, 2]))),
        )
        for _ in range(dice.randrange(14))
    )
    account = dice.choice([*facts.accounts, None])
    return Actor(account, "Prova", "account" if account else "visitor", HERE, grants)


def cases(dice: random.Random, facts: Facts) -> Iterator[tuple[Actor, str]]:
    return ((random_actor(dice, facts), dice.choice(ACTIONS)) for _ in range(ACTORS))


@pytest.mark.parametrize("seed", range(3))
def test_list_count_check_and_explanation_agree_with_an_obvious_judge(place: Database, seed: int) -> None:
    dice = random.Random(seed)
    facts = fill(place, dice)
    opened = 0
    with place.read(HERE) as session:
        for actor, action in cases(dice, facts):
            expected = {row for row in facts.rows if judge(facts, actor, action, row)}
            query = access.select(actor, Dossier, action)
            assert {row.id for row in session.scalars(query)} == expected, actor.grants
            assert session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) == len(expected)
            for row in dice.sample(sorted(facts.rows), CHECKS):
                stored = session.get_one(Dossier, (HERE, row))
                assert access.allowed(actor, action, stored) == (row in expected), actor.grants
                assert access.explain(actor, action, stored).allowed == (row in expected), actor.grants
            opened += len(expected)
    # The judge must have said yes and no often enough to prove anything.
    assert ROWS * ACTORS * 0.1 < opened < ROWS * ACTORS * 0.9


def test_narrowing_to_a_record_type_equals_filtering_the_whole(place: Database) -> None:
    dice = random.Random(7)
    facts = fill(place, dice)
    with place.read(HERE) as session:
        for actor, action in cases(dice, facts):
            kind = dice.choice(KINDS)
            narrowed = {row.id for row in session.scalars(access.select(actor, Dossier, action, kind))}
            assert narrowed == {
                r for r, facts_ in facts.rows.items() if facts_[0] == kind and judge(facts, actor, action, r)
            }


def test_field_rights_of_a_list_and_of_one_row_agree_with_the_judge(place: Database) -> None:
    dice = random.Random(11)
    facts = fill(place, dice)
    with place.read(HERE) as session:
        for actor, _action in cases(dice, facts):
            flags = access.field_flags(actor, Dossier)
            rows = session.execute(sa.select(Dossier, *flags.columns).limit(10)).all()
            for stored, *held in rows:
                writes = judge(facts, actor, "change", stored.id)
                reads = writes or judge(facts, actor, "read", stored.id)
                expected = "write" if writes else "read" if reads else "none"
                assert flags.rights(stored.kind, held)["plain"] == expected
            assert access.fields(actor, stored) == flags.rights(stored.kind, held)
