"""What every engine can do: keep the terms of documents and rank them. Language, correction and access stay outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import pairwise
from typing import Literal, Protocol
from uuid import UUID

from core.errors import InnestoError

from . import analyzer
from .documents import DocumentText, Hit, SearchDocument

#: ``accented`` holds words as written, where that differs from the exact form: for showing, not for ranking.
Kind = Literal["stem", "exact", "pair", "accented"]
KINDS: tuple[Kind, ...] = ("stem", "exact", "pair", "accented")

#: Of many public references, those the asking person may see.
Allowed = Callable[[Sequence[str]], set[str]]


class IndexBusy(InnestoError):
    """Another process is writing this index; the work can be done a little later."""


class IndexDamaged(InnestoError):
    """The files of an index cannot be read; the indexer builds them anew."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The figures of the BM25F formula, found on half of the questions and checked on the other half."""

    k1: float = 1.2
    b: float = 0.5
    stem: float = 1.0
    exact: float = 0.7
    pair: float = 0.3
    other_language: float = 0.5
    synonym: float = 0.5
    title: float = 2.0
    summary: float = 1.5
    body: float = 1.0

    def zones(self, text: DocumentText) -> tuple[tuple[float, str], ...]:
        """The parts of a text, each with its weight."""
        return ((self.title, text.title), (self.summary, text.summary), (self.body, text.body))


RANKING = Ranking()


@dataclass(frozen=True, slots=True)
class Term:
    """One index term with its share in the score."""

    kind: Kind
    lang: str
    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Clause:
    """Terms that count together. With ``required``, only in documents that hold all of those (a phrase).

    ``label`` is the synonym the clause stands for; ``None`` for the visitor's own words.
    """

    terms: tuple[Term, ...]
    required: tuple[Term, ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class EngineQuery:
    """``clauses=None`` asks for every document, newest first; an empty tuple finds nothing."""

    clauses: tuple[Clause, ...] | None
    on: date
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    offset: int = 0
    limit: int = 10


@dataclass(frozen=True, slots=True)
class EngineResult:
    """A page of hits, best first, the number of all, and the counts per facet and value."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class SearchEngine(Protocol):
    """The index of one district."""

    def exclusive(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """Hold the right to write, against other threads and processes. Raises IndexBusy instead of waiting.

        Documents are read from the database inside the block, so that an older state never overwrites a newer one.
        """
        ...

    def apply(self, documents: Iterable[SearchDocument], removed: Iterable[UUID] = ()) -> None:
        """Add or replace documents and remove records, durably and all at once; doing it twice changes nothing."""
        ...

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Build a new index beside the old one, swap them, and say how many documents it holds."""
        ...

    def needs_rebuild(self) -> str | None:
        """Why the index has to be rebuilt before changes can be applied; ``None`` when it is sound."""
        ...

    def search(self, query: EngineQuery, allowed: Allowed | None = None) -> EngineResult:
        """The ranked documents of a query; an index that does not exist yet holds none."""
        ...

    def frequency(self, kind: Kind, lang: str, text: str) -> int:
        """In how many documents the term stands."""
        ...

    def vocabularies(self) -> Mapping[str, Callable[[], Iterable[tuple[str, int]]]]:
        """The words of the index in parts that never change: key → reader, to be called in the same thread.

        A part yields the exact and accented forms of every language with their document frequency.
        """
        ...

    def count(self) -> int:
        """How many documents the index holds."""
        ...

    def generation(self) -> str:
        """Differs after every change that a reader could see."""
        ...

    def fingerprint(self) -> str:
        """The rules the index was built with; compare with ``engine.fingerprint()``."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


@dataclass(frozen=True, slots=True)
class IndexedText:
    """The terms of one language of a document with their weights, and its weighted length."""

    terms: Mapping[Kind, Mapping[str, float]]
    length: float


def indexed_texts(document: SearchDocument, ranking: Ranking = RANKING) -> dict[str, IndexedText]:
    """The terms of a document by language; languages without an analyzer are left out."""
    known = {lang: text for lang, text in document.texts.items() if lang in analyzer.ANALYZERS}
    return {lang: _indexed(analyzer.ANALYZERS[lang], text, ranking) for lang, text in known.items()}


def _indexed(rules: analyzer.Analyzer, text: DocumentText, ranking: Ranking) -> IndexedText:
    terms: dict[Kind, dict[str, float]] = {kind: {} for kind in KINDS}
    length = 0.0
    for weight, zone in ranking.zones(text):
        tokens = list(rules.tokens(zone))
        length += weight * len(tokens)
        _count(terms["stem"], (token.stem for token in tokens), weight)
        _count(terms["exact"], (token.exact for token in tokens), weight)
        _count(terms["accented"], _accented(zone, tokens), weight)
        _count(terms["pair"], pairs([token.stem for token in tokens]), weight)
    return IndexedText(terms, length)


def _accented(zone: str, tokens: Sequence[analyzer.Token]) -> Iterable[str]:
    written = {zone[token.start : token.end].lower() for token in tokens if not token.exact[0].isdigit()}
    return (word for word in written if not word.isascii() and word.isalpha() and analyzer.fold(word) != word)


def _count(into: dict[str, float], terms: Iterable[str], weight: float) -> None:
    for term in terms:
        into[term] = into.get(term, 0.0) + weight


def pairs(stems: Sequence[str]) -> list[str]:
    """Neighbouring stems as one term each: what makes phrases findable without positions."""
    return [f"{first} {second}" for first, second in pairwise(stems)]


def fingerprint(ranking: Ranking = RANKING) -> str:
    """The rules by which documents are indexed today: analyzers and zone weights."""
    zones = (ranking.title, ranking.summary, ranking.body)
    return sha256(f"1 {KINDS} {analyzer.fingerprint()} {zones}".encode()).hexdigest()[:16]
