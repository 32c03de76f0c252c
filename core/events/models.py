"""The outbox of events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, DistrictOwned, Json, UtcDateTime


class OutboxEvent(DistrictOwned, Base):
    """An event that waits for its handlers, or that all of them have taken (kept for a while, as proof)."""

    __tablename__ = "core_event"

    name: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Plugins that have taken it: one that fails does not keep it from the others, nor gives it to them twice.
    taken_by: Mapped[list[str]] = mapped_column(Json, default=list)
    #: Not tried again before this moment: grows with each failure.
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index("ix_core_event_waiting", "district_id", "delivered_at", "next_try_at"),)
