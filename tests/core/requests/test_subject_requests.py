"""A request about one's own data: sealed, counted in calendar days, nothing done before a person says who asks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import audit, clock
from core.access import Actor, Grant
from core.db import Database
from core.errors import AccessDenied, Conflict, Invalid, NotFound, Refused
from core.notifications.models import Mail, Notice
from core.privacy.requests import operations as requests
from core.privacy.requests import queries as requests_queries
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.terms import deadline_of, last_day
from tests.core.requests.world import (
    CANARY,
    HERE,
    PERSON,
    PERSON_CODE,
    THERE,
    WORKERS,
    ask,
    build,
    noon,
    office,
    visitor,
)

DAY = date(2026, 3, 1)


def test_a_request_arrives_with_a_number_a_last_day_and_a_code(place: Database) -> None:
    with clock.at(noon(DAY)):
        request_id, code = ask(place)
        second, _other = ask(place)
    with place.read(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        assert (found.number, found.state, found.due_on) == ("PRV-2026-0001", "received", date(2026, 3, 31))
        assert session.get_one(SubjectRequest, (HERE, second)).number == "PRV-2026-0002"
    assert len(code.replace("-", "")) == 26


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (date(2026, 1, 31), date(2026, 3, 2)),
        (date(2028, 1, 31), date(2028, 3, 1)),
        (date(2026, 12, 15), date(2027, 1, 14)),
        (date(2026, 3, 28), date(2026, 4, 27)),
    ],
)
def test_thirty_calendar_days_are_counted_from_the_day_after(begin: date, end: date) -> None:
    assert last_day(begin, 30) == end


@pytest.mark.parametrize(
    ("after", "left", "late", "words"),
    [
        (0, 30, False, "mancano 30 giorni"),
        (29, 1, False, "manca 1 giorno"),
        (30, 0, False, "scade oggi"),
        (31, -1, True, "in ritardo di 1 giorno"),
        (60, -30, True, "in ritardo di 30 giorni"),
    ],
)
def test_the_last_day_is_still_in_time_and_the_next_is_late(after: int, left: int, late: bool, words: str) -> None:
    request = SubjectRequest(state="working", due_on=last_day(DAY, 30))
    found = deadline_of(request, DAY + timedelta(days=after))
    assert (found.left, found.late, found.sentence()) == (left, late, words)


def test_a_day_ends_at_midnight_in_italy(place: Database) -> None:
    with clock.at(noon(DAY)):
        ask(place)
    clerk = office(place)
    with place.read(HERE) as session:
        with clock.at(noon(date(2026, 3, 31)).replace(hour=21, minute=59)):
            assert requests_queries.late(session, clerk) == 0
        with clock.at(noon(date(2026, 3, 31)).replace(hour=22, minute=0)):
            assert requests_queries.late(session, clerk) == 1


def test_what_the_person_writes_stands_sealed_in_the_database(place: Database) -> None:
    request_id, _code = ask(place)
    with place.read(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        assert CANARY.encode() not in (found.text or b"")
        assert b"Anna" not in (found.name or b"")
        assert requests.unsealed(session, found, "text") == f"Sono in cura per {CANARY}."
        assert requests.unsealed(session, found, "name") == "Anna Prova"


def test_those_who_work_requests_off_are_told_without_a_word_of_the_person(place: Database) -> None:
    clerk = office(place)
    ask(place)
    with place.read(HERE) as session:
        (notice,) = session.scalars(sa.select(Notice))
        assert notice.account_id == clerk.account_id
        assert notice.sentence["it"].startswith("È arrivata la richiesta PRV-")
        assert "Anna" not in str(notice.sentence)


def test_the_same_form_sent_twice_makes_one_request(place: Database) -> None:
    ask(place, form="mark-1")
    with pytest.raises(Conflict):
        ask(place, form="mark-1")
    ask(place, form="mark-2")
    with place.read(HERE) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SubjectRequest)) == 2


def test_empty_and_endless_answers_are_refused_field_by_field(place: Database) -> None:
    with place.write(HERE) as session:
        with pytest.raises(Invalid) as caught:
            requests.submit(session, "nothing", name=" ", contact="", text="x" * 5001, actor=visitor())
        assert [e.field for e in caught.value.errors] == ["kind", "name", "contact", "text"]
        with pytest.raises(Invalid) as caught:
            requests.submit(session, "rectification", name="A", contact="1", text="", actor=visitor())
        assert [e.field for e in caught.value.errors] == ["text"]


def test_a_district_without_the_figures_says_which_one_is_missing(any_database: Database) -> None:
    build(any_database, figures={})
    with pytest.raises(Refused, match=r"privacy\.answer_days"):
        ask(any_database)


def test_the_desk_needs_the_right_and_may_name_an_earlier_day_but_no_later_one(place: Database, clerk: Actor) -> None:
    facts: dict[str, Any] = {"name": "Anna", "contact": "0331", "text": "", "desk": True}
    with place.write(HERE) as session, clock.at(noon(DAY)):
        with pytest.raises(AccessDenied):
            requests.submit(session, "access", actor=visitor(), **facts)
        with pytest.raises(Invalid):
            requests.submit(session, "access", actor=clerk, received_on=DAY + timedelta(days=1), **facts)
        made, _code = requests.submit(session, "access", actor=clerk, received_on=date(2026, 2, 20), **facts)
        assert (made.due_on, made.channel) == (date(2026, 3, 22), "desk")


def test_nothing_is_answered_before_somebody_checked_the_identity(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(Refused, match="identità"):
            requests.answer(session, found, actor=clerk, text="Ecco i dati.")
        with pytest.raises(Invalid):
            requests.identify(session, found, actor=clerk, how="a-guess")
        requests.identify(session, found, actor=clerk, how="document")
        assert found.state == "working"
        requests.answer(session, found, actor=clerk, text="Ecco i dati.")
        assert (found.state, found.closed_at is not None) == ("answered", True)
        assert requests.unsealed(session, found, "answer") == "Ecco i dati."


@pytest.mark.parametrize("close", ["answer", "refuse", "withdraw"])
def test_a_closed_request_changes_no_more(place: Database, clerk: Actor, close: str) -> None:
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.identify(session, found, actor=clerk, how="known")
        reason = {"text": "Fatto."} if close == "answer" else {"reason": "Non è sua."}
        getattr(requests, close)(session, found, actor=clerk, **reason)
        with pytest.raises(Refused, match="chiusa"):
            requests.extend(session, found, actor=clerk, reason="Serve tempo.")
        with pytest.raises(Refused, match="chiusa"):
            requests.assign(session, found, clerk.account_id, actor=clerk)  # type: ignore[arg-type]


def test_a_refusal_needs_its_reason(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(Invalid):
            requests.refuse(session, found, actor=clerk, reason="  ")
        assert found.state == "received"


def test_the_term_is_prolonged_once_with_a_reason_and_before_it_ends(place: Database, clerk: Actor) -> None:
    with clock.at(noon(DAY)):
        request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with clock.at(noon(date(2026, 4, 1))), pytest.raises(Refused, match="passato"):
            requests.extend(session, found, actor=clerk, reason="Molti archivi.")
        with clock.at(noon(date(2026, 3, 31))):
            with pytest.raises(Invalid):
                requests.extend(session, found, actor=clerk, reason="")
            requests.extend(session, found, actor=clerk, reason="Molti archivi.")
            assert found.due_on == date(2026, 5, 30)
            with pytest.raises(Refused, match="già"):
                requests.extend(session, found, actor=clerk, reason="Ancora.")


def test_the_person_is_told_that_there_is_news_and_not_which(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.refuse(session, found, actor=clerk, reason="Non è la persona interessata.")
    with place.read(None) as session:
        mail = session.scalars(sa.select(Mail).where(Mail.template == "request_news")).one()
        assert mail.hint == "a…@prova.example"


def test_each_step_is_in_the_history_and_in_the_audit(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.assign(session, found, clerk.account_id, actor=clerk)  # type: ignore[arg-type]
        requests.ask_identity(session, found, actor=clerk, reason="Un documento.")
        requests.identify(session, found, actor=clerk, how="document")
        requests.link(session, found, PERSON_CODE, actor=clerk)
        steps = ["create", "assign", "ask_identity", "identify", "link"]
        assert [step.what for step in reversed(requests_queries.steps_of(session, found))] == steps
        noted = audit.entries(session, object_id=request_id, limit=50)
        assert sorted(entry.part for entry in noted) == sorted(steps)
        assert [e.subject_id for e in noted if e.part == "link"] == [PERSON]
        assert CANARY not in str([(e.details, e.fields) for e in noted])


def test_an_unknown_code_links_to_nobody(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(NotFound):
            requests.link(session, found, "LEG-2026-9999", actor=clerk)


def test_a_correction_goes_to_whoever_works_with_the_person(place: Database, clerk: Actor) -> None:
    worker = office(place)
    request_id, _code = ask(place, "rectification")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.identify(session, found, actor=clerk, how="document")
        requests.link(session, found, PERSON_CODE, actor=clerk)
        with pytest.raises(Refused, match="Nessuno"):
            requests.ask_correction(session, found, actor=clerk)
        WORKERS.append(worker.account_id)  # type: ignore[arg-type]
        assert requests.ask_correction(session, found, actor=clerk) == 1


def test_only_who_holds_the_decision_decides_on_names(place: Database, clerk: Actor) -> None:
    officer = office(place, decide=True)
    request_id, _code = ask(place)
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(AccessDenied):
            requests.disclose_names(session, found, True, actor=clerk, reason="Lo chiede.")
        requests.disclose_names(session, found, True, actor=officer, reason="Serve per un reclamo.")
        assert found.names_disclosed


def test_two_who_work_on_one_request_do_not_overwrite_each_other(sqlite_database: Database) -> None:
    build(sqlite_database)
    clerk = office(sqlite_database)
    request_id, _code = ask(sqlite_database)
    with sqlite_database.write(HERE) as late:
        stale = late.get_one(SubjectRequest, (HERE, request_id))
        late.commit()
        with sqlite_database.write(HERE) as quick:
            other = quick.get_one(SubjectRequest, (HERE, request_id))
            requests.identify(quick, other, actor=clerk, how="document")
        with pytest.raises(Conflict):
            requests.identify(late, stale, actor=clerk, how="known")
        late.rollback()


def test_a_request_of_one_district_is_nobody_in_another(place: Database, clerk: Actor) -> None:
    request_id, code = ask(place)
    stranger = Actor(clerk.account_id, "Altrove", "account", THERE, (Grant("core.request", "read"),))
    with place.read(THERE) as session:
        with pytest.raises(NotFound):
            requests_queries.request_of(session, stranger, request_id)
        assert requests_queries.status_by_code(session, code) is None
    with place.read(HERE) as session:
        assert requests_queries.request_of(session, clerk, request_id).id == request_id
        with pytest.raises(NotFound):
            requests_queries.request_of(session, visitor(), request_id)


def test_the_queue_shows_the_most_urgent_first_and_counts_the_late_ones(place: Database, clerk: Actor) -> None:
    days = [date(2026, 3, 10), date(2026, 3, 1), date(2026, 3, 5)]
    with clock.at(noon(date(2026, 3, 10))):
        ids = [ask(place, on=day)[0] for day in days]
    with place.read(HERE) as session, clock.at(noon(date(2026, 4, 5))):
        found = requests_queries.queue(session, clerk)
        assert [item.id for item in found.items] == [ids[1], ids[2], ids[0]]
        assert (found.total, found.late) == (3, 2)
        assert requests_queries.queue(session, visitor()).total == 0
