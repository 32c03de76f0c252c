"""A district with 100,000 persons, one case and one tutor each, and the workers whose lists are measured."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from core import teams
from core.access.models import Account
from core.db import uuid7
from core.districts.models import Organisation
from plugins.intake.models import Case, Person, PersonWord
from plugins.intake.permissions import CASE
from tests.plugins.intake.world import World

PERSONS, BATCH = 100_000, 5_000
#: Tutors, so that each has forty persons; the first one is ``teo``.
TUTORS = 2_500
NOON = datetime(2026, 1, 1, tzinfo=UTC)
FAMILIES = [
    start + end
    for start in ("ross", "bianc", "verd", "ner", "gall", "mor", "ricc", "ferr")
    for end in ("i", "ini", "oni", "etti", "ari", "elli", "ucci", "ato")
]
GIVEN = ("lucia", "marco", "ahmed", "anna", "ion", "fatou", "paolo", "teresa")
STATES = ("open", "closed", "registered")


def hire_all(world: World, body: str, municipality: str) -> None:
    """One worker for each scope: all, team, municipality, organisation."""
    world.hire("cora", "coordinator")
    world.hire("teo", "tutor")
    world.hire("mina", "municipal_social_worker", municipality=municipality)
    world.hire("ser", "service_referent", body=body)


def fill(world: World, municipalities: list[str]) -> None:
    """Bring in the persons, at random over municipalities and bodies, as tables take them."""
    dice = random.Random(1)
    with world.write() as session:
        bodies = list(session.scalars(select(Organisation.id).order_by(Organisation.key)))
    accounts = _tutors(world)
    for start in range(0, PERSONS, BATCH):
        rows = [_one(dice, number, municipalities, bodies, accounts) for number in range(start, start + BATCH)]
        with world.write() as session:
            for model, values in zip((Person, PersonWord, Case, teams.TeamPlace), zip(*rows, strict=True), strict=True):
                session.execute(insert(model), [row for part in values for row in part])
    with world.database.all_districts("plans of a test", write=True) as session:
        session.connection().exec_driver_sql("ANALYZE")


def _tutors(world: World) -> list[UUID]:
    others = [{"id": uuid7(), "email": f"t{number}@prova.example", "name": "T"} for number in range(1, TUTORS)]
    with world.database.write(None) as session:
        session.execute(insert(Account), [{**row, "fs_uniquifier": row["id"].hex} for row in others])
    return [world.accounts["teo"], *(row["id"] for row in others)]  # type: ignore[list-item]


def _one(dice: random.Random, number: int, municipalities: list[str], bodies: list[UUID], tutors: list[UUID]) -> Any:
    person, case, code = uuid7(), uuid7(), f"LEG-2026-{number:06}"
    family, given = dice.choice(FAMILIES), dice.choice(GIVEN)
    place, body = dice.choice(municipalities), dice.choice(bodies)
    file = {
        "id": person,
        "code": code,
        "given_name": given.title(),
        "family_name": family.title(),
        "sort_name": f"{family} {given}",
        "birth_date": date(1980, 1, 1) + timedelta(days=dice.randrange(9_000)),
        "municipality": place,
        "in_charge_municipality": place,
        "in_charge_organisation_id": body,
    }
    path = {"id": case, "person_id": person, "number": 1, "code": f"{code}-1", "state": dice.choice(STATES)}
    words = [{"person_id": person, "word": word} for word in (family, given)]
    in_charge = {"organisation_id": body, "municipality": place, "registered_at": NOON, "is_current": True}
    return [file], words, [path | in_charge], list(_team(case, tutors[number % TUTORS], tutors[number % 977]))


def _team(case: UUID, tutor: UUID, before: UUID) -> Iterator[dict[str, Any]]:
    """The tutor of today, and the one of last year."""
    fixed = {"resource": CASE, "object_id": case, "function": "tutor", "kind": "holder", "single": False}
    yield {**fixed, "account_id": tutor, "valid_from": NOON, "valid_to": None}
    if before != tutor:
        yield {**fixed, "account_id": before, "valid_from": NOON - timedelta(days=300), "valid_to": NOON}
