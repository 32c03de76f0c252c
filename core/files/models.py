"""The table of uploaded files; their contents lie sealed in the data folder."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Key, UtcDateTime

QUARANTINE, READY, REFUSED, REMOVED = "quarantine", "ready", "refused", "removed"


class StoredFile(DistrictOwned, Base):
    """A file that belongs to an object and is seen by who may see that object and the file's class of data."""

    __tablename__ = "core_file"

    resource: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[UUID] = mapped_column(Key)
    #: The person (or object) whose data key seals name and content.
    subject_id: Mapped[UUID] = mapped_column(Key)
    field_class: Mapped[str] = mapped_column(String(20))
    #: What the person who uploaded it calls it: it may hold a name or a diagnosis.
    title: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    #: ``quarantine`` · ``ready`` · ``refused`` · ``removed``
    state: Mapped[str] = mapped_column(String(20), default=QUARANTINE)
    reason: Mapped[str] = mapped_column(String(300), default="")
    uploaded_by: Mapped[UUID | None] = mapped_column(Key)
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(None, "district_id", "resource", "object_id"),
        Index(None, "district_id", "state", "uploaded_at"),
    )
