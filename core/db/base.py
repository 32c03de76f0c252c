"""Base classes of all models, their keys, and the helpers that join district-owned tables."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, TypeAlias

from sqlalchemy import Column, ColumnElement, ForeignKeyConstraint, MetaData, Table, and_, inspect
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedColumn,
    Relationship,
    foreign,
    mapped_column,
    relationship,
    remote,
)

from core.db.types import DistrictKey, Json, Key, UtcDateTime
from core.errors import TenancyError

#: Name of the column that makes a table district-owned.
DISTRICT = "district_id"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base of core and plugins; plain annotations map to our own types."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        uuid.UUID: Key,
        datetime: UtcDateTime,
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def uuid7() -> uuid.UUID:
    """A new UUID version 7 (RFC 9562): sorts by creation time, to the millisecond."""
    millis = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high = millis << 80 | 0x7 << 76 | (noise >> 62 & 0xFFF) << 64
    return uuid.UUID(int=high | 0b10 << 62 | noise & (1 << 62) - 1)


def _district_of_connection(context: DefaultExecutionContext) -> int:
    district = context.root_connection.get_execution_options().get("district")
    if not isinstance(district, int):
        raise TenancyError(f"say the {DISTRICT} of the new row: this session serves no single district")
    return district


def district_column() -> Column[int]:
    """``district_id`` of a Core table: first part of the primary key, filled from the session."""
    return Column(DISTRICT, DistrictKey, primary_key=True, autoincrement=False, default=_district_of_connection)


class DistrictOwned:
    """Mixin of rows that belong to one district: primary key ``(district_id, id)``."""

    district_id: Mapped[int] = mapped_column(
        DistrictKey, primary_key=True, autoincrement=False, default=_district_of_connection, sort_order=-20
    )
    id: Mapped[uuid.UUID] = mapped_column(Key, primary_key=True, default=uuid7, sort_order=-19)


class InstallationRow:
    """Mixin of rows that belong to the whole installation: primary key ``id`` (UUIDv7)."""

    id: Mapped[uuid.UUID] = mapped_column(Key, primary_key=True, default=uuid7, sort_order=-19)


def owned_foreign_key(
    column: str, table: str, *, ondelete: Literal["CASCADE", "RESTRICT"] | None = None
) -> ForeignKeyConstraint:
    """Constraint ``(district_id, column)`` → ``table(district_id, id)``, for ``__table_args__``.

    SET NULL is not offered: it would empty ``district_id`` as well.
    """
    return ForeignKeyConstraint([DISTRICT, column], [f"{table}.{DISTRICT}", f"{table}.id"], ondelete=ondelete)


def link_table(name: str, columns: Mapping[str, str], *, metadata: MetaData = Base.metadata) -> Table:
    """Many-to-many table of district-owned tables: ``link_table("x_case_tag", {"case_id": "x_case", …})``.

    Use it as ``relationship(secondary=…)``.
    """
    keys = [Column(column, Key, primary_key=True) for column in columns]
    constraints = [owned_foreign_key(column, table) for column, table in columns.items()]
    return Table(name, metadata, district_column(), *keys, *constraints)


Target: TypeAlias = str | type[Any] | Callable[[], type[Any]]


def parent(target: Target, local_column: Mapped[Any], **options: Any) -> Relationship[Any]:
    """Many-to-one between district-owned models.

    ``local_column`` is the mapped column of the same class body that holds the parent's id, not its name; the
    constraint comes from ``owned_foreign_key``. ``options`` go to ``relationship()`` (``back_populates``, …)::

        case_id: Mapped[UUID] = mapped_column(Key)
        case: Mapped[Case] = parent("Case", case_id)
    """
    if not isinstance(local_column, MappedColumn):
        raise TypeError("parent() takes the mapped_column of the same class body, not its name")
    return relationship(target, primaryjoin=lambda: _parent_join(target, local_column.column), **options)


def children(target: Target, foreign_column: str, **options: Any) -> Relationship[Any]:
    """One-to-many, the other side of ``parent``; ``foreign_column`` names the column of the target that points here."""
    return relationship(target, primaryjoin=lambda: _children_join(target, foreign_column), **options)


def _model(target: Target) -> type[Any]:
    if isinstance(target, type):
        return target
    if not isinstance(target, str):
        return target()
    found = [mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__name__ == target]
    if len(found) != 1:
        raise LookupError(f"{len(found)} models are called {target!r}: pass the class or a function that returns it")
    return found[0]


def _parent_join(target: Target, local: Column[Any]) -> ColumnElement[bool]:
    # foreign() stands on the id alone: on both columns, emptying the parent would empty district_id too.
    parent_columns = inspect(_model(target)).local_table.c
    return and_(
        remote(parent_columns[DISTRICT]) == local.table.c[DISTRICT],
        remote(parent_columns["id"]) == foreign(local),
    )


def _children_join(target: Target, foreign_column: str) -> ColumnElement[bool]:
    child = inspect(_model(target)).local_table.c
    parent_columns = _referred_table(child[foreign_column]).c
    return and_(
        parent_columns[DISTRICT] == remote(child[DISTRICT]),
        parent_columns["id"] == remote(foreign(child[foreign_column])),
    )


def _referred_table(column: Column[Any]) -> Table:
    tables = {key.column.table for key in column.foreign_keys}
    if len(tables) != 1:
        raise LookupError(f"{column}: give it one owned_foreign_key() in __table_args__")
    return tables.pop()
