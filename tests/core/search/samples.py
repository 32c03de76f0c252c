"""Documents, sources and queues that the tests of search share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from core.search.documents import DocumentText, SearchDocument
from core.search.engine import SearchEngine
from core.search.queue import Change, coalesce

DISTRICT = 1
NAMES = UUID(int=7)


def record_id(ref: str) -> UUID:
    return uuid5(NAMES, ref)


def document(ref: str, title: str, body: str = "", **more: Any) -> SearchDocument:
    """An Italian service; ``english`` adds an English title."""
    texts = {"it": DocumentText(title, more.pop("summary", ""), body)}
    if english := more.pop("english", ""):
        texts["en"] = DocumentText(english)
    fields = {"facets": {}, "updated": datetime(2026, 1, 1, tzinfo=UTC), **more}
    return SearchDocument(ref, record_id(ref), "service", texts, **fields)


def services() -> list[SearchDocument]:
    return [
        document(
            "borsa-lavoro",
            "Borsa lavoro",
            "Un contributo mensile per chi fa esperienza in un'azienda ospitante.",
            english="Work grant",
            facets={"topics": ("lavoro",), "audiences": ("disabilita",)},
        ),
        document(
            "tirocinio",
            "Tirocinio di inclusione",
            "Un periodo di formazione in azienda, con un tutor che ti segue ogni settimana.",
            facets={"topics": ("lavoro", "formazione"), "audiences": ("giovani",)},
        ),
        document(
            "corso",
            "Corso di informatica",
            "Impari a usare il computer: lezioni gratuite la sera, in biblioteca.",
            facets={"topics": ("formazione",), "audiences": ("giovani",)},
        ),
        document(
            "sil",
            "Servizio per l'inserimento lavorativo",
            "Accompagna le persone con disabilità, secondo la l. 68/99, fino al contratto.",
            facets={"topics": ("lavoro",), "audiences": ("disabilita",)},
        ),
    ]


class ListQueue:
    """Changes in a list, as the outbox keeps them in a table."""

    def __init__(self, *rows: tuple[str, UUID]) -> None:
        self.rows = {UUID(int=number): row for number, row in enumerate(rows)}

    def take(self, limit: int) -> Sequence[Change]:
        return coalesce((source, key, row) for row, (source, key) in list(self.rows.items())[:limit])

    def done(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for row in change.rows:
                del self.rows[row]

    def pending(self) -> int:
        return len(self.rows)


class ListSource:
    """Documents in a dictionary, as a source reads them from the database."""

    key = "records"

    def __init__(self, documents: Iterable[SearchDocument] = ()) -> None:
        self.found = {document.record_id: document for document in documents}

    def documents(self, session: Session, ids: Sequence[UUID]) -> Iterator[SearchDocument]:
        return (self.found[key] for key in ids if key in self.found)

    def all_documents(self, session: Session) -> Iterator[SearchDocument]:
        return iter(list(self.found.values()))


def all_words(engine: SearchEngine) -> list[tuple[str, int]]:
    return [word for read in engine.vocabularies().values() for word in read()]


@contextmanager
def no_session() -> Iterator[Session]:
    yield Session()


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def corpus(shared_data: Path, copies: int = 1) -> Iterator[SearchDocument]:
    """The paragraphs to measure with; further copies hold their sentences in another order."""
    for copy in range(copies):
        for number, line in enumerate(read_lines(shared_data / "retrieval" / "corpus.jsonl")):
            ref = f"{line['id']}-{copy}" if copy else line["id"]
            sentences = re.split(r"(?<=\.) ", line["text"])
            body = " ".join(
                sentences[(number + copy) % len(sentences) :] + sentences[: (number + copy) % len(sentences)]
            )
            yield document(ref, line["title"], body if copy else line["text"], facets={"topics": (line["title"],)})
