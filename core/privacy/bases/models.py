"""Tables of the legal basis: what persons were told and allowed, who shares with whom. The register is the district's.

Bodies are named by id and by the name they had: the history must be readable after a body left the model.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, DistrictOwned, Json, Key, UtcDateTime
from core.districts.models import NAME_LENGTH


class NoticeGiven(DistrictOwned, Base):
    """Proof that a person received the privacy notice (*scheda privacy*). Never changed."""

    __tablename__ = "core_notice_given"

    subject_id: Mapped[UUID] = mapped_column(Key)
    version: Mapped[str] = mapped_column(String(60))
    given_on: Mapped[date]
    #: ``paper``, ``screen``, ``mail`` or ``aloud``.
    how: Mapped[str] = mapped_column(String(20))
    #: The person signed for having received it: a proof of notice, never a consent.
    signed: Mapped[bool]
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(NAME_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (Index(None, "district_id", "subject_id", "given_on"),)


class Consent(DistrictOwned, Base):
    """A consent that the model asks for, given or refused on a day, perhaps withdrawn later."""

    __tablename__ = "core_consent"

    subject_id: Mapped[UUID] = mapped_column(Key)
    #: A term of the vocabulary ``consents``.
    kind: Mapped[str] = mapped_column(String(60))
    given: Mapped[bool]
    given_on: Mapped[date]
    withdrawn_on: Mapped[date | None]
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(NAME_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        CheckConstraint("withdrawn_on IS NULL OR withdrawn_on >= given_on", name="withdrawn_after"),
        Index(None, "district_id", "subject_id", "kind"),
    )


class Sharing(DistrictOwned, Base):
    """The data of a person reach a body, on a basis, from a day to another (not included)."""

    __tablename__ = "core_sharing"

    subject_id: Mapped[UUID] = mapped_column(Key)
    organisation_id: Mapped[UUID] = mapped_column(Key)
    organisation: Mapped[str] = mapped_column(String(NAME_LENGTH))
    basis: Mapped[str] = mapped_column(String(40))
    articles: Mapped[list[Any]] = mapped_column(Json, default=list)
    consent_id: Mapped[UUID | None] = mapped_column(Key)
    note: Mapped[str] = mapped_column(Text, default="")
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    account_id: Mapped[UUID | None] = mapped_column(Key)
    who: Mapped[str] = mapped_column(String(NAME_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_by: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="valid_range"),
        Index(None, "district_id", "subject_id", "organisation_id"),
        Index(None, "district_id", "organisation_id"),
    )
