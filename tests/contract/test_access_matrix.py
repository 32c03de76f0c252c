"""Every route, API operation, console page, search and export × every role × own and other case, body, district.

What is expected stands by hand in ``access.toml``. Every answer is searched for planted words.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import URL

import core.models
from core.db import Base
from plugins.example import models as example_models
from plugins.intake import models as intake_models
from tests.contract.matrix import asking
from tests.contract.matrix.judging import Judge, judge_reading, judge_writing
from tests.contract.matrix.table import Table, load
from tests.contract.matrix.world import HOUSES, World, make_world
from tests.support.databases import fresh_postgres, fresh_sqlite

assert core.models and example_models and intake_models
TABLE = load()
SMOKE = (
    "visitor",
    "l/coordinator",
    "l/tutor",
    "l/municipal_social_worker",
    "l/person",
    "l/data_protection",
    "l/table_member",
)


@pytest.fixture(scope="module")
def table() -> Table:
    return TABLE


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world on SQLite."""
    with fresh_sqlite(tmp_path_factory.mktemp("matrix"), Base.metadata) as database:
        yield make_world(database)


@pytest.fixture(scope="module")
def postgres_world(postgres_url: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same world on PostgreSQL."""
    with fresh_postgres(postgres_url, tmp_path_factory.mktemp("matrix-pg"), Base.metadata) as database:
        yield make_world(database)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_world(request: pytest.FixtureRequest) -> World:
    fixtures = {"sqlite": "world", "postgresql": "postgres_world"}
    found: World = request.getfixturevalue(fixtures[request.param])
    return found


def test_every_route_has_an_entry_and_every_entry_a_route(world: World, table: Table) -> None:
    known = set(asking.routes(world.app))
    written = {entry.key for entry in table.entries}
    assert sorted(known - written) == []
    assert sorted(written - known) == []


def test_every_role_of_both_models_asks(world: World, table: Table) -> None:
    named = {who for members in table.groups.values() for who in members}
    assert sorted(named - set(world.everybody)) == []
    planted = {what for rule in table.raw["canary"] for what in rule["what"]}
    classes = {name for entry in table.entries for name in entry.shows}
    assert classes <= set(table.kinds.values()) and len(planted) > 20


def test_the_case_pages_answer_a_few_roles_as_expected(world: World, table: Table) -> None:
    judge = Judge(
        world, table, who=SMOKE, only=("intake.", "privacy.reveal", "files.download", "teams.why", "requests.")
    )
    assert judge_reading(judge, "l") == []


@pytest.mark.matrix
@pytest.mark.parametrize("house", HOUSES)
def test_every_page_answers_every_role_as_expected_and_shows_no_more(
    any_world: World, table: Table, house: str
) -> None:
    judge = Judge(any_world, table)
    assert judge_reading(judge, house) == []


@pytest.mark.matrix
@pytest.mark.parametrize("house", HOUSES)
def test_every_form_is_refused_to_who_must_not_and_changes_nothing(any_world: World, table: Table, house: str) -> None:
    judge = Judge(any_world, table)
    assert judge_writing(judge, house) == []
