"""Encrypted files: chunks of AES-GCM, numbered, the last one marked, so that a cut or a swap is noticed.

Layout: ``INN1`` and a salt of 16 bytes, then chunks of 64 KiB (the last may be shorter or empty), each with its tag.
The key of a file follows from the given key, the salt and the context; the nonce is the number of the chunk.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.crypto import ciphers
from core.crypto.errors import Unreadable

MAGIC: Final = b"INN1"
SALT_BYTES: Final = 16
CHUNK: Final = 64 * 1024
SEALED_CHUNK: Final = CHUNK + ciphers.TAG_BYTES
LAST: Final = 1


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(ciphers.NONCE_BYTES - 1, "big") + bytes([LAST if last else 0])


class EncryptedWriter(io.RawIOBase):
    """Writes to ``target`` what is written to it, encrypted with ``key`` (32 bytes); ``close`` ends the file.

    ``context`` ties the file to its place (row, field, backup): a reader must name the same. ``target`` stays open. A
    writer left by an exception writes no end, so the half file is refused by every reader.
    """

    def __init__(self, target: IO[bytes], key: bytes, context: bytes = b"") -> None:
        super().__init__()
        salt = os.urandom(SALT_BYTES)
        self._target, self._buffer, self._number = target, bytearray(), 0
        self._cipher = AESGCM(ciphers.derive(key, "stream", salt=salt))
        self._context = MAGIC + context
        target.write(MAGIC + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Take all of ``data``; whole chunks go on to the target."""
        self._buffer += data
        # A full buffer waits for more: only what is written last may be marked as the last chunk.
        while len(self._buffer) > CHUNK:
            self._send(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write the last chunk. Without it the file is refused as cut."""
        if not self.closed:
            self._send(bytes(self._buffer), last=True)
            self._buffer.clear()
        super().close()

    def abandon(self) -> None:
        """Close without an end."""
        self._buffer.clear()
        super().close()

    def _send(self, chunk: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, self._context))
        self._number += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        # The base class would close, and so mark as whole, a file that nobody finished.
        """Nothing: a writer that is forgotten writes no end."""


class EncryptedReader(io.RawIOBase):
    """Reads from ``source`` what an EncryptedWriter wrote, in order. Raises Unreadable where it was changed or cut.

    Nothing of a chunk is given before it was checked; that the file is whole is known once reading has reached its end.
    """

    def __init__(self, source: IO[bytes], key: bytes, context: bytes = b"") -> None:
        super().__init__()
        head = _exactly(source, len(MAGIC) + SALT_BYTES)
        if head[: len(MAGIC)] != MAGIC or len(head) < len(MAGIC) + SALT_BYTES:
            raise Unreadable("tampered", "this is not an encrypted file of Innesto")
        self._source, self._number, self._buffer = source, 0, memoryview(b"")
        self._cipher = AESGCM(ciphers.derive(key, "stream", salt=head[len(MAGIC) :]))
        self._context = MAGIC + context
        self._ahead = _exactly(source, SEALED_CHUNK)
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def readable(self) -> bool:
        return True

    def readinto(self, target: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Fill ``target``; 0 at the end of a whole file."""
        while not self._buffer and not self._ended:
            self._buffer = memoryview(self._next())
        taken = min(len(target), len(self._buffer))
        target[:taken] = self._buffer[:taken]
        self._buffer = self._buffer[taken:]
        return taken

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of at most 64 KiB."""
        while piece := self.read(CHUNK):
            yield piece

    def _next(self) -> bytes:
        following = _exactly(self._source, SEALED_CHUNK)
        try:
            chunk = self._cipher.decrypt(_nonce(self._number, last=not following), self._ahead, self._context)
        except InvalidTag as error:
            raise Unreadable("tampered", "the file is cut, changed, or not the one that belongs here") from error
        self._ahead, self._ended = following, not following
        self._number += 1
        return chunk


def _exactly(source: IO[bytes], size: int) -> bytes:
    """``size`` bytes, fewer only at the end of the source, which may give less at a time."""
    parts = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
