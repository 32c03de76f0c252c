"""Rows of tables as typed lines that mean the same on every database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.engine import Inspector
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.backup.container import BLOCK
from core.db import Json, Key, UtcDateTime
from core.db.owners import VERSION_TABLE
from core.errors import ConfigError

#: Rows in memory at a time.
BATCH: Final = 500
#: Kind of a column, by its type; the first that fits.
KINDS: Final[Sequence[tuple[type[TypeEngine[Any]], str]]] = (
    (Key, "uuid"),
    (UtcDateTime, "moment"),
    (Json, "json"),
    (sa.Uuid, "uuid"),
    (sa.JSON, "json"),
    (sa.Boolean, "bool"),
    (sa.Integer, "int"),
    (sa.DateTime, "moment"),
    (sa.Date, "day"),
    (sa.Time, "time"),
    (sa.Float, "float"),
    (sa.Numeric, "decimal"),
    (sa.LargeBinary, "bytes"),
    (sa.String, "text"),
)
TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    "uuid": Key(),
    "moment": UtcDateTime(),
    "json": Json(),
    "bool": sa.Boolean(),
    "int": sa.BigInteger(),
    "day": sa.Date(),
    "time": sa.Time(),
    "float": sa.Float(),
    "decimal": sa.Numeric(),
    "bytes": sa.LargeBinary(),
    "text": sa.Text(),
}
Turn = Callable[[Any], Any]
#: How a value of a kind is written as JSON, and read again; the others stay as they are.
CODES: Final[Mapping[str, tuple[Turn, Turn]]] = {
    "uuid": (lambda value: value.hex, lambda text: UUID(hex=text)),
    "moment": (lambda value: value.isoformat(), datetime.fromisoformat),
    "day": (lambda value: value.isoformat(), date.fromisoformat),
    "time": (lambda value: value.isoformat(), time.fromisoformat),
    "decimal": (str, Decimal),
    "bytes": (lambda value: base64.b64encode(value).decode("ascii"), base64.b64decode),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as a backup holds it: its columns with their kinds, and its key, which gives the order of the rows."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    @property
    def head(self) -> dict[str, Any]:
        """As the head of a part."""
        return {"part": "table", "name": self.name, "columns": [list(c) for c in self.columns], "key": list(self.key)}

    @classmethod
    def of_head(cls, head: Mapping[str, Any]) -> Shape:
        """The inverse. Raises KeyError, TypeError or ValueError for what is none."""
        columns = tuple((str(name), str(kind)) for name, kind in head["columns"])
        if any(kind not in TYPES for _name, kind in columns):
            raise ValueError("kind")
        return cls(str(head["name"]), columns, tuple(map(str, head["key"])))

    def table(self) -> Table:
        """A table to select from and to insert into, with our own types and nothing else."""
        return Table(self.name, MetaData(), *(sa.Column(name, TYPES[kind]) for name, kind in self.columns))


def shapes(connection: Connection, metadata: MetaData) -> list[Shape]:
    """Every table that the database really has, parents first where the models know it; histories excepted."""
    inspector = sa.inspect(connection)
    names = {name for name in inspector.get_table_names() if not name.startswith(VERSION_TABLE)}
    known = [table.name for table in metadata.sorted_tables if table.name in names]
    return [_shape(inspector, metadata, name) for name in (*known, *sorted(names.difference(known)))]


def _shape(inspector: Inspector, metadata: MetaData, name: str) -> Shape:
    model = metadata.tables.get(name)
    columns = []
    for found in inspector.get_columns(name):
        modelled = model.c.get(found["name"]) if model is not None else None
        type_ = found["type"] if modelled is None else modelled.type
        columns.append((found["name"], kind_of(type_, f"{name}.{found['name']}")))
    key = inspector.get_pk_constraint(name)["constrained_columns"] or [column for column, _kind in columns]
    return Shape(name, tuple(columns), tuple(key))


def kind_of(type_: TypeEngine[Any], place: str) -> str:
    """The kind of a column's type. Raises ConfigError naming the column where there is none."""
    for known, kind in KINDS:
        if isinstance(type_, known):
            return kind
    if isinstance(type_, TypeDecorator):
        return kind_of(type_.impl_instance, place)
    raise ConfigError("database", place, f"a column of type {type_!r} cannot be saved", "Tell those who keep Innesto")


def rows(connection: Connection, shape: Shape) -> Iterator[Sequence[Any]]:
    """The rows by key, a batch in memory at a time."""
    table = shape.table()
    found = sa.select(table).order_by(*(table.c[name] for name in shape.key))
    yield from connection.execute(found, execution_options={"yield_per": BATCH})


def as_blocks(shape: Shape, found: Iterable[Sequence[Any]]) -> Iterator[tuple[bytes, int]]:
    """Rows as lines of JSON, gathered to blocks that end with a line."""
    writers = [CODES.get(kind, (None, None))[0] for _name, kind in shape.columns]
    block, count = bytearray(), 0
    for row in found:
        values = [write(v) if write and v is not None else v for write, v in zip(writers, row, strict=True)]
        block += json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        count += 1
        if len(block) >= BLOCK:
            yield bytes(block), count
            block, count = bytearray(), 0
    yield bytes(block), count


def from_blocks(shape: Shape, blocks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The inverse. Raises ValueError for a line that is no row of this table."""
    readers = [(name, CODES.get(kind, (None, None))[1]) for name, kind in shape.columns]
    for block in blocks:
        for line in block.splitlines():
            values = json.loads(line)
            pairs = zip(readers, values, strict=True)
            yield {name: read(v) if read and v is not None else v for (name, read), v in pairs}


def load(connection: Connection, shape: Shape, found: Iterable[dict[str, Any]]) -> int:
    """Insert rows, a batch at a time; answers how many."""
    insert, batch, count = shape.table().insert(), list[dict[str, Any]](), 0
    for row in found:
        batch.append(row)
        if len(batch) == BATCH:
            connection.execute(insert, batch)
            count, batch = count + len(batch), []
    if batch:
        connection.execute(insert, batch)
    return count + len(batch)


def replace(connection: Connection, shape: Shape, found: Iterable[dict[str, Any]]) -> int:
    """Load rows in place of those that the migrations themselves have written; answers how many."""
    if count(connection, shape.name):
        connection.execute(sa.delete(shape.table()))
    return load(connection, shape, found)


def count(connection: Connection, name: str) -> int:
    """How many rows a table has."""
    return connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()


def revisions(connection: Connection) -> dict[str, str]:
    """How far the history of each owner has run in this database, removed plugins included."""
    found = {}
    for name in sorted(sa.inspect(connection).get_table_names()):
        if name.startswith(VERSION_TABLE):
            history = sa.table(name, sa.column("version_num", sa.Text()))
            if revision := connection.execute(sa.select(history.c.version_num)).scalar():
                found[name.removeprefix(VERSION_TABLE)] = revision
    return found


FOREIGN_KEYS: Final = sa.text(
    """
    SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid)
      FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace
    """
)


def without_foreign_keys(connection: Connection) -> Callable[[], None]:
    """Take PostgreSQL's foreign keys away until the answered function puts them back, checking every row.

    Within one transaction: rows may then come in any order. On SQLite a migration's connection has them off already.
    """
    if connection.dialect.name != "postgresql":
        return lambda: None
    taken = connection.execute(FOREIGN_KEYS).all()
    for table, name, _definition in taken:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")

    def back() -> None:
        for table, name, definition in taken:
            connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")

    return back
