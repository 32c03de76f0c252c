"""Who works requests off is reminded before the last day and once after it, never twice for the same day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import clock
from core.access import Actor
from core.db import Database
from core.notifications.models import Notice
from core.privacy.requests import operations as requests
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.reminders import ReminderWorker, remind, waits
from tests.core.requests.world import FIGURES, HERE, THERE, ask, build, noon, office

#: Asked on 1 March with thirty days: the last day is 31 March, the reminder comes seven days before.
ASKED, LAST = date(2026, 3, 1), date(2026, 3, 31)


@pytest.fixture
def clerk(place: Database) -> Actor:
    """Somebody who worked here already when the requests came."""
    with clock.at(noon(ASKED)):
        return office(place)


def told(database: Database, account_id: UUID | None) -> list[str]:
    with database.read(HERE) as session:
        mine = sa.select(Notice).where(Notice.account_id == account_id, Notice.kind.in_(("soon", "late")))
        return [notice.sentence["it"] for notice in session.scalars(mine.order_by(Notice.id))]


def on(database: Database, day: date) -> int:
    with clock.at(noon(day)), database.write(HERE) as session:
        return remind(session)


@pytest.mark.parametrize(("days", "count"), [(8, 0), (7, 1), (0, 1)])
def test_the_reminder_comes_on_the_day_that_the_model_says(
    place: Database, clerk: Actor, days: int, count: int
) -> None:
    ask(place, on=ASKED)
    assert on(place, LAST - timedelta(days)) == count
    sentence = "La richiesta PRV-2026-0001 va chiusa entro il 31/03/2026."
    assert told(place, clerk.account_id) == [sentence] * count


def test_it_comes_once_and_once_more_when_the_last_day_has_passed(place: Database, clerk: Actor) -> None:
    ask(place, on=ASKED)
    days = [LAST - timedelta(7), LAST - timedelta(6), LAST, LAST + timedelta(1), LAST + timedelta(2)]
    assert [on(place, day) for day in days] == [1, 0, 0, 1, 0]
    assert (
        told(place, clerk.account_id)[-1]
        == "La richiesta PRV-2026-0001 è in ritardo: andava chiusa entro il 31/03/2026."
    )


def test_an_extended_request_is_told_of_again_before_its_new_last_day(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place, on=ASKED)
    assert on(place, LAST - timedelta(3)) == 1
    with clock.at(noon(LAST)), place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.extend(session, found, actor=clerk, reason="Archivio di carta")
    later = LAST + timedelta(60)
    assert [on(place, day) for day in (LAST + timedelta(1), later - timedelta(8), later - timedelta(7))] == [0, 0, 1]


def test_whoever_it_is_given_to_is_told_alone(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place, on=ASKED)
    with clock.at(noon(ASKED)):
        other = office(place)
    with clock.at(noon(LAST)), place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        assert other.account_id is not None
        requests.assign(session, found, other.account_id, actor=clerk)
    on(place, LAST)
    assert (len(told(place, clerk.account_id)), len(told(place, other.account_id))) == (0, 1)


def test_nobody_is_told_of_a_closed_request(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place, on=ASKED)
    with clock.at(noon(LAST)), place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.withdraw(session, found, actor=clerk, reason="Ci ha ripensato")
    assert on(place, LAST) == 0


def test_a_district_without_the_figure_reminds_nobody(sqlite_database: Database) -> None:
    build(sqlite_database, {key: value for key, value in FIGURES.items() if key != "privacy.reminder_days"})
    office(sqlite_database)
    ask(sqlite_database, on=ASKED)
    assert on(sqlite_database, LAST) == 0


def test_the_worker_looks_at_every_district_and_writes_only_where_something_waits(
    place: Database, clerk: Actor
) -> None:
    ask(place, on=ASKED)
    worker = ReminderWorker(place, lambda: [HERE, THERE])
    with clock.at(noon(LAST)):
        assert (worker.round(), worker.round()) == (1, 0)
        with place.read(HERE) as session:
            assert not waits(session)
