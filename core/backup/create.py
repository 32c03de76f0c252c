"""Make a backup while the portal runs, and check one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from core import __version__, clock
from core.audit.chain import Chain
from core.audit.heads import heads_file, heads_folder, read_heads
from core.audit.models import HEAD, AccessChain, AuditChain
from core.backup import tables
from core.backup.container import BLOCK, Opener, Sealer
from core.backup.keys import Secret
from core.db import Database
from core.db.owners import MigrationOwner
from core.errors import ConfigError
from core.files.storage import FOLDER as FILES

SIGNING: Final = "secret.key"
KEYS: Final = "keys.json"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a backup holds."""

    created: str
    version: str
    dialect: str
    revisions: Mapping[str, str]
    #: Histories without an installed plugin: their rows are kept, and restored where the plugin is there again.
    absent: Mapping[str, str]
    rows: Mapping[str, int]
    files: int
    size: int


def back_up(database: Database, owners: Sequence[MigrationOwner], path: Path, secret: Secret) -> Summary:
    """Write a backup of everything to ``path`` and read it back before it takes that name.

    Others go on working: the rows are those of one moment. Raises ConfigError: the file exists, no room, no right to
    write there.
    """
    if path.exists():
        raise ConfigError(path, "", "this file exists already", "Choose another name")
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _readable_faults(path):
            _write(database, owners, draft, secret)
            summary = verify(draft, secret)
            os.link(draft, path)
            sync_folder(path.parent)
    except FileExistsError as error:
        raise ConfigError(path, "", "this file exists already", "Choose another name") from error
    finally:
        draft.unlink(missing_ok=True)
    return summary


@contextmanager
def _readable_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        remedy = "The backup was not made, and nothing was left behind"
        raise ConfigError(path, "", f"{error.strerror or error}", remedy) from error


def _write(database: Database, owners: Sequence[MigrationOwner], draft: Path, secret: Secret) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        sealer = Sealer(file, secret)
        try:
            _fill(sealer, database, owners)
            sealer.close()
        except BaseException:
            sealer.abandon()
            raise
        file.flush()
        os.fsync(file.fileno())


def _fill(sealer: Sealer, database: Database, owners: Sequence[MigrationOwner]) -> None:
    # A rotation of keys may run meanwhile: what the rows of this moment need is in the ring before or after.
    before = _ring(database)
    with snapshot(database) as connection:
        sealer.part(start_of(connection, owners), ())
        for shape in tables.shapes(connection, database.metadata):
            sealer.part(shape.head, tables.as_blocks(shape, tables.rows(connection, shape)))
        for name, content in _heads(database, connection):
            _small(sealer, name, content)
    if ring := _joined(before, _ring(database)):
        _small(sealer, KEYS, ring)
    signing = database.data_dir / SIGNING
    if signing.exists():
        _small(sealer, SIGNING, signing.read_bytes())
    for path in _uploads(database.data_dir):
        _file(sealer, database.data_dir, path)


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """A connection that sees every district as it was at one moment."""
    options = {} if database.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with database.all_districts("backup") as session:
        connection = session.connection(execution_options=options)
        # SQLite takes its moment at the first read, PostgreSQL at the first statement.
        sa.inspect(connection).get_table_names()
        yield connection


def start_of(connection: Connection, owners: Sequence[MigrationOwner]) -> dict[str, Any]:
    """Head of the first part: which software, which database, how far each history has run."""
    known, found = {owner.name for owner in owners}, tables.revisions(connection)
    return {
        "part": "start",
        "created": clock.now().isoformat(timespec="seconds"),
        "version": __version__,
        "dialect": connection.dialect.name,
        "revisions": {name: revision for name, revision in found.items() if name in known},
        "absent": {name: revision for name, revision in found.items() if name not in known},
    }


def _small(sealer: Sealer, name: str, content: bytes) -> None:
    sealer.part({"part": "file", "name": name}, [(content, len(content))])


def _file(sealer: Sealer, root: Path, path: Path) -> None:
    """One upload. It may have been erased since it was listed: then it is left out, as its row will be."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        sealer.part({"part": "file", "name": path.relative_to(root).as_posix()}, _pieces(file))


def _pieces(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    while piece := file.read(BLOCK):
        yield piece, len(piece)


def _uploads(data_dir: Path) -> Iterator[Path]:
    """Finished uploads, in a stable order, a folder at a time."""
    for folder, names, files in os.walk(data_dir / FILES):
        names.sort()
        yield from (Path(folder) / name for name in sorted(files) if not name.endswith(".part"))


# --- keys and heads --------------------------------------------------------------------------------------------------


def _ring(database: Database) -> bytes:
    path = database.keyring.path
    return path.read_bytes() if path.exists() else b""


def _joined(before: bytes, after: bytes) -> bytes:
    """The ring as it is now, with the keys that a rotation dropped meanwhile."""
    if not before or before == after:
        return after
    ring = json.loads(after)
    known = {row["id"] for row in ring["keys"]}
    dropped = [row | {"state": "old"} for row in json.loads(before)["keys"] if row["id"] not in known]
    return json.dumps(ring | {"keys": [*dropped, *ring["keys"]]}, indent=1).encode()


def _heads(database: Database, connection: Connection) -> Iterator[tuple[str, bytes]]:
    """The signed heads that the chains of this moment count; later ones speak of rows that are not in it."""
    folder = heads_folder(database)
    for chain, number in _counted(connection):
        path = heads_file(folder, chain)
        if path.exists():
            yield f"{folder.name}/{path.name}", _lines(path, number)


def _counted(connection: Connection) -> Iterable[tuple[Chain, int]]:
    present = set(sa.inspect(connection).get_table_names())
    if AccessChain.__tablename__ not in present:
        return
    for number in connection.scalars(sa.select(AccessChain.heads).where(AccessChain.id == HEAD)):
        yield Chain(None), number
    for district, number in connection.execute(sa.select(AuditChain.district_id, AuditChain.heads)).all():
        yield Chain(district), number


def _lines(path: Path, most: int) -> bytes:
    heads = list(read_heads(path))
    kept = sum(1 for head in heads if head is None or head.number <= most)
    with path.open("rb") as file:
        return b"".join(line for _number, line in zip(range(kept), file, strict=False))


# --- check -----------------------------------------------------------------------------------------------------------


def verify(path: Path, secret: Secret) -> Summary:
    """Read a whole backup and check every byte. Raises ConfigError that says what is wrong with it."""
    with opened(path, secret) as opener, opener.sound():
        start: dict[str, Any] = {}
        for part in opener.parts():
            if part.kind == "start":
                start = part.head
            if part.kind == "table":
                for _row in tables.from_blocks(tables.Shape.of_head(part.head), part.blocks):
                    pass
        return _summary(start, opener.counts)


@contextmanager
def opened(path: Path, secret: Secret) -> Iterator[Opener]:
    """A backup to read. Raises ConfigError."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigError(path, "", f"{error.strerror or error}", "Name the file of a backup") from error
    with file:
        yield Opener(path, file, secret)


def _summary(start: Mapping[str, Any], counts: Mapping[str, int]) -> Summary:
    by_kind: dict[str, dict[str, int]] = {"start": {}, "table": {}, "file": {}}
    for key, count in counts.items():
        kind, _colon, name = key.partition(":")
        by_kind[kind][name] = count
    facts = {name: start[name] for name in ("created", "version", "dialect", "revisions", "absent")}
    return Summary(**facts, rows=by_kind["table"], files=len(by_kind["file"]), size=sum(by_kind["file"].values()))


def sync_folder(folder: Path) -> None:
    """Wait until the disk knows the names in the folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
