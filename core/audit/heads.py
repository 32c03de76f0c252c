"""Heads outside the database: one signed line each time, in a file that only grows.

A line says how far the chain had come and what its seal was; it is signed together with the line before. Whoever
rewrites the chain in the database would have to rewrite these lines too, and the copies of them kept elsewhere.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core import clock
from core.audit.chain import Chain, Keys, locked_head
from core.db import Database

FOLDER: Final = "audit"
SUFFIX: Final = ".heads"
#: Longer than any line.
TAIL: Final = 4096


@dataclass(frozen=True, slots=True)
class Head:
    """One line: its number from 1, the place in the chain, the seal there, the moment, the signature."""

    number: int
    seq: int
    mac: str
    at: str
    signature: str = ""

    def sign(self, key: bytes, previous: str) -> str:
        """Signature over the facts and the signature of the line before."""
        text = json.dumps([self.number, self.seq, self.mac, self.at, previous])
        return hmac.digest(key, text.encode(), "sha256").hex()

    def line(self, key: bytes, previous: str) -> str:
        """The line as it is written."""
        facts = {"number": self.number, "seq": self.seq, "mac": self.mac, "at": self.at}
        return json.dumps(facts | {"signature": self.sign(key, previous)}, separators=(",", ":")) + "\n"

    @classmethod
    def parse(cls, line: bytes) -> Head:
        """What a line says. Raises ValueError where it is not one."""
        try:
            facts: Any = json.loads(line)
            texts = (str(facts[name]) for name in ("mac", "at", "signature"))
            return cls(int(facts["number"]), int(facts["seq"]), *texts)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("not a head") from error


def heads_folder(database: Database) -> Path:
    """Where the heads lie: ``DATA/audit``."""
    return database.data_dir / FOLDER


def heads_file(folder: Path, chain: Chain) -> Path:
    """The heads of one chain."""
    return folder / f"{chain.name}{SUFFIX}"


def append_head(database: Database, chain: Chain) -> bool:
    """Write how far the chain has come, unless the last line says it already; answers whether a line was added.

    The line is written while the head row is held and before the count of lines is: a crash in between leaves a line
    that is not counted, never a count without its line.
    """
    with database.write(chain.district_id) as session:
        row = locked_head(session, chain)
        if row.seq == row.head_seq:
            return False
        moment = clock.now()
        number = _append(
            heads_file(heads_folder(database), chain), Keys.to_seal(session, chain), row, moment.isoformat()
        )
        row.heads, row.head_seq, row.head_at = number, row.seq, moment
    return True


def _append(path: Path, keys: Keys, row: Any, at: str) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        last = _last_line(file)
        number: int = max(row.heads, last.number if last else 0) + 1
        head = Head(number, row.seq, row.mac.hex(), at)
        file.write(head.line(keys.heads, last.signature if last else "").encode())
        file.flush()
        os.fsync(file.fileno())
    return number


def _last_line(file: Any) -> Head | None:
    """The last whole line, the file standing behind it: what a crash left half written is overwritten."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    tail: bytes = file.read()
    whole = tail.rfind(b"\n") + 1
    file.seek(size - len(tail) + whole)
    file.truncate()
    lines = tail[:whole].splitlines()
    try:
        return Head.parse(lines[-1]) if lines else None
    except ValueError:
        return None  # ``verify`` tells that this line is damaged.


def read_heads(path: Path) -> Iterator[Head | None]:
    """The lines of a file in order, None for one that is damaged; a last one without its end is left out."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            try:
                yield Head.parse(line)
            except ValueError:
                yield None
