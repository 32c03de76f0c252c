"""One table: the notices."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Date, String, UniqueConstraint, or_
from sqlalchemy.orm import Mapped, mapped_column

from core.toolkit import Actor, Base, DistrictOwned, Json, Key, UtcDateTime, clock


class Notice(DistrictOwned, Base):
    """A short text with a last day; ``event_id`` tells which event made it, so that a repeat makes no second one."""

    __tablename__ = "example_notice"

    text: Mapped[dict[str, str]] = mapped_column(Json)
    url: Mapped[str] = mapped_column(String(300), default="")
    last_day: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[UUID | None] = mapped_column(Key)
    event_id: Mapped[str | None] = mapped_column(String(36))

    __table_args__ = (UniqueConstraint("district_id", "event_id"),)

    @staticmethod
    def is_current(actor: Actor, now: datetime) -> ColumnElement[bool]:
        """The scope of visitors: notices whose last day has not passed."""
        return or_(Notice.last_day.is_(None), Notice.last_day >= now.astimezone(clock.ROME).date())
