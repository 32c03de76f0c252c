"""Look for planted words where no protected value may ever stand: files, tables, logs, mails, titles, addresses.

::

    birds = Canaries("epilessia canarina", "RSSMRA80A01F205X")
    assert not birds.in_folder(data)  # database file, write-ahead log, index, queues, mails
    assert not birds.in_tables(database)  # every column of every table, on each database
    assert not birds.in_text(caplog.text, "log")
    assert not birds.in_page(answer)  # title, address, headers; the body where ``body=True``

Each finding says where and as what. A value counts also folded to small letters, in UTF-16, hexadecimal, base64 at any
of its three offsets, percent-encoded, and escaped as JSON or HTML does; files and values that are compressed are
unpacked first.
"""

from __future__ import annotations

import base64
import email
import email.policy
import gzip
import html
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import inspect, text

from core.db import Database

#: Shorter words would be found by chance.
LEAST = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """A planted word where it must not be."""

    where: str
    word: str
    form: str


class Canaries:
    """Some planted words, and every form in which they could leak."""

    def __init__(self, *words: str) -> None:
        for word in words:
            if len(word) < LEAST:
                raise ValueError(f"'{word}' is too short: it could stand anywhere by chance")
        self.words = words

    @cached_property
    def _needles(self) -> list[tuple[str, str, bytes]]:
        return [(word, form, needle) for word in self.words for form, needle in _forms(word)]

    def in_bytes(self, content: bytes, where: str) -> list[Finding]:
        """The words in some bytes, also where they are compressed."""
        found: dict[Finding, None] = {}
        for how, plain in _unpacked(content):
            small = plain.lower()
            for word, form, needle in self._needles:
                if needle in (small if form.startswith("small") else plain):
                    found[Finding(f"{where}{how}", word, form)] = None
        return list(found)

    def in_text(self, content: str, where: str) -> list[Finding]:
        """The words in a text."""
        return self.in_bytes(content.encode("utf-8", "surrogateescape"), where)

    def in_folder(self, folder: Path, *, skip: Iterable[str] = ()) -> list[Finding]:
        """The words in the names and the content of every file below a folder; mails are also decoded."""
        found: list[Finding] = []
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if any(part in skip for part in path.parts):
                continue
            found += self.in_text(name, f"name of {name}")
            if path.is_file():
                content = path.read_bytes()
                found += self.in_bytes(content, name)
                found += self.in_mail(content, name) if path.suffix == ".eml" else []
        return found

    def in_mail(self, content: bytes, where: str) -> list[Finding]:
        """The words in the headers and in each part of a mail."""
        message = email.message_from_bytes(content, policy=email.policy.default)
        found = [f for key, value in message.items() for f in self.in_text(str(value), f"{where}, header {key}")]
        for part in message.walk():
            body = part.get_payload(decode=True)
            found += self.in_bytes(body, f"{where}, {part.get_content_type()}") if isinstance(body, bytes) else []
        return found

    def in_tables(self, database: Database) -> list[Finding]:
        """The words in every column of every table that the database has, of every district."""
        found: list[Finding] = []
        with database.all_districts("look for planted words in a test") as session:
            connection = session.connection()
            for table in sorted(inspect(connection).get_table_names()):
                rows = session.execute(text(f'SELECT * FROM "{table}"')).mappings()
                for row in rows:
                    found += self._in_row(table, row)
        return found

    def _in_row(self, table: str, row: Mapping[Any, Any]) -> Iterator[Finding]:
        for column, value in row.items():
            if value is not None:
                yield from self.in_bytes(_as_bytes(value), f"{table}.{column}")

    def in_page(self, answer: Any, *, body: bool = False) -> list[Finding]:
        """The words in the address, the headers and the title of an answer, and with ``body`` anywhere in it."""
        content = answer.get_data()
        found = self.in_text((getattr(answer, "request", None) and answer.request.full_path) or "", "address")
        for name, value in answer.headers:
            found += self.in_text(value, f"header {name}")
        for title in re.findall(rb"<title>(.*?)</title>", content, re.DOTALL):
            found += self.in_bytes(title, "title")
        for link in re.findall(rb"(?:href|src|action|formaction)=\"([^\"]*)\"", content):
            found += self.in_bytes(link, "link")
        return found + (self.in_bytes(content, "page") if body else [])


def _forms(word: str) -> Iterator[tuple[str, bytes]]:
    plain = word.encode()
    yield "small letters", word.lower().encode()
    yield "UTF-16", word.encode("utf-16-le")
    yield "small hexadecimal", plain.hex().encode()
    yield from (("base64", needle) for needle in _base64(plain))
    for form, escaped in (
        ("percent-encoded", quote(word)),
        ("plus-encoded", quote_plus(word)),
        ("JSON", json.dumps(word)[1:-1]),
        ("HTML", html.escape(word)),
    ):
        if escaped != word:
            yield f"small {form}", escaped.lower().encode()


def _base64(plain: bytes) -> Iterator[bytes]:
    """What stays of the encoding whatever stands before and after."""
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain).rstrip(b"=")
        start = -(-offset * 8 // 6)
        kept = encoded[start : len(encoded) - (0 if (offset + len(plain)) % 3 == 0 else 1)]
        yield kept
        yield kept.translate(bytes.maketrans(b"+/", b"-_"))


def _unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", content
    if content[:2] == b"\x1f\x8b":
        yield " (gzip)", _quietly(gzip.decompress, content)
    if content[:1] == b"\x78":
        yield " (zlib)", _quietly(zlib.decompress, content)
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for name in archive.namelist():
                yield f" ({name})", archive.read(name)


def _quietly(unpack: Any, content: bytes) -> bytes:
    try:
        return bytes(unpack(content))
    except (OSError, EOFError, zlib.error):
        return b""


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False).encode()
    return str(value).encode("utf-8", "surrogateescape")
