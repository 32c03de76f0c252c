"""Write an event in the transaction of the change."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core import clock
from core.events.models import OutboxEvent


def emit(session: Session, name: str, **payload: Any) -> None:
    """Queue the event ``name`` (``record.published``) with facts that are safe to keep: references, never content."""
    moment = clock.now()
    session.add(OutboxEvent(name=name, payload=payload, happened_at=moment, next_try_at=moment))
