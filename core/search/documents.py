"""What is searched and what comes back: documents, queries and hits, free of tables and of any engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MAX_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class DocumentText:
    """The words of one document in one language; a match in the title weighs most, in the body least."""

    title: str = ""
    summary: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """One thing that search can find.

    ``ref`` is the public id, unique in the district; ``record_id`` is what changes are reported by. ``texts`` holds one
    ``DocumentText`` per language. ``facets`` maps a facet to the values the document has. ``valid_from`` and
    ``valid_to`` (exclusive) bound the days on which it is found: a document that starts tomorrow belongs in the index
    today.
    """

    ref: str
    record_id: UUID
    type: str
    texts: Mapping[str, DocumentText]
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    updated: datetime | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class SearchSource(Protocol):
    """Where documents come from: one per kind of thing, known by its ``key``.

    Both methods yield only what may be found (public state); an id that is asked for and not yielded leaves the index.
    """

    @property
    def key(self) -> str:
        """Name under which changes are enqueued."""
        ...

    def documents(self, session: Session, ids: Sequence[UUID]) -> Iterable[SearchDocument]:
        """The documents of these records of the session's district."""
        ...

    def all_documents(self, session: Session) -> Iterable[SearchDocument]:
        """Every document of the session's district, for a rebuild."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """What a visitor asks. ``page`` counts from 1; ``exact`` forces the words as typed, without correction.

    ``facets`` maps a facet to the chosen values: values of one facet are alternatives, facets add up.
    """

    text: str = ""
    lang: str = "it"
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    page: int = 1
    page_size: int = 10
    exact: bool = False

    @property
    def size(self) -> int:
        """The page size within its bounds."""
        return min(max(self.page_size, 1), MAX_PAGE_SIZE)

    @property
    def offset(self) -> int:
        """How many hits stand before this page."""
        return (max(self.page, 1) - 1) * self.size


@dataclass(frozen=True, slots=True)
class Hit:
    """One found document. ``matched_by`` names the synonyms that found it; empty when its own words did."""

    ref: str
    record_id: UUID
    type: str
    score: float
    matched_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """The terms that a snippet marks: index terms by language (stems)."""

    stems: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, lang: str) -> frozenset[str]:
        """The stems to mark in a text of this language."""
        return self.stems.get(lang, frozenset())


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of hits, with what the page around it needs.

    ``facets`` counts, per facet and value, the hits that choosing the value would show. ``suggestion`` is the query
    that search believes was meant; when ``corrected`` is true the items are already its hits.
    """

    items: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    page: int
    page_size: int
    suggestion: str | None = None
    corrected: bool = False
    marks: Marks = field(default_factory=Marks)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.page_size)
