"""The outbox of mails and the notices of each account."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, InstallationRow, Json, Key, UtcDateTime


class Mail(InstallationRow, Base):
    """A mail that waits, was sent or was given up. Address and text are sealed, and emptied once it is sent."""

    __tablename__ = "core_mail"

    template: Mapped[str] = mapped_column(String(60))
    #: The account it is for, where it is for one.
    account_id: Mapped[UUID | None] = mapped_column(Key)
    #: What may be shown of the address: ``s…@comune.example``.
    hint: Mapped[str] = mapped_column(String(260))
    #: Address, subject and text under a key of the installation; ``None`` once sent.
    letter: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: SHA-256 of what makes a second mail the same as this one.
    dedupe: Mapped[str | None] = mapped_column(String(64), unique=True)
    #: Fixed before the first attempt: a repeat after a crash carries the same.
    message_id: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    #: Since when it is due: grows with each failure, and begins again when somebody asks for a retry.
    waiting_since: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    #: A worker has it in hand until then.
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(200), default="")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_core_mail_waiting", "sent_at", "given_up_at", "next_try_at"),)


class Notice(DistrictOwned, Base):
    """A sentence for one account of the district, shown until it is marked as read."""

    __tablename__ = "core_notice"

    account_id: Mapped[UUID] = mapped_column(Key)
    #: By language; names codes and acts, never a condition, a service or a person.
    sentence: Mapped[dict[str, Any]] = mapped_column(Json)
    #: Path of the page it speaks of; empty for none.
    url: Mapped[str] = mapped_column(String(300), default="")
    #: ``info``, ``soon`` or ``late``, as ``macros/state.html`` draws them.
    kind: Mapped[str] = mapped_column(String(20), default="info")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_core_notice_account", "district_id", "account_id", "read_at", "created_at"),)
