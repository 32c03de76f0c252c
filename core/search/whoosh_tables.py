"""What searching needs of an index in memory: per segment read once, per generation put together, shared by threads."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from .analyzer import ANALYZERS
from .bits import bits_of
from .engine import Ranking

if TYPE_CHECKING:
    from whoosh.reading import IndexReader

Bits = int


class StoredDocument(NamedTuple):
    """What a hit tells, and what orders and hides it. Days are ordinals, 0 means open; ``updated`` is POSIX time."""

    ref: str
    record_id: bytes
    type: str
    updated: float
    valid_from: int
    valid_to: int

    def valid(self, day: int) -> bool:
        """Whether the document may be found on a day."""
        return self.valid_from <= day and (not self.valid_to or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class SegmentTables:
    """One segment: never changes, apart from deletions, which the snapshot takes away."""

    documents: Sequence[StoredDocument]
    lengths: Mapping[str, array[float]]
    facets: Mapping[str, Mapping[str, Bits]]


def read_tables(leaf: IndexReader) -> SegmentTables:
    """Read a segment once."""
    size = leaf.doc_count_all()
    rows = [leaf.stored_fields(number)["stored"] for number in range(size)]
    lengths = {lang: array("f", [row[6].get(lang, 0.0) for row in rows]) for lang in ANALYZERS}
    return SegmentTables([StoredDocument(*row[:6]) for row in rows], lengths, _facets(leaf, size))


def read_words(leaf: IndexReader) -> Iterator[tuple[str, int]]:
    """The exact and accented forms of a segment with their document frequency."""
    for kind, lang in product(("exact", "accented"), ANALYZERS):
        for term, info in leaf.iter_field(f"{kind}_{lang}"):
            yield term.decode(), info.doc_frequency()


def _facets(leaf: IndexReader, size: int) -> dict[str, dict[str, Bits]]:
    from .whoosh_files import FACET_SEPARATOR, postings

    facets: dict[str, dict[str, Bits]] = {}
    for term in list(leaf.lexicon("facet")):
        facet, _, value = term.decode().partition(FACET_SEPARATOR)
        numbers, _weights = postings(leaf, "facet", term.decode())
        facets.setdefault(facet, {})[value] = bits_of(numbers, size)
    return facets


class Snapshot:
    """All segments of one generation, with document numbers counted through."""

    def __init__(
        self, names: list[str], segments: list[SegmentTables], leaves: Sequence[IndexReader], ranking: Ranking
    ) -> None:
        self.names, self.segments = names, segments
        self.documents = [document for tables in segments for document in tables.documents]
        self.size = len(self.documents)
        self.bases = [sum(len(tables.documents) for tables in segments[:place]) for place in range(len(segments))]
        self.live = bits_of(range(self.size), self.size) & ~self._deleted(leaves)
        self.count = self.live.bit_count()
        self.norms = {lang: self._norms(lang, ranking) for lang in ANALYZERS}
        self.facets = self._facets()
        self.ranks = self._ranks()
        self._valid: dict[int, Bits] = {}

    def valid(self, on: date) -> Bits:
        """The live documents that may be found on a day; kept for a few days."""
        day = on.toordinal()
        if day not in self._valid:
            hidden = (number for number, document in enumerate(self.documents) if not document.valid(day))
            kept = dict(list(self._valid.items())[-3:])
            self._valid = {**kept, day: self.live & ~bits_of(hidden, self.size)}
            return self._valid[day]
        return self._valid[day]

    def chosen(self, facets: Mapping[str, Sequence[str]]) -> dict[str, Bits]:
        """Per chosen facet the documents that have one of its values."""
        return {facet: self._any(facet, values) for facet, values in facets.items() if values}

    def facet_counts(self, found: Bits, chosen: Mapping[str, Bits]) -> dict[str, dict[str, int]]:
        """Counts per facet under the choices made in the others, so that a choice does not empty its siblings."""
        counts = {}
        for facet, values in self.facets.items():
            within = found
            for other, bits in chosen.items():
                within &= bits if other != facet else -1
            counts[facet] = {value: number for value, bits in values.items() if (number := (bits & within).bit_count())}
        return counts

    def _any(self, facet: str, values: Sequence[str]) -> Bits:
        known, union = self.facets.get(facet, {}), 0
        for value in values:
            union |= known.get(value, 0)
        return union

    def _deleted(self, leaves: Sequence[IndexReader]) -> Bits:
        numbers = (
            base + number
            for base, leaf, tables in zip(self.bases, leaves, self.segments, strict=True)
            if leaf.has_deletions()
            for number in range(len(tables.documents))
            if leaf.is_deleted(number)
        )
        return bits_of(numbers, self.size)

    def _norms(self, lang: str, ranking: Ranking) -> array[float]:
        lengths = array("f")
        for tables in self.segments:
            lengths.extend(tables.lengths[lang])
        written = sum(1 for length in lengths if length)
        average = sum(lengths) / written if written else 1.0
        base, slope = ranking.k1 * (1 - ranking.b), ranking.k1 * ranking.b / average
        return array("f", [base + slope * length for length in lengths])

    def _facets(self) -> dict[str, dict[str, Bits]]:
        facets: dict[str, dict[str, Bits]] = {}
        for base, tables in zip(self.bases, self.segments, strict=True):
            for facet, values in tables.facets.items():
                merged = facets.setdefault(facet, {})
                for value, bits in values.items():
                    merged[value] = merged.get(value, 0) | bits << base
        return {facet: dict(sorted(values.items())) for facet, values in sorted(facets.items())}

    def _ranks(self) -> array[int]:
        """The place of each document when nothing else orders them: newest first, then by reference."""
        order = sorted(
            range(self.size), key=lambda number: (-self.documents[number].updated, self.documents[number].ref)
        )
        ranks = array("L", bytes(array("L").itemsize * self.size))
        for rank, number in enumerate(order):
            ranks[number] = rank
        return ranks
