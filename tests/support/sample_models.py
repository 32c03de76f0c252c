"""Small models of two districts for the tests of the database layer; they stay out of the application's metadata."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import (
    Base,
    Cents,
    Database,
    DistrictOwned,
    InstallationRow,
    Json,
    Key,
    children,
    link_table,
    owned_foreign_key,
    parent,
)
from core.db.base import NAMING


class SampleBase(Base):
    """Base with a metadata of its own."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


case_tags = link_table(
    "sample_case_tag", {"case_id": "sample_case", "tag_id": "sample_tag"}, metadata=SampleBase.metadata
)


class SampleAccount(InstallationRow, SampleBase):
    """Under a name of the list, so that it counts as the installation's."""

    __tablename__ = "core_account"
    name: Mapped[str] = mapped_column(String(80), default="")


class SampleTag(DistrictOwned, SampleBase):
    __tablename__ = "sample_tag"
    name: Mapped[str] = mapped_column(String(80))


class SamplePerson(DistrictOwned, SampleBase):
    __tablename__ = "sample_person"
    name: Mapped[str] = mapped_column(String(80))
    cases: Mapped[list[SampleCase]] = children("SampleCase", "person_id", back_populates="person")


class SampleCase(DistrictOwned, SampleBase):
    __tablename__ = "sample_case"
    __table_args__ = (owned_foreign_key("person_id", "sample_person"), owned_foreign_key("above_id", "sample_case"))
    person_id: Mapped[uuid.UUID | None] = mapped_column(Key)
    above_id: Mapped[uuid.UUID | None] = mapped_column(Key)
    state: Mapped[str] = mapped_column(String(20), default="open")
    number: Mapped[int] = mapped_column(default=0)
    amount: Mapped[int] = mapped_column(Cents, default=0)
    seen_at: Mapped[datetime | None]
    answers: Mapped[Any | None] = mapped_column(Json)
    version: Mapped[int] = mapped_column(default=1)
    person: Mapped[SamplePerson | None] = parent("SamplePerson", person_id, back_populates="cases")
    above: Mapped[SampleCase | None] = parent("SampleCase", above_id)
    notes: Mapped[list[SampleNote]] = children(
        "SampleNote", "case_id", back_populates="case", cascade="all, delete-orphan"
    )
    tags: Mapped[list[SampleTag]] = relationship(secondary=case_tags)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - read by SQLAlchemy


class SampleNote(DistrictOwned, SampleBase):
    __tablename__ = "sample_note"
    __table_args__ = (
        ForeignKeyConstraint(["author_id"], ["core_account.id"]),
        owned_foreign_key("case_id", "sample_case"),
    )
    case_id: Mapped[uuid.UUID | None] = mapped_column(Key)
    author_id: Mapped[uuid.UUID | None] = mapped_column(Key)
    text: Mapped[str] = mapped_column(String(200), default="")
    case: Mapped[SampleCase | None] = parent("SampleCase", case_id, back_populates="notes")


def fill(database: Database, *districts: int) -> None:
    """Three people with a case and a note each, and one tag on the last case, in every district named."""
    for district in districts:
        with database.write(district) as session:
            for number in range(3):
                case = SampleCase(number=number, person=SamplePerson(name=f"person {number}"))
                case.notes.append(SampleNote(text="first"))
                session.add(case)
            case.tags.append(SampleTag(name="tag"))
