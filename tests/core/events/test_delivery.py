from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import core.models  # noqa: F401  (the district's table must exist)
from core import clock
from core.contributions import Event
from core.db import Database
from core.districts.models import District
from core.events import deliver_pending, emit
from core.events.models import OutboxEvent
from core.hooks import Problems


class Listeners:
    """Stands for the plugin host: handlers by plugin name."""

    def __init__(self, **handlers: Any) -> None:
        self.handlers, self.problems = handlers, Problems()

    def implementers(self, hook: str) -> list[str]:
        return list(self.handlers) if hook == "handle_event" else []

    def of(self, plugin: str, hook: str) -> Any:
        return self.handlers[plugin]


class Ear:
    def __init__(self, fails: int = 0) -> None:
        self.heard: list[Event] = []
        self.fails = fails

    def __call__(self, *, event: Event, session: Any) -> None:
        self.heard.append(event)
        if len(self.heard) <= self.fails:
            raise RuntimeError("not now")


@pytest.fixture
def database(any_database: Database) -> Database:
    with any_database.write(None) as session:
        session.add(District(id=1, slug="prova", name={"it": "Prova"}, languages=["it"], model="prova"))
    return any_database


def row(database: Database) -> OutboxEvent:
    with database.read(1) as session:
        return session.scalars(select(OutboxEvent)).one()


def send(database: Database) -> None:
    with database.write(1) as session:
        emit(session, "record.published", ref="r1")


def test_an_event_reaches_every_plugin_once(database: Database) -> None:
    one, two = Ear(), Ear()
    send(database)
    hooks: Any = Listeners(one=one, two=two)
    assert deliver_pending(database, hooks, 1) == 1
    assert deliver_pending(database, hooks, 1) == 0
    assert [e.payload for e in one.heard] == [{"ref": "r1"}] and len(two.heard) == 1
    assert row(database).delivered_at is not None


def test_an_event_of_a_change_that_was_rolled_back_never_happened(database: Database) -> None:
    ear = Ear()
    with pytest.raises(ZeroDivisionError), database.write(1) as session:
        emit(session, "record.published", ref="r1")
        session.flush()
        raise ZeroDivisionError
    hooks: Any = Listeners(ear=ear)
    assert deliver_pending(database, hooks, 1) == 0 and ear.heard == []


def test_a_plugin_that_fails_gets_the_event_again_and_the_others_do_not(database: Database) -> None:
    bad, good = Ear(fails=1), Ear()
    send(database)
    hooks: Any = Listeners(bad=bad, good=good)
    assert deliver_pending(database, hooks, 1) == 0
    waiting = row(database)
    assert waiting.tries == 1 and waiting.last_error.startswith("bad: RuntimeError (")
    assert deliver_pending(database, hooks, 1) == 0, "it waits before the next try"
    with clock.at(clock.now() + timedelta(seconds=5)):
        assert deliver_pending(database, hooks, 1) == 1
    assert len(bad.heard) == 2 and len(good.heard) == 1
    assert [p.plugin for p in hooks.problems] == ["bad"]


def test_what_a_failing_handler_wrote_is_undone(database: Database) -> None:
    def half(*, event: Event, session: Any) -> None:
        emit(session, "half.done", ref="x")
        session.flush()
        raise RuntimeError("after writing")

    send(database)
    deliver_pending(database, Listeners(half=half), 1)  # type: ignore[arg-type]
    assert row(database).name == "record.published"


def test_events_of_another_district_stay_there(database: Database) -> None:
    with database.write(None) as session:
        session.add(District(id=2, slug="altro", name={"it": "Altro"}, languages=["it"], model="altro"))
    ear = Ear()
    send(database)
    hooks: Any = Listeners(ear=ear)
    assert deliver_pending(database, hooks, 2) == 0 and ear.heard == []
