"""Who owns a history of migrations, and whether all of them have run: known without loading Alembic."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import ColumnClause, Connection, column, inspect, select, table

from core.db.database import Database

SCRIPTS: Final = Path(__file__).resolve().parent.parent / "migrations"
VERSION_TABLE: Final = "alembic_version_"


@dataclass(frozen=True, slots=True)
class MigrationOwner:
    """Who owns a history: ``name``, the ``folder`` of its versions, the prefix of its tables (default ``name_``)."""

    name: str
    folder: Path
    metadata_prefix: str = ""

    @property
    def prefix(self) -> str:
        """How the names of this owner's tables begin."""
        return self.metadata_prefix or f"{self.name}_"

    @property
    def version_table(self) -> str:
        """Table that remembers how far this owner's history has run."""
        return f"{VERSION_TABLE}{self.name}"


#: The history of the core, always the first.
CORE: Final = MigrationOwner("core", SCRIPTS / "versions")


def up_to_date(database: Database, owners: Sequence[MigrationOwner]) -> bool:
    """Whether every history stands at its last revision. Where it says no, ``core.db.migrate`` knows what is missing.

    A start asks this, because Alembic costs a quarter of the time and eight megabytes.
    """
    with database.all_districts("state of the migrations") as session:
        connection = session.connection()
        tables = set(inspect(connection).get_table_names())
        return all(_at_head(connection, tables, owner) for owner in owners)


def _at_head(connection: Connection, tables: set[str], owner: MigrationOwner) -> bool:
    revisions, followed = _history(owner.folder)
    if owner.version_table not in tables:
        return not revisions
    number: ColumnClause[str] = column("version_num")
    standing = set(connection.scalars(select(number).select_from(table(owner.version_table, number))))
    return standing == revisions - followed


def _history(folder: Path) -> tuple[set[object], set[object]]:
    """The revisions of a folder, and those that another one follows."""
    facts = [dict(_assigned(file)) for file in sorted(folder.glob("*.py")) if file.name != "__init__.py"]
    return {found.get("revision") for found in facts}, {found.get("down_revision") for found in facts}


def _assigned(file: Path) -> Iterator[tuple[str, object]]:
    """The constants that a migration assigns by name: its own number and that of the one before."""
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield from ((target.id, node.value.value) for target in node.targets if isinstance(target, ast.Name))
