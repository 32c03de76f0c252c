"""Data keys, wrapped by a key of the ring: of a person or a purpose in a district, of a purpose in the installation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, InstallationRow, Key, UtcDateTime


class DataKey(DistrictOwned, Base):
    """Key of one owner (a person; the nil UUID where the district itself owns it) and purpose."""

    __tablename__ = "core_data_key"

    owner_id: Mapped[UUID] = mapped_column(Key)
    purpose: Mapped[str] = mapped_column(String(60))
    #: Id of the ring's key that wraps it.
    ring_key: Mapped[str] = mapped_column(String(40))
    #: None once destroyed: then nothing that was sealed under it can be read again.
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    destroyed_because: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        UniqueConstraint("district_id", "owner_id", "purpose"),
        Index("ix_core_data_key_ring", "district_id", "ring_key"),
    )


class InstallationKey(InstallationRow, Base):
    """Key of one purpose of the installation: second factors, mails, the chain of its log."""

    __tablename__ = "core_installation_key"

    purpose: Mapped[str] = mapped_column(String(60), unique=True)
    ring_key: Mapped[str] = mapped_column(String(40))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
