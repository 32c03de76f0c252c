"""Encrypted files: whole or refused."""

from __future__ import annotations

import gc
import io
import os
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.crypto import Unreadable
from core.crypto.stream import CHUNK, SEALED_CHUNK, EncryptedReader, EncryptedWriter

KEY = bytes(range(32))
HEAD = 20


def encrypted(content: bytes, key: bytes = KEY, context: bytes = b"file 1") -> bytes:
    target = io.BytesIO()
    with EncryptedWriter(target, key, context) as writer:
        writer.write(content)
    return target.getvalue()


def decrypted(sealed: bytes, key: bytes = KEY, context: bytes = b"file 1") -> bytes:
    with EncryptedReader(io.BytesIO(sealed), key, context) as reader:
        return reader.read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17])
def test_every_length_comes_back(size: int) -> None:
    content = os.urandom(size)
    sealed = encrypted(content)
    assert decrypted(sealed) == content
    assert len(sealed) == HEAD + size + 16 * max(1, -(-size // CHUNK))


@settings(max_examples=30, deadline=None)
@given(parts=st.lists(st.integers(0, 40_000), max_size=12), reads=st.integers(1, 100_000))
def test_how_it_is_written_and_read_makes_no_difference(parts: list[int], reads: int) -> None:
    content = os.urandom(sum(parts))
    target, start = io.BytesIO(), 0
    with EncryptedWriter(target, KEY) as writer:
        for size in parts:
            assert writer.write(content[start : start + size]) == size
            start += size
    target.seek(0)
    pieces = []
    with EncryptedReader(target, KEY) as reader:
        while piece := reader.read(reads):
            pieces.append(piece)
    assert b"".join(pieces) == content


def test_a_file_cut_anywhere_is_refused() -> None:
    sealed = encrypted(b"a" * (CHUNK + 100))
    ends = [0, 3, HEAD - 1, HEAD, HEAD + 1, HEAD + 50, HEAD + SEALED_CHUNK - 1, HEAD + SEALED_CHUNK, len(sealed) - 1]
    for end in ends:
        with pytest.raises(Unreadable):
            decrypted(sealed[:end])


def test_a_file_cut_at_a_chunk_is_refused_before_its_end_is_told() -> None:
    sealed = encrypted(b"a" * 3 * CHUNK)
    with EncryptedReader(io.BytesIO(sealed[: HEAD + 2 * SEALED_CHUNK]), KEY, b"file 1") as reader:
        chunks = reader.chunks()
        assert next(chunks) == b"a" * CHUNK
        with pytest.raises(Unreadable):
            next(chunks)
        with pytest.raises(Unreadable):
            reader.read()


def test_every_changed_byte_is_noticed() -> None:
    sealed = encrypted(b"riservato")
    for at in range(len(sealed)):
        with pytest.raises(Unreadable):
            decrypted(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])


def test_chunks_that_change_places_or_files_are_noticed() -> None:
    content = os.urandom(3 * CHUNK)
    one, other = encrypted(content), encrypted(content)
    first, second = one[HEAD : HEAD + SEALED_CHUNK], one[HEAD + SEALED_CHUNK : HEAD + 2 * SEALED_CHUNK]
    for forged in (
        one[:HEAD] + second + first + one[HEAD + 2 * SEALED_CHUNK :],
        one[:HEAD] + other[HEAD : HEAD + SEALED_CHUNK] + one[HEAD + SEALED_CHUNK :],
        one[:HEAD] + first + one[HEAD:],
        one + b"\0",
    ):
        with pytest.raises(Unreadable):
            decrypted(forged)


def test_another_key_or_place_opens_nothing() -> None:
    sealed = encrypted(b"riservato")
    for key, context in ((KEY[::-1], b"file 1"), (KEY, b"file 2"), (KEY, b"")):
        with pytest.raises(Unreadable):
            decrypted(sealed, key, context)


def test_a_writer_that_fails_or_is_forgotten_leaves_a_file_that_is_refused() -> None:
    failed, forgotten = io.BytesIO(), io.BytesIO()
    with pytest.raises(RuntimeError), EncryptedWriter(failed, KEY, b"file 1") as writer:
        writer.write(b"half")
        raise RuntimeError
    EncryptedWriter(forgotten, KEY, b"file 1").write(b"half")
    gc.collect()
    for target in (failed, forgotten):
        with pytest.raises(Unreadable):
            decrypted(target.getvalue())


def test_memory_does_not_grow_with_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    path, block = tmp_path_factory.mktemp("stream") / "big", b"x" * 100_000
    tracemalloc.start()
    with path.open("wb") as target, EncryptedWriter(target, KEY) as writer:
        for _ in range(300):
            writer.write(block)
    with path.open("rb") as source, EncryptedReader(source, KEY) as reader:
        assert sum(map(len, reader.chunks())) == 30_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
