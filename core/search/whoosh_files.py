"""The only module that imports whoosh, and it is imported at first use: starting costs nothing.

Banned here for good: ``Searcher.refresh()`` (brings deleted documents back), ``AsyncWriter`` and ``BufferedWriter``
(lose accepted documents at a hard exit), and the query parser (public text never reaches it).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from whoosh import fields, formats
from whoosh.analysis.analyzers import IDAnalyzer
from whoosh.codec.whoosh3 import W3Codec
from whoosh.index import FileIndex, create_in, open_dir
from whoosh.reading import IndexReader, TermNotFound

from .analyzer import ANALYZERS
from .documents import SearchDocument
from .engine import KINDS, indexed_texts

FACET_SEPARATOR = "\x1f"


class WeightedTerms(fields.FieldType):
    """A field whose value is a mapping of ready terms to weights: analysis happens outside."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), IDAnalyzer())  # type: ignore[arg-type]

    def index(self, value: Any, **_: Any) -> Generator[tuple[bytes, int, float, bytes], Any, None]:
        """The postings of one document."""
        for term, weight in value.items():
            yield term.encode(), 1, weight, b""


def schema() -> fields.Schema:
    """Key, what is told about a hit, facet values, and three kinds of terms for each language."""
    found = fields.Schema(key=fields.ID(unique=True), stored=fields.STORED, facet=WeightedTerms())
    for lang in ANALYZERS:
        for kind in KINDS:
            found.add(f"{kind}_{lang}", WeightedTerms())
    return found


def create(folder: Path) -> FileIndex:
    """A new empty index."""
    folder.mkdir(parents=True, mode=0o700)
    return create_in(str(folder), schema())


def open_index(folder: Path) -> FileIndex:
    """The index of a folder that this class wrote: its table of contents is a pickle, so no other is ever opened."""
    return open_dir(str(folder))


def open_reader(folder: Path) -> IndexReader:
    """A reader of the newest commit, for one thread."""
    reader: IndexReader = open_index(folder).reader()  # type: ignore[no-untyped-call]
    return reader


def write(
    index: FileIndex, documents: Iterable[SearchDocument], removed: Iterable[UUID], *, optimize: bool = False
) -> int:
    """Replace and remove in one commit; returns how many documents were written.

    Small segments are merged; with ``optimize`` all of them: every segment costs each search a look-up for each term.
    """
    # Compound files would be copied into the memory of every reader; compressed postings are slower to read.
    writer = index.writer(
        codec=W3Codec(compression=0),  # type: ignore[no-untyped-call]
        limitmb=16,
        compound=False,
    )
    try:
        for record_id in removed:
            writer.delete_by_term("key", record_id.hex)
        written = _write_documents(writer, documents)
    except BaseException:
        writer.cancel()
        raise
    writer.commit(merge=True, optimize=optimize)
    return written


def _write_documents(writer: Any, documents: Iterable[SearchDocument]) -> int:
    written = 0
    for document in documents:
        writer.add_document(**_row(document))
        written += 1
    return written


def _row(document: SearchDocument) -> dict[str, Any]:
    texts = indexed_texts(document)
    row: dict[str, Any] = {"key": document.record_id.hex, "facet": dict.fromkeys(_facet_terms(document), 1.0)}
    for lang, text in texts.items():
        row |= {f"{kind}_{lang}": text.terms[kind] for kind in KINDS}
    row["stored"] = (
        document.ref,
        document.record_id.bytes,
        document.type,
        document.updated.timestamp() if document.updated else 0.0,
        document.valid_from.toordinal() if document.valid_from else 0,
        document.valid_to.toordinal() if document.valid_to else 0,
        {lang: text.length for lang, text in texts.items()},
    )
    return row


def _facet_terms(document: SearchDocument) -> Iterator[str]:
    facets: Mapping[str, tuple[str, ...]] = {"type": (document.type,), **document.facets}
    for facet, values in facets.items():
        yield from (f"{facet}{FACET_SEPARATOR}{value}" for value in values)


def postings(leaf: IndexReader, field: str, term: str) -> tuple[list[int], list[float]]:
    """The live documents of a segment that hold the term, and its weight in each."""
    try:
        matcher = leaf.postings(field, term.encode())
    except TermNotFound:
        return [], []
    documents: list[int] = []
    weights: list[float] = []
    while matcher.is_active():
        documents.append(matcher.id())
        weights.append(matcher.weight())
        matcher.next()
    return documents, weights
