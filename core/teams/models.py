"""Who works on what: the places of a team, and the requests of those who are not in it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Key, UtcDateTime, owned_foreign_key

HOLDER, SUBSTITUTE, EMERGENCY = "holder", "substitute", "emergency"
OPEN, GRANTED, REFUSED, UNKNOWN = "open", "granted", "refused", "unknown"
_SINGLE = text("single AND kind = 'holder' AND valid_to IS NULL")


class TeamPlace(DistrictOwned, Base):
    """An account works on a row in a function, from a moment (included) to another (not included).

    Rows are never deleted: an ended place is the history of the team. ``kind`` is ``holder``, ``substitute`` (a planned
    absence) or ``emergency`` (break-glass, whose ``function`` is empty).
    """

    __tablename__ = "core_team_place"

    resource: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[UUID] = mapped_column(Key)
    function: Mapped[str] = mapped_column(String(60), default="")
    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    #: On whose behalf. Not a foreign key: a body that leaves the model stays in the history.
    organisation_id: Mapped[UUID | None] = mapped_column(Key)
    kind: Mapped[str] = mapped_column(String(12), default=HOLDER)
    #: The function has one holder at a time in this team.
    single: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Free words, which may say something about the person: sealed under the subject's key.
    sealed_reason: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_end_reason: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: Of a substitute: the place of the absent person.
    stands_for: Mapped[UUID | None] = mapped_column(Key)
    given_by: Mapped[UUID | None] = mapped_column(Key)
    given_by_name: Mapped[str] = mapped_column(String(200), default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_by: Mapped[UUID | None] = mapped_column(Key)

    __table_args__ = (
        owned_foreign_key("stands_for", "core_team_place"),
        Index("ix_core_team_place_object", "district_id", "resource", "object_id"),
        Index("ix_core_team_place_account", "district_id", "account_id", "resource"),
        # The second wall: the first is the lock that every assignment takes.
        Index(
            "uq_core_team_place_single",
            "district_id",
            "resource",
            "object_id",
            "function",
            unique=True,
            sqlite_where=_SINGLE,
            postgresql_where=_SINGLE,
        ),
    )

    def covers(self, moment: datetime) -> bool:
        """Whether the place is in force at that moment."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


class AccessRequest(DistrictOwned, Base):
    """Somebody asked for access by a code. ``object_id`` is empty where the code was unknown (state ``unknown``)."""

    __tablename__ = "core_access_request"

    resource: Mapped[str] = mapped_column(String(60), default="")
    object_id: Mapped[UUID | None] = mapped_column(Key)
    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    #: ``True``: it was an emergency, tried with a code that opens nothing.
    urgent: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    sealed_reason: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(12), default=OPEN)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(Key)
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("ix_core_access_request_account", "district_id", "account_id", "asked_at"),
        Index("ix_core_access_request_open", "district_id", "state", "asked_at"),
    )
