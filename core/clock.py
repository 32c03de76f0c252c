"""The only source of time: real by default, simulated where a test or a demo asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
_simulated: ContextVar[datetime | None] = ContextVar("innesto_clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _simulated.get() or datetime.now(UTC)


def today() -> date:
    """The present day as people in Italy count it."""
    return now().astimezone(ROME).date()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Let ``now()`` answer ``moment`` (aware) inside the block."""
    if moment.tzinfo is None:
        raise ValueError("clock.at() needs an aware datetime")
    token = _simulated.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _simulated.reset(token)
