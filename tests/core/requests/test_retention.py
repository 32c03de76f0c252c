"""Retention: a rule and months of the model, a preview, a person's confirmation; holds and duties stop an erasure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from core import audit, clock, crypto
from core.access import Actor
from core.crypto import Unreadable
from core.db import Database
from core.errors import AccessDenied, Conflict, Refused
from core.privacy.codes import PublicCode
from core.privacy.requests import operations as requests
from core.privacy.requests.models import SubjectRequest, SubjectRequestStep
from core.privacy.retention import erasure as retention_erasure
from core.privacy.retention import holds
from core.privacy.retention import operations as retention
from core.privacy.retention.models import Erasure
from core.privacy.retention.operations import RetentionRule, months_before
from tests.core.requests.world import HERE, PERSON, Plugin, ask, build, hooks, noon, office, ready, visitor

RULE = retention.rule_of("core.request")
CLOSED = date(2026, 3, 31)


def closed(database: Database, actor: Actor, *days: date) -> None:
    """One refused request for each day."""
    for day in days:
        with clock.at(noon(day)):
            request_id, _code = ask(database)
            with database.write(HERE) as session:
                found = session.get_one(SubjectRequest, (HERE, request_id))
                requests.refuse(session, found, actor=actor, reason="Non è la persona interessata.")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 15), 12, date(2025, 1, 15)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 31), 24, date(2024, 12, 31)),
    ],
)
def test_months_are_calendar_months(day: date, months: int, expected: date) -> None:
    assert months_before(day, months) == expected


def test_nothing_is_due_until_the_day_after_the_months_have_passed(place: Database, clerk: Actor) -> None:
    closed(place, clerk, CLOSED)
    with place.read(HERE) as session:
        with clock.at(noon(date(2027, 3, 31))):
            found = retention.preview(session, RULE, actor=clerk)
            assert (found.months, found.due, found.kept, found.oldest) == (12, 0, 1, None)
        with clock.at(noon(date(2027, 4, 1))):
            found = retention.preview(session, RULE, actor=clerk)
            assert (found.due, found.kept, found.held) == (1, 0, 0)
            assert found.oldest == noon(CLOSED)


def test_an_open_request_is_never_due(place: Database, clerk: Actor) -> None:
    ask(place)
    with place.read(HERE) as session, clock.at(datetime(2090, 1, 1, tzinfo=UTC)):
        assert retention.preview(session, RULE, actor=clerk).due == 0


def test_without_the_figure_of_the_model_nothing_is_due(any_database: Database) -> None:
    build(any_database, figures={"privacy.answer_days": 30, "privacy.code_days": 9})
    clerk = office(any_database)
    closed(any_database, clerk, CLOSED)
    with any_database.write(HERE) as session, clock.at(datetime(2090, 1, 1, tzinfo=UTC)):
        found = retention.preview(session, RULE, actor=clerk)
        assert (found.months, found.due) == (None, 0)
        with pytest.raises(Conflict):
            retention.run(session, RULE, actor=clerk, hooks=hooks(), confirmed="")


def test_a_run_takes_exactly_what_was_shown_and_leaves_a_report(place: Database, clerk: Actor) -> None:
    closed(place, clerk, date(2026, 1, 1), date(2026, 2, 1), date(2026, 12, 1))
    with place.write(HERE) as session, clock.at(noon(date(2027, 6, 1))):
        seen = retention.preview(session, RULE, actor=clerk)
        for wrong in ("", "0" * 64, seen.digest[:-1]):
            with pytest.raises(Conflict):
                retention.run(session, RULE, actor=clerk, hooks=hooks(), confirmed=wrong)
        report = retention.run(session, RULE, actor=clerk, hooks=hooks(), confirmed=seen.digest)
        assert (report.erased, report.left, report.details["kept"]) == (2, 0, 1)
        counts = [session.scalar(sa.select(sa.func.count()).select_from(t)) for t in (SubjectRequest, PublicCode)]
        assert counts == [1, 1]
        assert session.scalar(sa.select(sa.func.count()).select_from(SubjectRequestStep)) == 2
        assert [run.id for run in retention.runs(session, clerk)] == [report.id]


def test_a_set_that_changed_since_it_was_shown_is_not_erased(place: Database, clerk: Actor) -> None:
    closed(place, clerk, date(2026, 1, 1))
    with place.read(HERE) as session, clock.at(noon(date(2027, 6, 1))):
        seen = retention.preview(session, RULE, actor=clerk)
    closed(place, clerk, date(2026, 1, 2))
    with place.write(HERE) as session, clock.at(noon(date(2027, 6, 1))), pytest.raises(Conflict):
        retention.run(session, RULE, actor=clerk, hooks=hooks(), confirmed=seen.digest)


def test_a_run_stops_after_its_batch(place: Database, clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    closed(place, clerk, *(date(2026, 1, day) for day in range(1, 6)))
    monkeypatch.setattr(retention, "BATCH", 2)
    with place.write(HERE) as session, clock.at(noon(date(2027, 6, 1))):
        seen = retention.preview(session, RULE, actor=clerk)
        report = retention.run(session, RULE, actor=clerk, hooks=hooks(), confirmed=seen.digest)
        assert (report.erased, report.left) == (2, 3)


def test_who_has_no_right_sees_and_erases_nothing(place: Database) -> None:
    with place.write(HERE) as session:
        for call in (retention.preview, retention.due_list):
            with pytest.raises(AccessDenied):
                call(session, RULE, actor=visitor())
        with pytest.raises(AccessDenied):
            retention.run(session, RULE, actor=visitor(), hooks=hooks(), confirmed="x")
        with pytest.raises(AccessDenied):
            holds.place_hold(session, PERSON, actor=visitor(), reason="Una causa in corso.")


def test_a_legal_hold_keeps_what_is_due_until_it_is_released(place: Database, clerk: Actor) -> None:
    with clock.at(noon(CLOSED)):
        request_id = ready(place, clerk, "access")
        with place.write(HERE) as session:
            requests.withdraw(session, session.get_one(SubjectRequest, (HERE, request_id)), actor=clerk, reason="Sì.")
    with place.write(HERE) as session, clock.at(noon(date(2028, 1, 1))):
        hold = holds.place_hold(session, PERSON, actor=clerk, reason="Una causa in corso.")
        found = retention.preview(session, RULE, actor=clerk)
        assert (found.due, found.held) == (0, 1)
        with pytest.raises(Refused):
            holds.place_hold(session, PERSON, actor=clerk, reason="Ancora.")
        holds.release_hold(session, hold.id, actor=clerk)
        found = retention.preview(session, RULE, actor=clerk)
        assert (found.due, found.held) == (1, 0)


# --- erasure and restriction -----------------------------------------------------------------------------------------


@pytest.fixture
def duty() -> Iterator[list[datetime | None]]:
    """A rule of somebody who keeps persons: the moment when the person's case was closed."""
    happened: list[datetime | None] = []

    def rows() -> sa.Select[*tuple[Any, ...]]:
        event = sa.literal(happened[0] if happened else None, SubjectRequest.closed_at.type).label("happened_at")
        mine = SubjectRequest.kind == ("erasure" if happened else "none")
        return sa.select(SubjectRequest.id, SubjectRequest.subject_id, event).where(mine)

    rule = RetentionRule(
        "test.person",
        "test.person",
        "special",
        "retention.request_months",
        "Fascicoli",
        "chiusura del caso",
        rows,
        print,
    )
    retention.register_rule(rule)
    yield happened
    retention._rules.pop("test.person")


def seal(database: Database) -> bytes:
    with database.write(HERE) as session:
        return crypto.seal(session, PERSON, "segreto", table="t", row_id=PERSON, field="f")


def test_an_erasure_reaches_every_plugin_destroys_the_key_and_leaves_a_tombstone(place: Database, clerk: Actor) -> None:
    plugin, sealed = Plugin(), seal(place)
    request_id = ready(place, clerk, "erasure")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        retention_erasure.erase_for_request(session, found, actor=clerk, hooks=hooks(plugin))
        assert plugin.erased == [(PERSON, "request")]
        with pytest.raises(Refused, match="già"):
            retention_erasure.erase_for_request(session, found, actor=clerk, hooks=hooks(plugin))
    with place.read(HERE) as session:
        stone = session.scalars(sa.select(Erasure)).one()
        assert (stone.subject_id, stone.cause, stone.cause_id) == (PERSON, "request", request_id)
        with pytest.raises(Unreadable):
            crypto.unseal(session, PERSON, sealed, table="t", row_id=PERSON, field="f")
        assert [e.part for e in audit.entries(session, subject_id=PERSON, limit=9)][:2] == ["erase", "erase"]


def test_an_erasure_that_a_plugin_cannot_do_leaves_everything(place: Database, clerk: Actor) -> None:
    sealed = seal(place)
    request_id = ready(place, clerk, "erasure")
    with pytest.raises(Exception, match="broken"), place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        retention_erasure.erase_for_request(
            session, found, actor=clerk, hooks=hooks(Plugin(), Plugin("broken", fails=True))
        )
    with place.read(HERE) as session:
        assert crypto.unseal(session, PERSON, sealed, table="t", row_id=PERSON, field="f") == b"segreto"
        assert session.scalar(sa.select(Erasure.id)) is None


def test_a_legal_hold_refuses_an_erasure_with_its_reason(place: Database, clerk: Actor) -> None:
    request_id = ready(place, clerk, "erasure")
    with place.write(HERE) as session:
        holds.place_hold(session, PERSON, actor=clerk, reason="Causa di lavoro in corso.")
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(Refused, match="Causa di lavoro in corso"):
            retention_erasure.erase_for_request(session, found, actor=clerk, hooks=hooks())


def test_a_duty_to_keep_refuses_an_erasure_until_its_months_have_passed(
    place: Database, clerk: Actor, duty: list[datetime | None]
) -> None:
    request_id = ready(place, clerk, "erasure")
    plugin = Plugin()
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        for event in (None, noon(date(2026, 3, 1))):
            duty[:] = [event]
            with clock.at(noon(date(2027, 3, 1))), pytest.raises(Refused, match="Fascicoli: si tiene per 12 mesi"):
                retention_erasure.erase_for_request(session, found, actor=clerk, hooks=hooks(plugin))
        assert plugin.erased == []
        with clock.at(noon(date(2027, 3, 2))):
            retention_erasure.erase_for_request(session, found, actor=clerk, hooks=hooks(plugin))
        assert plugin.erased == [(PERSON, "request")]


def test_restricted_data_are_not_changed_until_the_restriction_ends(place: Database, clerk: Actor) -> None:
    request_id = ready(place, clerk, "restriction")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        holds.require_unrestricted(session, PERSON)
        holds.restrict(session, found, actor=clerk)
        with pytest.raises(Refused, match="si leggono e non si cambiano"):
            holds.require_unrestricted(session, PERSON)
        with pytest.raises(Refused, match="già"):
            holds.restrict(session, found, actor=clerk)
        requests.answer(session, found, actor=clerk, text="Bloccati.")
        holds.end_restriction(session, found, actor=clerk)
        holds.require_unrestricted(session, PERSON)
