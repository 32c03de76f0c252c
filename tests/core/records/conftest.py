"""A small information desk: two record types and a district with two municipalities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import core.models  # noqa: F401 - all tables
from core.access import Actor
from core.access.actor import Grant
from core.db import Database
from core.districts.models import District, DistrictMunicipality, Municipality, Vocabulary, VocabularyTerm
from core.records.definitions import forget_record_types, load_record_types

DESK = Path(__file__).parent / "desk"
HERE, ELSEWHERE = 1, 2
SYSTEM = Actor.system(HERE, "Prova")
EDITOR = Actor(
    uuid4(),
    "Ada",
    "account",
    HERE,
    tuple(Grant("*", action) for action in ("read", "create", "change", "publish", "withdraw", "import")),
)
VISITOR = Actor.visitor(HERE, (Grant("*", "read", scope="public"),))


@pytest.fixture(autouse=True)
def desk_types() -> Iterator[None]:
    load_record_types("desk", DESK)
    yield
    forget_record_types("desk")


def furnish(database: Database, number: int = HERE) -> None:
    """A district with Rho (015182) and Arese (015009), and the words ``work``, ``home``, ``family``."""
    with database.write(None) as session:
        if session.get(Municipality, "015182") is None:
            session.add_all([Municipality(istat="015182", name="Rho"), Municipality(istat="015009", name="Arese")])
        session.add(District(id=number, slug=f"d{number}", name={"it": "Prova"}, languages=["it", "en"], model="m"))
    with database.write(number) as session:
        for position, code in enumerate(["015182", "015009"]):
            session.add(DistrictMunicipality(istat=code, position=position))
        for position, (key, words) in enumerate({"topics": ["work", "home"], "audiences": ["family"]}.items()):
            vocabulary = Vocabulary(key=key, label={"it": key}, position=position)
            session.add(vocabulary)
            session.flush()
            for at, word in enumerate(words):
                session.add(VocabularyTerm(vocabulary_id=vocabulary.id, key=word, label={"it": word}, position=at))


@pytest.fixture
def desk(any_database: Database) -> Database:
    """The desk on each database."""
    furnish(any_database)
    return any_database


@pytest.fixture
def small_desk(sqlite_database: Database) -> Database:
    """The desk on SQLite alone, where the database makes no difference."""
    furnish(sqlite_database)
    return sqlite_database


def leaflet(title: str = "Borsa lavoro", **answers: object) -> dict[str, object]:
    """A complete leaflet."""
    whole = {"title": {"it": title}, "body": {"it": "Un **aiuto**."}, "phases": [{"name": {"it": "Colloquio"}}]}
    return {**whole, **answers}
