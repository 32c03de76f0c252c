"""Addresses: one Italian slug per record, unique per district and type; former ones redirect and stay taken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.i18n import LANGUAGES
from core.records.models import SLUG_LENGTH, Record, RecordSlug

#: Second segments that pages of a list use for themselves.
RESERVED = frozenset(
    {"nuovo", "nuova", "modifica", "cerca", "pagina", "storia", "esporta", "importa", "api", *LANGUAGES}
)
#: Room for the number that makes a slug unique.
_BASE_LENGTH = SLUG_LENGTH - 10
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "&": " e ", "€": " euro "})


def slugify(title: str) -> str:
    """``"Cos'è il tirocinio?"`` → ``"cos-e-il-tirocinio"``; ``"scheda"`` when no letter is left."""
    text = unicodedata.normalize("NFKD", title.casefold().translate(_LETTERS))
    words = re.findall(r"[a-z0-9]+", "".join(c for c in text if not unicodedata.combining(c)))
    return _cut("-".join(words)) or "scheda"


def _cut(slug: str) -> str:
    if len(slug) <= _BASE_LENGTH:
        return slug
    head, dash, _tail = slug[: _BASE_LENGTH + 1].rpartition("-")
    return head if dash else slug[:_BASE_LENGTH]


class SlugBook:
    """The taken slugs of one type; gives out free ones."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._next: dict[str, int] = {}

    @classmethod
    def of_type(cls, session: Session, type_: str, *, starting: str = "") -> SlugBook:
        """Every taken slug of the type (``starting``: only those that begin so)."""
        current = select(Record.slug).where(Record.type == type_)
        former = select(RecordSlug.slug).where(RecordSlug.type == type_)
        if starting:
            current = current.where(Record.slug.startswith(starting, autoescape=True))
            former = former.where(RecordSlug.slug.startswith(starting, autoescape=True))
        return cls([*session.scalars(current), *session.scalars(former)])

    def take(self, title: str) -> str:
        """A free slug for ``title``; it is taken from now on."""
        base = slugify(title)
        slug = base
        while slug in self._taken or slug in RESERVED:
            self._next[base] = self._next.get(base, 1) + 1
            slug = f"{base}-{self._next[base]}"
        self._taken.add(slug)
        return slug

    def give_back(self, slug: str) -> None:
        """Free a slug that was taken for nothing."""
        self._taken.discard(slug)
        self._next.clear()


def free_slug(session: Session, type_: str, title: str) -> str:
    """A free slug for one new record of the type."""
    return SlugBook.of_type(session, type_, starting=slugify(title)).take(title)
