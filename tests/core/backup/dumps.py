"""What a database holds, read by the driver alone: nothing of this is shared with the code under test."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

Dump = dict[str, list[tuple[object, ...]]]


def sqlite_dump(path: Path, *, as_json: bool = False) -> Dump:
    """Every table with its rows as stored, sorted; histories of migrations included.

    ``as_json``: JSON is compared by what it says, since PostgreSQL keeps the keys of objects in an order of its own.
    """
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        kept = [name for name in names if not name.startswith("sqlite_")]
        found = {name: _rows(connection, name) for name in kept}
    turn = _said if as_json else _same
    return {name: sorted((tuple(map(turn, row)) for row in rows), key=repr) for name, rows in found.items()}


def _same(value: object) -> object:
    return value


def _said(value: object) -> object:
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return value
    return json.dumps(json.loads(value), sort_keys=True)


def _rows(connection: sqlite3.Connection, name: str) -> list[tuple[object, ...]]:
    columns = sorted(row[1] for row in connection.execute(f'PRAGMA table_info("{name}")'))
    listed = ", ".join(f'"{column}"' for column in columns)
    return connection.execute(f'SELECT {listed} FROM "{name}"').fetchall()


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
