"""Keys, moments, money and JSON come back as they went in, on both databases."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import MetaData, select
from sqlalchemy.exc import StatementError

from core import clock
from core.db import Database, uuid7
from core.errors import TenancyError
from tests.support.sample_models import SampleBase, SampleCase, SamplePerson, fill


@pytest.fixture
def database_metadata() -> MetaData:
    return SampleBase.metadata


def kept(database: Database, **values: Any) -> SampleCase:
    with database.write(1) as session:
        session.add(SampleCase(**values))
    with database.read(1) as session:
        return session.scalars(select(SampleCase)).one()


def test_a_moment_comes_back_in_utc(any_database: Database) -> None:
    rome = datetime(2026, 7, 1, 10, 30, tzinfo=timezone(timedelta(hours=2)))
    seen = kept(any_database, seen_at=rome).seen_at
    assert seen == rome
    assert seen.tzinfo is UTC


def test_a_moment_without_zone_is_refused(any_database: Database) -> None:
    with pytest.raises(StatementError, match="time zone"):
        kept(any_database, seen_at=clock.now().replace(tzinfo=None))


@pytest.mark.parametrize("amount", [1.5, Decimal("1.50"), "150", True])
def test_money_that_is_not_whole_cents_is_refused(sqlite_database: Database, amount: object) -> None:
    with pytest.raises(StatementError, match="cents"):
        kept(sqlite_database, amount=amount)


def test_json_keeps_accents_and_none_is_null(any_database: Database) -> None:
    assert kept(any_database, answers={"it": "perché"}).answers == {"it": "perché"}
    with any_database.write(1) as session:
        session.add(SampleCase(answers=None))
    with any_database.read(1) as session:
        assert len(session.scalars(select(SampleCase).where(SampleCase.answers.is_(None))).all()) == 1


def test_json_can_be_searched_by_path(any_database: Database) -> None:
    kept(any_database, answers={"town": {"name": "Cerro"}})
    with any_database.read(1) as session:
        path = SampleCase.answers["town"]["name"].as_string()
        assert len(session.scalars(select(SampleCase).where(path == "Cerro")).all()) == 1


def test_a_number_json_cannot_hold_is_refused(any_database: Database) -> None:
    with pytest.raises((StatementError, ValueError)):
        kept(any_database, answers={"share": float("nan")})


def test_a_key_must_be_a_uuid(sqlite_database: Database) -> None:
    with sqlite_database.read(1) as session, pytest.raises(StatementError, match="UUID"):
        session.scalars(select(SampleCase).where(SampleCase.id == "7")).all()


def test_a_key_takes_sixteen_bytes_on_sqlite(sqlite_database: Database) -> None:
    fill(sqlite_database, 1)
    with sqlite_database.all_districts("look at the bytes") as session:
        lengths = session.connection().exec_driver_sql("SELECT DISTINCT typeof(id), length(id) FROM sample_case").all()
    assert lengths == [("blob", 16)]


def test_keys_are_version_seven_and_sort_by_time() -> None:
    keys = [uuid7() for _ in range(1000)]
    assert {(key.version, key.variant) for key in keys} == {(7, uuid.RFC_4122)}
    assert len(set(keys)) == 1000
    assert [key.int >> 80 for key in keys] == sorted(key.int >> 80 for key in keys)


def test_a_parent_of_another_district_cannot_be_named(any_database: Database) -> None:
    fill(any_database, 2)
    with any_database.read(2) as session:
        person = session.scalars(select(SamplePerson.id)).first()
    with pytest.raises(StatementError, match="(?i)foreign key"):
        kept(any_database, person_id=person)


def test_a_parent_object_of_another_district_cannot_be_named(any_database: Database) -> None:
    fill(any_database, 2)
    with any_database.read(2) as session:
        person = session.scalars(select(SamplePerson)).first()
    with pytest.raises((StatementError, TenancyError)):
        kept(any_database, person=person)
