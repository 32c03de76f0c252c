"""Hand the waiting events of each district to the plugins: one transaction for each plugin and event."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event as Flag
from threading import Thread
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core import clock
from core.contributions import Event
from core.db import Database
from core.errors import kind_and_place
from core.events.models import OutboxEvent
from core.hooks import Hooks

log = logging.getLogger(__name__)
BATCH = 50
LONGEST_WAIT = timedelta(hours=1)


def deliver_pending(database: Database, hooks: Hooks, district_id: int) -> int:
    """Deliver what waits in one district; return how many events every plugin has now taken."""
    with database.read(district_id) as session:
        events = [_as_event(row) for row in session.scalars(_waiting())]
    return sum(_deliver(database, hooks, event) for event in events)


def _waiting() -> Select[OutboxEvent]:
    due = OutboxEvent.next_try_at <= clock.now()
    return select(OutboxEvent).where(OutboxEvent.delivered_at.is_(None), due).order_by(OutboxEvent.id).limit(BATCH)


def _as_event(row: OutboxEvent) -> Event:
    return Event(str(row.id), row.name, row.district_id, dict(row.payload), row.happened_at.isoformat())


def _deliver(database: Database, hooks: Hooks, event: Event) -> bool:
    failures = []
    for plugin in hooks.implementers("handle_event"):
        try:
            _hand_to(database, hooks, plugin, event)
        except Exception as error:  # a plugin may fail in any way; the event waits for it alone
            hooks.problems.add(plugin, "handle_event", error)
            log.warning("event %s waits for plugin %s", event.name, plugin, exc_info=error)
            failures.append(f"{plugin}: {kind_and_place(error)}")
    with database.write(event.district_id) as session:
        _settle(session, event, failures)
    return not failures


def _hand_to(database: Database, hooks: Hooks, plugin: str, event: Event) -> None:
    handle = hooks.of(plugin, "handle_event")
    with database.write(event.district_id) as session:
        row = _row(session, event)
        if handle is None or row is None or plugin in row.taken_by:
            return
        handle(event=event, session=session)
        row.taken_by = [*row.taken_by, plugin]


def _settle(session: Session, event: Event, failures: Sequence[str]) -> None:
    row = _row(session, event)
    if row is None:
        return
    if not failures:
        row.delivered_at = clock.now()
        return
    row.tries += 1
    row.last_error = failures[0][:300]
    row.next_try_at = clock.now() + min(LONGEST_WAIT, timedelta(seconds=2 ** min(row.tries, 12)))


def _row(session: Session, event: Event) -> OutboxEvent | None:
    return session.scalars(select(OutboxEvent).where(OutboxEvent.id == UUID(event.id)).with_for_update()).one_or_none()


class EventWorker:
    """A thread that delivers events of all districts until it is stopped."""

    PAUSE = 1.0

    def __init__(self, database: Database, hooks: Hooks, district_ids: Callable[[], Sequence[int]]) -> None:
        self._database, self._hooks, self._district_ids = database, hooks, district_ids
        self._stop = Flag()
        self._thread = Thread(target=self._run, name="events", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End after the event in hand."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stop.wait(self.PAUSE):
            try:
                for district_id in self._district_ids():
                    deliver_pending(self._database, self._hooks, district_id)
            except Exception:  # the worker outlives any fault of the database
                log.exception("events were not delivered; trying again")
