"""The file of a backup: a line that says how it is locked, then one encrypted stream of parts.

Inside, each part is a head (JSON), blocks of content, and a foot (JSON) with count and SHA-256; the last part is the
manifest, which lists all of them. Everything is read and written block by block.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from core.backup.keys import KINDS, Secret, check_value
from core.crypto import Unreadable
from core.crypto.stream import EncryptedReader, EncryptedWriter
from core.errors import ConfigError

MAGIC: Final = b"innesto-backup "
FORMAT: Final = 1
LENGTH: Final = 4
LARGEST_HEADER: Final = 4096
#: A block is this long at least, unless it is the last of its part; a long row may make it longer.
BLOCK: Final = 64 * 1024
LARGEST_BLOCK: Final = 256 * 1024 * 1024
MANIFEST: Final = "manifest"
DAMAGED: Final = "Take another copy of this backup, or an earlier one"


@dataclass(frozen=True, slots=True)
class Foot:
    """What a part held: how many rows or bytes, and the SHA-256 of its content."""

    count: int
    sha256: str


class Sealer:
    """Writes the parts of a new backup into ``target``."""

    def __init__(self, target: IO[bytes], secret: Secret) -> None:
        key, facts = secret.lock()
        header = MAGIC + json.dumps({"format": FORMAT, "lock": facts, "check": check_value(key)}).encode() + b"\n"
        target.write(header)
        self._out = EncryptedWriter(target, key, context=header)
        self._whole = hashlib.sha256()
        self.counts: dict[str, int] = {}

    def part(self, head: dict[str, Any], blocks: Iterable[tuple[bytes, int]]) -> Foot:
        """Write one part; each block comes with the number of rows (or bytes) in it."""
        self._frame(_packed(head))
        digest, count = hashlib.sha256(), 0
        for block, number in blocks:
            if block:
                self._frame(block)
                digest.update(block)
                count += number
        self._frame(b"")
        foot = Foot(count, digest.hexdigest())
        self._frame(_packed({"count": foot.count, "sha256": foot.sha256}))
        self._whole.update(_packed(head) + digest.digest())
        self.counts[f"{head['part']}:{head.get('name', '')}"] = count
        return foot

    def close(self) -> None:
        """Write the manifest and the end."""
        text = _packed({"counts": self.counts, "sha256": self._whole.hexdigest()})
        self.part({"part": MANIFEST}, [(text, len(text))])
        self._out.close()

    def abandon(self) -> None:
        """Stop without an end: nobody can take the half for the whole."""
        self._out.abandon()

    def _frame(self, data: bytes) -> None:
        self._out.write(len(data).to_bytes(LENGTH, "big"))
        self._out.write(data)


@dataclass
class Part:
    """One part while it is read: its head, its blocks once, and afterwards its foot."""

    head: dict[str, Any]
    blocks: Iterator[bytes]
    foot: Foot | None = field(default=None)

    @property
    def kind(self) -> str:
        """``start``, ``table``, ``file`` or ``manifest``."""
        return str(self.head["part"])

    @property
    def name(self) -> str:
        """Of the table or file."""
        return str(self.head.get("name", ""))


class Opener:
    """Reads a backup from its beginning to its end, and checks all it reads.

    Raises ConfigError that names the file: not a backup, made by a newer version, wrong key, cut or changed.
    """

    def __init__(self, path: Path, source: IO[bytes], secret: Secret) -> None:
        self.path = path
        header = source.readline(LARGEST_HEADER)
        facts = self._facts(header)
        key = self._key(facts, secret)
        self._whole, self.counts = hashlib.sha256(), dict[str, int]()
        try:
            self._in = io.BufferedReader(EncryptedReader(source, key, context=header), BLOCK)
        except Unreadable as error:
            raise self.damaged() from error

    def parts(self) -> Iterator[Part]:
        """Every part in order, the manifest excepted; ends without an error only where the backup is whole."""
        with self.sound():
            yield from self._parts()

    @contextmanager
    def sound(self) -> Iterator[None]:
        """What cannot be read inside the block is a damaged backup."""
        try:
            yield
        except (Unreadable, ValueError, KeyError, TypeError) as error:
            raise self.damaged() from error

    def _parts(self) -> Iterator[Part]:
        while True:
            part = self._next()
            if part.kind == MANIFEST:
                self._close(json.loads(b"".join(part.blocks)))
                return
            yield part
            for _rest in part.blocks:
                pass

    def _next(self) -> Part:
        head = json.loads(self._frame())
        part = Part(head, iter(()))
        part.blocks = self._blocks(part)
        return part

    def _blocks(self, part: Part) -> Iterator[bytes]:
        # Whoever reads the part runs this, not ``parts``.
        with self.sound():
            yield from self._checked(part)

    def _checked(self, part: Part) -> Iterator[bytes]:
        digest = hashlib.sha256()
        while block := self._frame():
            digest.update(block)
            yield block
        foot = json.loads(self._frame())
        if foot["sha256"] != digest.hexdigest():
            raise ValueError(f"{part.kind} {part.name}")
        part.foot = Foot(int(foot["count"]), digest.hexdigest())
        if part.kind != MANIFEST:
            self._whole.update(_packed(part.head) + digest.digest())
            self.counts[f"{part.kind}:{part.name}"] = part.foot.count

    def _close(self, manifest: dict[str, Any]) -> None:
        if manifest["counts"] != self.counts or manifest["sha256"] != self._whole.hexdigest() or self._in.read(1):
            raise ValueError("manifest")

    def _frame(self) -> bytes:
        size = int.from_bytes(self._exactly(LENGTH), "big")
        if size > LARGEST_BLOCK:
            raise ValueError("length")
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = self._in.read(size)
        if len(data) < size:
            raise ValueError("cut")
        return data

    def _facts(self, header: bytes) -> dict[str, Any]:
        if not header.startswith(MAGIC) or not header.endswith(b"\n"):
            raise ConfigError(self.path, "", "this is not a backup of Innesto", "Name the file of a backup")
        try:
            facts: dict[str, Any] = json.loads(header[len(MAGIC) :])
            if int(facts["format"]) <= FORMAT and facts["lock"]["kind"] in KINDS and facts["check"]:
                return facts
            number = int(facts["format"])
        except (ValueError, KeyError, TypeError) as error:
            raise self.damaged() from error
        if number <= FORMAT:
            raise self.damaged()
        raise ConfigError(self.path, "", "made by a newer version of Innesto", "Restore it with that version")

    def _key(self, facts: dict[str, Any], secret: Secret) -> bytes:
        lock = facts["lock"]
        if not isinstance(secret, KINDS[lock["kind"]]):
            word = {"passphrase": "a passphrase: --passphrase-file", "recovery": "a recovery key: --key-file"}
            raise ConfigError(self.path, "", f"this backup is opened by {word[lock['kind']]}", "Give the right one")
        try:
            key = secret.open(lock)
        except (ValueError, KeyError, TypeError) as error:
            raise self.damaged() from error
        if check_value(key) != facts["check"]:
            problem = "this passphrase or recovery key does not open this backup"
            raise ConfigError(self.path, "", problem, "Take the one that was in use when it was made")
        return key

    def damaged(self) -> ConfigError:
        """The file is not what was written."""
        return ConfigError(self.path, "", "the backup is cut or changed; nothing of it was used", DAMAGED)


def lock_of(path: Path) -> str:
    """Which kind of key opens the file: ``passphrase``, ``recovery``, or empty where it does not say."""
    try:
        with path.open("rb") as file:
            header = file.readline(LARGEST_HEADER)
        return str(json.loads(header.removeprefix(MAGIC))["lock"]["kind"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _packed(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()
