"""Persons with protected fields in two districts, and workers with every right on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

import core.audit.models
import core.crypto.models
import core.districts.models
import core.privacy.bases.models  # noqa: F401
from core import privacy
from core.access import Actor, Grant, Permission
from core.access.registry import register_entity, register_permissions
from core.db import Base, Database, DistrictOwned
from core.db.base import NAMING, uuid7
from core.districts.models import District, Organisation

HERE, THERE = 1, 2
RESOURCE = "privacytest.person"
CANARY = "RSSMRA80A01F205X"
ILLNESS = "epilessia canarina"
PENALTY = "affidamento canarino"


class PrivacyBase(Base):
    """Tables of these tests alone, out of the metadata that other tests compare with the database."""

    __abstract__ = True
    metadata = sa.MetaData(naming_convention=NAMING)


class Person(DistrictOwned, PrivacyBase):
    __tablename__ = "privacytest_person"

    code: Mapped[str] = mapped_column(sa.String(20), default="P-1")
    tax_code: Mapped[privacy.Sealed | None] = privacy.protected(
        "personal", label="Codice fiscale", blind="tax_code_blind"
    )
    tax_code_blind: Mapped[bytes | None] = privacy.blind_index()
    health: Mapped[privacy.Sealed | None] = privacy.protected("special", label="Salute")
    penal: Mapped[privacy.Sealed | None] = privacy.protected("penal", label="Misura penale")


class Note(DistrictOwned, PrivacyBase):
    """Sealed under the key of the person whom it is about."""

    __tablename__ = "privacytest_note"

    subject_id: Mapped[UUID]
    words: Mapped[privacy.Sealed | None] = privacy.protected("special", label="Nota")


register_entity(Person, resource=RESOURCE)
register_entity(Note, resource="privacytest.note")
register_permissions(
    Permission(RESOURCE, action, field_groups=("personal", "special", "penal")) for action in ("read", "change")
)
privacy.register_subject_entity(
    Person, resource=RESOURCE, page=lambda person: f"/prova/{person.code}", title=lambda person: person.code
)


def whole_metadata() -> sa.MetaData:
    whole = sa.MetaData(naming_convention=NAMING)
    for table in (*Base.metadata.sorted_tables, *PrivacyBase.metadata.sorted_tables):
        table.to_metadata(whole)
    return whole


def add_districts(database: Database) -> None:
    with database.write(None) as session:
        for number, slug in ((HERE, "here"), (THERE, "there")):
            session.add(District(id=number, slug=slug, name={"it": slug}, languages=["it"], model="test"))


def worker(action: str = "read", district: int = HERE, **groups: Any) -> Actor:
    """Somebody with one right on persons: ``worker(personal="read", special="mask")``."""
    grant = Grant(RESOURCE, action, field_groups={"plain": "read", **groups})
    return Actor(uuid7(), "Elena Prova", "account", district, (grant,))


def register_keeper(district: int = HERE) -> Actor:
    """Somebody who keeps the register and may change persons."""
    grants = (Grant("core.privacy", "read"), Grant("core.privacy", "manage"), Grant(RESOURCE, "change"))
    return Actor(uuid7(), "Rita Registro", "account", district, grants)


def add_person(database: Database, code: str = "P-1") -> UUID:
    with database.write(HERE) as session:
        person = Person(code=code)
        privacy.put(session, person, "tax_code", CANARY)
        privacy.put(session, person, "health", ILLNESS)
        privacy.put(session, person, "penal", PENALTY)
        session.add(person)
        session.flush()
        return person.id


def add_body(database: Database, key: str = "cooperativa") -> UUID:
    with database.write(HERE) as session:
        body = Organisation(key=key, name=key.title(), kind="cooperative", status="confirmed", note={}, position=0)
        session.add(body)
        session.flush()
        return body.id
