"""Requests of the persons concerned and the steps that were taken."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Key, UtcDateTime, owned_foreign_key

DIGEST = LargeBinary(32)


class SubjectRequest(DistrictOwned, Base):
    """Somebody exercises a right over the own data (art. 15-20 GDPR). Texts are sealed under the request's own key."""

    __tablename__ = "core_subject_request"

    year: Mapped[int]
    serial: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    #: ``public``: the form without an account; ``desk``: an operator wrote it for somebody.
    channel: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20), default="received")
    received_on: Mapped[date]
    due_on: Mapped[date]
    extended_on: Mapped[date | None]
    name: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    text: Mapped[bytes | None] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject_resource: Mapped[str] = mapped_column(String(60), default="")
    subject_id: Mapped[UUID | None] = mapped_column(Key)
    assigned_to: Mapped[UUID | None] = mapped_column(Key, ForeignKey("core_account.id"))
    #: How the office made sure who asks; empty until it did.
    identity: Mapped[str] = mapped_column(String(20), default="")
    #: The data protection officer decided that the access file names who looked.
    names_disclosed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[UUID | None] = mapped_column(Key, ForeignKey("core_account.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Digest of the form that was sent: sent twice, it makes one request.
    form: Mapped[bytes | None] = mapped_column(DIGEST)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        UniqueConstraint("district_id", "year", "serial"),
        UniqueConstraint("district_id", "form"),
        Index("ix_core_subject_request_queue", "district_id", "state", "due_on"),
        Index("ix_core_subject_request_subject", "district_id", "subject_id"),
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy

    @property
    def number(self) -> str:
        """What people call the request: ``PRV-2026-0012``."""
        return f"PRV-{self.year}-{self.serial:04d}"


class SubjectRequestStep(DistrictOwned, Base):
    """What was done with a request, by whom, and why; the reason is sealed under the request's key."""

    __tablename__ = "core_subject_request_step"

    request_id: Mapped[UUID] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        owned_foreign_key("request_id", "core_subject_request", ondelete="CASCADE"),
        Index("ix_core_subject_request_step_request", "district_id", "request_id", "at"),
    )
