"""Tables of definitions and records. All of them belong to a district."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, DistrictKey, DistrictOwned, Json, Key, UtcDateTime, owned_foreign_key
from core.forms.types.base import VALUE_LENGTH
from core.forms.types.lists import REF_LENGTH

SLUG_LENGTH = 100


class Definition(DistrictOwned, Base):
    """A published version of a form or workflow. Never changed: what was written under it keeps it."""

    __tablename__ = "core_definition"

    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(50))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    plugin: Mapped[str] = mapped_column(String(50))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("district_id", "kind", "key", "version"),)


class Record(DistrictOwned, Base):
    """One item of any type. ``answers`` is judged by the form version that the record is pinned to.

    ``public`` and ``complete`` follow from state and answers; they are stored so that SQL can ask for them.
    """

    __tablename__ = "core_record"

    ref: Mapped[str] = mapped_column(String(REF_LENGTH))
    type: Mapped[str] = mapped_column(String(50))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    state: Mapped[str] = mapped_column(String(50))
    public: Mapped[bool]
    complete: Mapped[bool]
    form_id: Mapped[UUID] = mapped_column(Key)
    form_version: Mapped[int]
    workflow_id: Mapped[UUID] = mapped_column(Key)
    workflow_version: Mapped[int]
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[UUID | None] = mapped_column(Key)
    version: Mapped[int] = mapped_column()
    answers: Mapped[dict[str, Any]] = mapped_column(Json)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy asks for a plain dict
    __table_args__ = (
        UniqueConstraint("district_id", "ref"),
        UniqueConstraint("district_id", "type", "slug"),
        Index(None, "district_id", "type", "state", "updated_at"),
        Index(None, "district_id", "type", "public", "updated_at"),
        owned_foreign_key("form_id", "core_definition"),
        owned_foreign_key("workflow_id", "core_definition"),
    )


class RecordValue(Base):
    """A filterable answer: exactly one of ``text`` (folded), ``number`` and ``date`` is set."""

    __tablename__ = "core_record_value"

    district_id: Mapped[int] = mapped_column(DistrictKey, primary_key=True, autoincrement=False)
    record_id: Mapped[UUID] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(50), primary_key=True)
    ord: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lang: Mapped[str] = mapped_column(String(5), primary_key=True)
    text: Mapped[str | None] = mapped_column(String(VALUE_LENGTH))
    number: Mapped[float | None]
    date: Mapped[date | None]

    __table_args__ = (
        owned_foreign_key("record_id", "core_record", ondelete="CASCADE"),
        *(
            Index(
                f"ix_core_record_value_{column}",
                "district_id",
                "key",
                column,
                "record_id",
                sqlite_where=sa.text(f"{column} IS NOT NULL"),
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
            )
            for column in ("text", "number", "date")
        ),
    )


class RecordHistory(DistrictOwned, Base):
    """What happened to a record, as a sentence by language with the gap ``%(actor)s``. Only ever added to."""

    __tablename__ = "core_record_history"

    record_id: Mapped[UUID] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[UUID | None] = mapped_column(Key)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    sentence: Mapped[dict[str, Any]] = mapped_column(Json)
    #: Keys of the answers that changed; never their content.
    fields: Mapped[list[Any]] = mapped_column(Json)
    version: Mapped[int]

    __table_args__ = (
        Index(None, "district_id", "record_id", "at"),
        owned_foreign_key("record_id", "core_record", ondelete="CASCADE"),
    )


class RecordSlug(DistrictOwned, Base):
    """A former address of a record: it redirects to the present one and is never given away."""

    __tablename__ = "core_record_slug"

    type: Mapped[str] = mapped_column(String(50))
    slug: Mapped[str] = mapped_column(String(SLUG_LENGTH))
    record_id: Mapped[UUID] = mapped_column(Key)
    retired_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("district_id", "type", "slug"),
        owned_foreign_key("record_id", "core_record", ondelete="CASCADE"),
    )
