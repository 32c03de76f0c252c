"""The audit of each district, the log of the installation, and the heads of their chains."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String, event
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.audit import triggers
from core.db import Base, DistrictOwned, InstallationRow, Key, UtcDateTime

#: The one row of a chain.
HEAD: Final = UUID(int=0)


class AuditEntry(DistrictOwned, Base):
    """Somebody looked at something, or did something. Field names and references, never values."""

    __tablename__ = "core_audit_entry"

    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    #: None: a visitor, or the system itself, as ``who`` says.
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200), default="")
    #: Function and body under which the account acted.
    function: Mapped[str] = mapped_column(String(120), default="")
    organisation: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[str] = mapped_column(String(20))
    resource: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[UUID | None] = mapped_column(Key)
    #: The person whom the entry is about.
    subject_id: Mapped[UUID | None] = mapped_column(Key)
    #: Which part of the object: a tab, a section.
    part: Mapped[str] = mapped_column(String(60), default="")
    fields: Mapped[list[Any]] = mapped_column(default=list)
    purpose: Mapped[str] = mapped_column(String(120), default="")
    request_id: Mapped[str] = mapped_column(String(40), default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Place in the chain and its seal; None until the sealer has come by.
    seq: Mapped[int | None] = mapped_column(BigInteger)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (
        Index("uq_core_audit_entry_seq", "district_id", "seq", unique=True),
        Index("ix_core_audit_entry_at", "district_id", "at"),
        Index("ix_core_audit_entry_subject", "district_id", "subject_id", "at"),
        Index("ix_core_audit_entry_object", "district_id", "object_id", "at"),
    )


class AccessLog(InstallationRow, Base):
    """Who changed which account or role, when; rows are only ever added."""

    __tablename__ = "core_access_log"

    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(200))
    what: Mapped[str] = mapped_column(String(60))
    target: Mapped[str] = mapped_column(String(254))
    about_district: Mapped[int | None] = mapped_column(SmallInteger)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seq: Mapped[int | None] = mapped_column(BigInteger)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (
        Index("ix_core_access_log_at", "at"),
        Index("uq_core_access_log_seq", "seq", unique=True),
    )


class AuditChain(DistrictOwned, Base):
    """The head of a district's chain; who seals holds this row alone."""

    __tablename__ = "core_audit_chain"

    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32), default=b"")
    #: How many heads were written outside the database, and the place in the chain of the last one.
    heads: Mapped[int] = mapped_column(default=0)
    head_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    head_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessChain(InstallationRow, Base):
    """The head of the installation's chain."""

    __tablename__ = "core_access_chain"

    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32), default=b"")
    heads: Mapped[int] = mapped_column(default=0)
    head_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    head_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


for _model in (AuditEntry, AccessLog):
    event.listen(_model.__table__, "after_create", triggers.after_create, propagate=True)
