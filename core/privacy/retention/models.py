"""Restrictions, legal holds, erasures and runs of the retention."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Json, Key, UtcDateTime

DIGEST = LargeBinary(32)


class Restriction(DistrictOwned, Base):
    """The data of a person may be kept and not changed (art. 18), from a moment to another."""

    __tablename__ = "core_restriction"

    subject_id: Mapped[UUID] = mapped_column(Key)
    request_id: Mapped[UUID | None] = mapped_column(Key)
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))

    __table_args__ = (
        Index(
            "uq_core_restriction_running",
            "district_id",
            "subject_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class LegalHold(DistrictOwned, Base):
    """Nothing of this person is erased while the hold lasts; it has an author and a sealed reason."""

    __tablename__ = "core_legal_hold"

    subject_id: Mapped[UUID] = mapped_column(Key)
    reason: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index("ix_core_legal_hold_subject", "district_id", "subject_id", "released_at"),)


class Erasure(DistrictOwned, Base):
    """The tombstone of a person: that the data were erased, when, by whom and why; nothing of what they said."""

    __tablename__ = "core_erasure"

    subject_id: Mapped[UUID] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))
    #: ``request`` or ``retention``.
    cause: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[UUID | None] = mapped_column(Key)

    __table_args__ = (UniqueConstraint("district_id", "subject_id"),)


class RetentionRun(DistrictOwned, Base):
    """One run of a retention rule: who confirmed it, how many rows it erased, how many it left and why."""

    __tablename__ = "core_retention_run"

    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str] = mapped_column(String(120))
    erased: Mapped[int]
    left: Mapped[int]
    details: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    __table_args__ = (Index("ix_core_retention_run_at", "district_id", "at"),)
