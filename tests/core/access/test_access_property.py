"""Random roles, holders, teams and moments: what the criterion reaches against an obvious judge in plain Python.

The judge knows only plain facts, goes through them one by one and calls nothing of the access layer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from core import access, clock
from core.access import Permission, load_actor, registry
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.db import Database, DistrictOwned, Key, uuid7
from core.teams.models import TeamPlace
from core.teams.scopes import emergency_scope, team_scope
from tests.core.access.world import HERE, THERE, WorldBase

RESOURCE = "accesstest.folder"
STATES = ("draft", "open", "closed")
GROUPS = ("personal", "special")
ACTIONS = ("read", "change", "close")
FUNCTIONS = ("tutor", "educator", "case_manager", "guide_worker")
SCOPES = ("all", "own", "team", "team", "emergency", "organisation", "municipality", "unheard_of")
TOWNS = ("015118", "015168", "")
RANK = ("none", "mask", "read", "write")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ROWS, PEOPLE, ACTORS_A_WORLD = 40, 6, 20
QUICK_WORLDS, SLOW_WORLDS = 3, 25


class Folder(DistrictOwned, WorldBase):
    __tablename__ = "accesstest_folder"

    state: Mapped[str] = mapped_column(sa.String(20))
    owner: Mapped[UUID | None] = mapped_column(Key)
    organisation_id: Mapped[UUID | None] = mapped_column(Key)
    municipality: Mapped[str] = mapped_column(sa.String(6))


registry.register_entity(
    Folder,
    resource=RESOURCE,
    state=Folder.state,
    scopes={"own": registry.owned_by(Folder.owner)},
    placed={
        "team": team_scope(Folder, RESOURCE),
        "emergency": emergency_scope(Folder, RESOURCE),
        "organisation": registry.held_for_organisation(Folder.organisation_id),
        "municipality": registry.held_for_municipality(Folder.municipality),
    },
)
registry.register_permissions([Permission(RESOURCE, action, STATES, GROUPS) for action in ACTIONS])


@dataclass
class World:
    """Plain facts, kept beside the database."""

    seed: int
    dice: random.Random
    people: list[UUID] = field(default_factory=list)
    bodies: list[UUID] = field(default_factory=lambda: [uuid7() for _ in range(3)])
    rows: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    roles: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    places: list[dict[str, Any]] = field(default_factory=list)

    def period(self) -> dict[str, datetime | None]:
        """A period of some days, perhaps without an end, on whole days so that boundaries are hit."""
        begin = BEGIN + timedelta(days=self.dice.randrange(10))
        end = begin + timedelta(days=self.dice.randrange(1, 10)) if self.dice.random() < 0.5 else None
        return {"valid_from": begin, "valid_to": end}

    def body(self) -> UUID | None:
        return self.dice.choice([*self.bodies, None])


def in_force(fact: dict[str, Any], moment: datetime) -> bool:
    """From included, to not."""
    begun = fact["valid_from"] is None or fact["valid_from"] <= moment
    return begun and (fact["valid_to"] is None or moment < fact["valid_to"])


@dataclass(frozen=True)
class Asked:
    """Who asks, when, and whether the login has passed the second factor."""

    who: UUID | None
    moment: datetime
    passed: bool


# --- the judge -------------------------------------------------------------------------------------------------------


def opens(world: World, asked: Asked, action: str, row: UUID) -> list[dict[str, Any]]:
    """The grants that let somebody do an action on a row at a moment, gone through one by one."""
    if not any(m["account"] == asked.who and in_force(m, asked.moment) for m in world.members):
        return []
    found = []
    for role in world.roles:
        for holder in world.held:
            if holder["role"] != role["key"] or holder["account"] != asked.who:
                continue
            if not in_force(holder, asked.moment) or (role["two_factor"] and not asked.passed):
                continue
            found += [
                grant
                for grant in role["grants"]
                if grant["action"] == action
                and in_force(grant, asked.moment)
                and (not grant["states"] or world.rows[row]["state"] in grant["states"])
                and reached(world, asked, (role, holder, grant["scope"]), row)
            ]
    return found


def reached(world: World, asked: Asked, held: tuple[dict[str, Any], dict[str, Any], str], row: UUID) -> bool:
    role, holder, scope = held
    facts = world.rows[row]
    mine = [
        place
        for place in world.places
        if place["object_id"] == row and place["account_id"] == asked.who and in_force(place, asked.moment)
    ]
    places = [
        place
        for place in mine
        if place["kind"] in {"holder", "substitute"}
        and place["function"] in role["functions"]
        and (holder["organisation_id"] is None or place["organisation_id"] in {None, holder["organisation_id"]})
    ]
    body, town = holder["organisation_id"], holder["municipality"]
    return {
        "all": True,
        "own": facts["owner"] == asked.who,
        "organisation": body is not None and facts["organisation_id"] == body,
        "municipality": town != "" and facts["municipality"] == town,
        "emergency": any(place["kind"] == "emergency" for place in mine),
        "team": bool(places),
    }.get(scope, False)


def field_right(grants: list[tuple[str, dict[str, Any]]], group: str) -> str:
    """The best right that any of the grants gives on a group: reading at most from ``read``."""
    best = "none"
    for action, grant in grants:
        most = "read" if action == "read" else "write"
        said = grant["field_groups"] or {"plain": most}
        right = said.get(group, "none")
        right = right if RANK.index(right) <= RANK.index(most) else most
        best = right if RANK.index(right) > RANK.index(best) else best
    return best


# --- a random world --------------------------------------------------------------------------------------------------


def random_grant(world: World) -> dict[str, Any]:
    dice = world.dice
    groups = {group: dice.choice(RANK) for group in ("plain", *GROUPS)} if dice.random() < 0.6 else {}
    period = world.period() if dice.random() < 0.3 else {"valid_from": None, "valid_to": None}
    return {
        "action": dice.choice(ACTIONS),
        "scope": dice.choice(SCOPES),
        "states": dice.sample(STATES, dice.choice([0, 0, 1, 2])),
        "field_groups": groups,
        **period,
    }


def random_role(world: World, number: int) -> dict[str, Any]:
    return {
        "key": f"role{world.seed}_{number}",
        "functions": world.dice.sample(FUNCTIONS, world.dice.randrange(3)),
        "two_factor": world.dice.random() < 0.4,
        "grants": [random_grant(world) for _ in range(world.dice.randrange(1, 8))],
    }


def random_place(world: World, row: UUID) -> dict[str, Any]:
    kind = world.dice.choice(["holder", "holder", "substitute", "emergency"])
    return {
        "object_id": row,
        "account_id": world.dice.choice(world.people),
        "function": "" if kind == "emergency" else world.dice.choice(FUNCTIONS),
        "organisation_id": world.body(),
        "kind": kind,
        **world.period(),
    }


def make_world(database: Database, seed: int) -> World:
    """A world in the database and beside it; the other district holds noise for the same people."""
    world = World(seed, random.Random(seed))
    dice = world.dice
    with database.write(None) as session:
        for number in range(PEOPLE):
            account = Account(email=f"p{seed}-{number}@example.it", name=f"P{number}")
            session.add(account)
            session.flush()
            world.people.append(account.id)
        for who in world.people:
            world.members += [{"account": who, **(world.period() if dice.random() < 0.3 else always())}]
            fact = world.members[-1]
            period = {"valid_from": fact["valid_from"], "valid_to": fact["valid_to"]}
            session.add(Membership(account_id=who, member_of=HERE, **period))
            session.add(Membership(account_id=who, member_of=THERE, valid_from=BEGIN))
    for _ in range(ROWS):
        world.rows[uuid7()] = {
            "state": dice.choice(STATES),
            "owner": dice.choice([*world.people, None]),
            "organisation_id": world.body(),
            "municipality": dice.choice(TOWNS),
        }
    world.roles = [random_role(world, number) for number in range(5)]
    for role in world.roles:
        for who in dice.sample(world.people, 5):
            place = {"organisation_id": world.body(), "municipality": dice.choice(TOWNS)}
            world.held.append({"role": role["key"], "account": who, **place, **world.period()})
    world.places = [random_place(world, row) for row in world.rows for _ in range(dice.randrange(3))]
    with database.write(HERE) as session:
        store(session, world)
    with database.write(THERE) as session:
        noise(session, world)
    return world


def always() -> dict[str, datetime | None]:
    return {"valid_from": BEGIN - timedelta(days=9), "valid_to": None}


def store(session: Any, world: World) -> None:
    for key, facts in world.rows.items():
        session.add(Folder(id=key, **facts))
    for fact in world.roles:
        role = Role(key=fact["key"], label={"it": fact["key"]}, functions=fact["functions"])
        role.two_factor = fact["two_factor"]
        session.add(role)
        session.flush()
        for grant in fact["grants"]:
            session.add(RoleGrant(role_id=role.id, resource=RESOURCE, **grant))
        for holder in (h for h in world.held if h["role"] == fact["key"]):
            more = {key: value for key, value in holder.items() if key not in {"role", "account"}}
            session.add(RoleHolder(role_id=role.id, account_id=holder["account"], **more))
    for place in world.places:
        session.add(TeamPlace(resource=RESOURCE, **place))
    session.add(TeamPlace(resource="accesstest.other", object_id=next(iter(world.rows)), account_id=world.people[0]))


def noise(session: Any, world: World) -> None:
    """In the other district everybody may do everything, and rows have the same bodies and towns."""
    for facts in world.rows.values():
        session.add(Folder(**facts))
    role = Role(key=f"all{world.seed}", label={"it": "Tutto"}, functions=list(FUNCTIONS))
    session.add(role)
    session.flush()
    for action in ACTIONS:
        session.add(RoleGrant(role_id=role.id, resource=RESOURCE, action=action, scope="all"))
    for who in world.people:
        session.add(RoleHolder(role_id=role.id, account_id=who, valid_from=BEGIN))


def questions(world: World) -> Iterator[tuple[Asked, str]]:
    """Who asks, for what action."""
    dice = world.dice
    for _ in range(ACTORS_A_WORLD):
        moment = BEGIN + timedelta(days=dice.randrange(14), seconds=dice.choice([-1, 0, 0, 1]))
        yield Asked(dice.choice([*world.people, None]), moment, dice.random() < 0.6), dice.choice(ACTIONS)


def agree(database: Database, seed: int) -> tuple[int, int]:
    """Compare one world; how many judgements were made, and how many said yes."""
    world = make_world(database, seed)
    judged = said_yes = 0
    for asked, action in questions(world):
        with clock.at(asked.moment), database.read(HERE) as session:
            actor = load_actor(session, asked.who, two_factor=asked.passed)
            expected = {row for row in world.rows if opens(world, asked, action, row)}
            found = set(session.scalars(access.select(actor, Folder, action).with_only_columns(Folder.id)))
            # The database may hold the rows of earlier worlds.
            assert found & set(world.rows) == expected, (seed, asked, action)
            check_fields(world, session, actor, asked)
        judged, said_yes = judged + len(world.rows), said_yes + len(expected)
    return judged, said_yes


def check_fields(world: World, session: Any, actor: access.Actor, asked: Asked) -> None:
    row = world.dice.choice(sorted(world.rows))
    stored = session.get_one(Folder, (HERE, row))
    holding = [(action, grant) for action in ("read", "change") for grant in opens(world, asked, action, row)]
    assert access.fields(actor, stored) == {group: field_right(holding, group) for group in ("plain", *GROUPS)}
    assert access.explain(actor, "read", stored).allowed == any(action == "read" for action, _grant in holding)


def test_list_fields_and_explanation_agree_with_an_obvious_judge(place: Database) -> None:
    judged, yes = map(sum, zip(*(agree(place, seed) for seed in range(QUICK_WORLDS)), strict=True))
    assert judged >= 500
    assert 0.02 * judged < yes < 0.9 * judged


@pytest.mark.slow
def test_twenty_thousand_cases_agree_with_an_obvious_judge(place: Database) -> None:
    judged, yes = map(sum, zip(*(agree(place, 1000 + seed) for seed in range(SLOW_WORLDS)), strict=True))
    assert judged >= 20_000
    # The judge must have said yes and no often enough to prove anything.
    assert 0.02 * judged < yes < 0.9 * judged
