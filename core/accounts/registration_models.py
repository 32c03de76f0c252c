"""Companies that ask for an account by themselves."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Key, UtcDateTime


class CompanyRegistration(DistrictOwned, Base):
    """A company that asked to work with the district; the contact person's data are sealed under the row's own key."""

    __tablename__ = "core_company_registration"

    vat_number: Mapped[str] = mapped_column(String(11))
    company: Mapped[str] = mapped_column(String(200))
    contact_name: Mapped[bytes] = mapped_column(LargeBinary)
    email: Mapped[bytes] = mapped_column(LargeBinary)
    #: ``sent``, ``confirmed`` (by the link in the mail), ``approved`` or ``refused``.
    state: Mapped[str] = mapped_column(String(10), default="sent")
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(Key, ForeignKey("core_account.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    organisation_id: Mapped[UUID | None] = mapped_column(Key)
    account_id: Mapped[UUID | None] = mapped_column(Key, ForeignKey("core_account.id"))

    __table_args__ = (
        UniqueConstraint("district_id", "code_hash"),
        Index("ix_core_company_registration_state", "district_id", "state", "created_at"),
        Index("ix_core_company_registration_vat", "district_id", "vat_number"),
    )
