"""The outbox on both databases."""

from __future__ import annotations

import pytest

from core.db import Database
from core.search.outbox import SqlChangeQueue, enqueue

from .samples import DISTRICT, record_id

ONE, TWO = record_id("one"), record_id("two")


def put(database: Database, *names: str, district: int = DISTRICT) -> None:
    with database.write(district) as session:
        enqueue(session, "records", [record_id(name) for name in names])


def test_changes_wait_until_they_are_done(any_database: Database) -> None:
    put(any_database, "one", "two")
    queue = SqlChangeQueue(any_database, DISTRICT)
    taken = queue.take(10)
    assert {change.record_id for change in taken} == {ONE, TWO}
    assert queue.pending() == 2
    queue.done(taken)
    assert (queue.pending(), list(queue.take(10))) == (0, [])


def test_changes_of_one_record_are_taken_as_one(any_database: Database) -> None:
    put(any_database, "one")
    put(any_database, "one", "one", "two")
    taken = SqlChangeQueue(any_database, DISTRICT).take(10)
    assert {change.record_id: len(change.rows) for change in taken} == {ONE: 2, TWO: 1}


def test_a_change_that_arrives_meanwhile_is_not_lost(any_database: Database) -> None:
    put(any_database, "one")
    queue = SqlChangeQueue(any_database, DISTRICT)
    taken = queue.take(10)
    put(any_database, "one")
    queue.done(taken)
    assert [change.record_id for change in queue.take(10)] == [ONE]


def test_a_change_of_a_rolled_back_transaction_never_was(any_database: Database) -> None:
    with pytest.raises(RuntimeError), any_database.write(DISTRICT) as session:
        enqueue(session, "records", [ONE])
        session.flush()
        raise RuntimeError
    assert SqlChangeQueue(any_database, DISTRICT).pending() == 0


def test_a_district_sees_its_own_changes_only(any_database: Database) -> None:
    put(any_database, "one")
    put(any_database, "two", district=2)
    assert [change.record_id for change in SqlChangeQueue(any_database, 2).take(10)] == [TWO]
