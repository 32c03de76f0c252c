"""The key ring of the installation: a file of 256-bit keys that wrap the data keys of the database.

The file is made at the first start and must be kept apart from the backups of the database: whoever holds both reads
everything, whoever holds one of them reads nothing.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import ConfigError

NAME: Final = "keys.json"
KEY_BYTES: Final = 32
VERSION: Final = 1
REMEDY: Final = "Put back the copy of this file that was kept apart from the backups, then start again"
State = Literal["active", "old"]
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class RingKey:
    """One key of the ring; ``secret`` never leaves this process and is not shown by ``repr``."""

    id: str
    created: datetime
    state: State
    secret: bytes

    def __repr__(self) -> str:
        return f"RingKey({self.id}, {self.state})"


class KeyMissing(ConfigError):
    """A key that the database needs is not in the ring. ``key`` is its id."""


class KeyRing:
    """The keys of one file. A key that was read once stays known to this process, also when a rotation drops it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        #: Set by who has seen that the ring holds what the database needs; not asked again by this process.
        self.fits = False
        self._mutex = threading.Lock()
        self._known: dict[str, RingKey] = {}
        self._keys: tuple[RingKey, ...] = ()
        self._stamp: Stamp | None = None
        self._erased: frozenset[str] = frozenset()
        self._erased_stamp: Stamp | None = None

    @property
    def exists(self) -> bool:
        """Whether the file has been made."""
        return self.path.exists()

    def make(self) -> None:
        """Make the file with a first key; two processes that start at once agree. Does nothing where it exists."""
        if self.exists:
            return
        _write(self.path, (_new_key(),), replacing=False)

    def warm(self) -> None:
        """Know the keys there are now, before the rows that need them are read: a rotation may drop them in between.

        A ring that is missing or damaged is the concern of whoever needs a key.
        """
        if self._stamp is None:
            with suppress(ConfigError):
                self._refresh()

    def listed(self) -> Sequence[RingKey]:
        """The keys as the file lists them now. Raises ConfigError where it is missing or damaged."""
        self._refresh()
        return self._keys

    def active(self) -> RingKey:
        """The key that wraps new data keys, as the file says now. Raises ConfigError."""
        active = [key for key in self.listed() if key.state == "active"]
        if len(active) != 1:
            raise ConfigError(self.path, "keys", f"{len(active)} keys are active instead of one", REMEDY)
        return active[0]

    def find(self, key_id: str) -> RingKey:
        """The key of that id; the file is read again when it is unknown. Raises KeyMissing, ConfigError."""
        if key_id not in self._known:
            self._refresh()
        if key_id not in self._known:
            raise KeyMissing(self.path, key_id, "this key is not in the ring", REMEDY)
        return self._known[key_id]

    def add(self) -> RingKey:
        """Put a new active key into the file; the others become old. Only under ``exclusive``."""
        fresh = _new_key()
        _write(self.path, (*(replace(key, state="old") for key in self.listed()), fresh), replacing=True)
        return fresh

    def drop_old(self) -> list[str]:
        """Take the old keys out of the file; answers their ids. Only under ``exclusive``, once nothing needs them."""
        dropped = [key.id for key in self.listed() if key.state == "old"]
        _write(self.path, tuple(key for key in self.listed() if key.state == "active"), replacing=True)
        return dropped

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other rotations away. Raises ConfigError while one is running; the kernel ends it with its process."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor, lock)
            yield
        finally:
            os.close(descriptor)

    @property
    def erased_path(self) -> Path:
        """The file beside the ring that lists destroyed data keys."""
        return self.path.with_suffix(".erased")

    def erased(self) -> frozenset[str]:
        """Ids of the data keys that were destroyed: a restored backup must not bring them back to life."""
        stamp = _stamp_of(self.erased_path)
        if stamp != self._erased_stamp:
            self._erased = frozenset(self.erased_path.read_text(encoding="ascii").split()) if stamp else frozenset()
            self._erased_stamp = stamp
        return self._erased

    def note_erased(self, key_ids: Iterable[str]) -> None:
        """Add destroyed data keys to the list. Raises OSError."""
        descriptor = os.open(self.erased_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write("".join(f"{key_id}\n" for key_id in key_ids))
            file.flush()
            os.fsync(file.fileno())

    def complaints(self) -> list[str]:
        """What is careless about the file: readable or writable by others than its owner."""
        mode = self.path.stat().st_mode & 0o777
        if not mode & 0o077:
            return []
        return [f"{self.path}: others may read this file (mode {mode:o}). Run: chmod 600 {self.path}"]

    def _refresh(self) -> None:
        with self._mutex:
            stamp = self._look()
            if stamp == self._stamp:
                return
            self._keys = _read(self.path)
            self._known.update({key.id: key for key in self._keys})
            self._stamp = stamp

    def _look(self) -> Stamp:
        stamp = _stamp_of(self.path)
        if stamp is None:
            raise KeyMissing(self.path, "", "the key ring is not there", REMEDY)
        return stamp


def _stamp_of(path: Path) -> Stamp | None:
    """What changes with every change of a file; None where it is not there."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _lock(descriptor: int, lock: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(lock, "", "another rotation is running", "Wait until it has ended") from error


def _new_key() -> RingKey:
    return RingKey(f"k-{secrets.token_hex(6)}", datetime.now(UTC), "active", secrets.token_bytes(KEY_BYTES))


def _read(path: Path) -> tuple[RingKey, ...]:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        keys = tuple(_from_row(row) for row in content["keys"])
    except OSError as error:
        raise ConfigError(path, "", f"the key ring cannot be read: {error.strerror}", REMEDY) from error
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise ConfigError(path, "", "this is not a key ring, or it is damaged", REMEDY) from error
    if content.get("version") != VERSION or not keys or any(len(key.secret) != KEY_BYTES for key in keys):
        raise ConfigError(path, "", "this is not a key ring, or it is damaged", REMEDY)
    return keys


def _from_row(row: dict[str, str]) -> RingKey:
    state: State = "active" if row["state"] == "active" else "old"
    return RingKey(
        row["id"], datetime.fromisoformat(row["created"]), state, base64.b64decode(row["key"], validate=True)
    )


def _to_row(key: RingKey) -> dict[str, str]:
    secret = base64.b64encode(key.secret).decode("ascii")
    return {"id": key.id, "created": key.created.isoformat(), "state": key.state, "key": secret}


def _write(path: Path, keys: Sequence[RingKey], *, replacing: bool) -> None:
    """Whole or not at all, and on the disk before anything relies on it. Raises ConfigError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    text = json.dumps({"version": VERSION, "keys": [_to_row(key) for key in keys]}, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_through(draft, text)
        _put(draft, path, replacing=replacing)
        _sync_folder(path.parent)
    except OSError as error:
        remedy = "Make the folder writable for the user of the portal, or choose another file with KEYS"
        raise ConfigError(path, "", f"the key ring cannot be written: {error.strerror}", remedy) from error
    finally:
        draft.unlink(missing_ok=True)


def _write_through(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _put(draft: Path, path: Path, *, replacing: bool) -> None:
    if replacing:
        draft.replace(path)
        return
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # Another process was first: its ring is ours too.


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
