"""Reminders of requests whose last day comes near or has passed: one notice each, to who works them off."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from threading import Event as Flag
from threading import Thread
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock, notifications
from core.access import Actor
from core.db import Database
from core.privacy.figures import figure
from core.privacy.requests.models import SubjectRequest, SubjectRequestStep
from core.privacy.requests.operations import address_of, record_step
from core.privacy.requests.permissions import MANAGE, REQUEST, holders
from core.privacy.requests.terms import OPEN, REMINDER_DAYS

log = logging.getLogger(__name__)
#: Steps of a request's history: what was told.
SOON: Final = "remind"
LATE: Final = "overdue"


def remind(session: Session) -> int:
    """Tell of every open request of the district that is near its last day, and again of each that is past it.

    Whoever it is given to is told, or everybody who may manage requests. Each is told once for a last day: an extended
    request is told of again. Answers how many requests were told of; none where the model has no ``REMINDER_DAYS``.
    """
    # Locked first: of two servers one tells, and the other then reads that it was told.
    due = _due(session, lock=True)
    for request, what in due:
        for account_id in sorted(_workers(session, request)):
            kind = "late" if what == LATE else "soon"
            notifications.notice(
                session, account_id, _sentence(request, what), url=address_of(session, request), kind=kind
            )
        record_step(session, request, Actor.system(request.district_id, "Promemoria"), what)
    return len(due)


def waits(session: Session) -> bool:
    """Whether ``remind`` would tell of a request: most of the time there is nothing to write."""
    return bool(_due(session, lock=False))


def _due(session: Session, *, lock: bool) -> list[tuple[SubjectRequest, str]]:
    """The requests to tell of, the most urgent first, each with the step that this is."""
    days, today = figure(session, REMINDER_DAYS, clock.today()), clock.today()
    if not isinstance(days, int):
        return []
    near = sa.select(SubjectRequest).where(
        SubjectRequest.state.in_(OPEN), SubjectRequest.due_on <= today + timedelta(days=days)
    )
    near = near.order_by(SubjectRequest.due_on, SubjectRequest.id)
    rows = session.scalars(near.with_for_update(skip_locked=True) if lock else near).all()
    steps = (
        (row, LATE, row.due_on) if today > row.due_on else (row, SOON, row.due_on - timedelta(days)) for row in rows
    )
    return [(row, what) for row, what, since in steps if not _was_told(session, row, what, since)]


def _was_told(session: Session, request: SubjectRequest, what: str, since: date) -> bool:
    steps = sa.select(SubjectRequestStep.id).where(
        SubjectRequestStep.request_id == request.id,
        SubjectRequestStep.what == what,
        SubjectRequestStep.at >= _midnight(since),
    )
    return session.scalars(steps.limit(1)).first() is not None


def _workers(session: Session, request: SubjectRequest) -> frozenset[UUID]:
    able = holders(session, MANAGE, REQUEST)
    return able & {request.assigned_to} or able


def _sentence(request: SubjectRequest, what: str) -> dict[str, str]:
    day = f"{request.due_on:%d/%m/%Y}"
    if what == LATE:
        return {
            "it": f"La richiesta {request.number} è in ritardo: andava chiusa entro il {day}.",
            "en": f"Request {request.number} is late: it was due by {day}.",
        }
    return {
        "it": f"La richiesta {request.number} va chiusa entro il {day}.",
        "en": f"Request {request.number} is due by {day}.",
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.ROME)


class ReminderWorker:
    """A thread that looks once an hour at the requests of all districts until it is stopped."""

    FIRST, PAUSE = 20.0, 3600.0

    def __init__(self, database: Database, district_ids: Callable[[], Sequence[int]]) -> None:
        self._database, self._district_ids = database, district_ids
        self._stop = Flag()
        self._thread = Thread(target=self._run, name="reminders", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End after the district in hand."""
        self._stop.set()
        self._thread.join(timeout=10)

    def round(self) -> int:
        """Look at every district once; how many requests were told of."""
        return sum(self._one(district_id) for district_id in self._district_ids())

    def _one(self, district_id: int) -> int:
        with self._database.read(district_id) as session:
            if not waits(session):
                return 0
        with self._database.write(district_id) as session:
            return remind(session)

    def _run(self) -> None:
        pause = self.FIRST
        while not self._stop.wait(pause):
            pause = self.PAUSE
            try:
                self.round()
            except Exception:  # the worker outlives any fault of the database
                log.exception("nobody was reminded; trying again")
