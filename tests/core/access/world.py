"""A small world to grant things in: dossiers of several kinds with owners and helpers, and sheets of one kind."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.access import Actor, Grant, Permission, registry
from core.access.models import Account
from core.accounts.operations import create_account
from core.accounts.passwords import Hashing
from core.db import Base, Database, DistrictOwned, Key
from core.districts.models import District

CHEAP = Hashing(time_cost=1, memory_kib=8, parallelism=1)
PASSWORD = "quattro gatti in tram"
HERE, THERE = 1, 2


class WorldBase(DeclarativeBase):
    """Tables of these tests alone, out of the metadata that other tests compare with the database."""

    metadata = sa.MetaData()
    type_annotation_map: ClassVar[dict[type, type]] = {UUID: Key}


class Dossier(DistrictOwned, WorldBase):
    __tablename__ = "accesstest_dossier"

    kind: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20))
    owner: Mapped[UUID | None]
    number: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        sa.Index("ix_accesstest_dossier_number", "district_id", "number"),
        sa.Index("ix_accesstest_dossier_owner", "district_id", "owner"),
    )


class Helper(DistrictOwned, WorldBase):
    __tablename__ = "accesstest_helper"

    dossier_id: Mapped[UUID]
    account_id: Mapped[UUID]

    __table_args__ = (sa.Index("ix_accesstest_helper", "district_id", "account_id", "dossier_id"),)


class Sheet(DistrictOwned, WorldBase):
    __tablename__ = "accesstest_sheet"

    owner: Mapped[UUID | None]


def helped(actor: Actor, _now: datetime) -> sa.ColumnElement[bool]:
    return Dossier.id.in_(sa.select(Helper.dossier_id).where(Helper.account_id == actor.account_id))


def public(_actor: Actor, _now: datetime) -> sa.ColumnElement[bool]:
    return Dossier.state == "published"


registry.register_entity(
    Dossier,
    resource=Dossier.kind,
    state=Dossier.state,
    scopes={"own": registry.owned_by(Dossier.owner), "team": helped, "public": public},
)
registry.register_entity(Sheet, resource="accesstest.sheet", scopes={"own": registry.owned_by(Sheet.owner)})
registry.register_permissions(
    [
        Permission("secret", "read", closed=True),
        Permission("guide", "read", field_groups=("personal", "special")),
    ]
)


#: Whose tables exist in these tests: each test makes them anew, so there are no others.
OWNERS = ("core.access.", "core.accounts.", "core.audit.", "core.crypto.", "core.districts.", "core.teams.")


def whole_metadata() -> sa.MetaData:
    """The tables of accounts, roles, audit and keys, and those of this world."""
    whole = sa.MetaData()
    ours = (mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__module__.startswith(OWNERS))
    tables = {model.__table__ for model in ours}
    for table in (*tables, *WorldBase.metadata.sorted_tables):
        table.to_metadata(whole)
    return whole


def add_districts(database: Database) -> None:
    with database.write(None) as session:
        for number, slug in ((HERE, "here"), (THERE, "there")):
            name = {"it": slug}
            session.add(District(id=number, slug=slug, name=name, languages=["it"], model="test"))


def system(district: int | None = HERE) -> Actor:
    return Actor.system(district, "test")


def add_account(database: Database, email: str, *, portal_admin: bool = False, password: str = PASSWORD) -> Account:
    with database.write(None) as session:
        return create_account(
            session,
            email=email,
            name="Prova",
            actor=system(None),
            password=password,
            portal_admin=portal_admin,
            hashing=CHEAP,
        )


def worker(account_id: UUID, *grants: Grant, district: int = HERE) -> Actor:
    return Actor(account_id, "Prova", "account", district, grants)
