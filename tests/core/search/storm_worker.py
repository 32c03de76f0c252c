"""An indexer process for the kill storm: drains a folder of change files into an index until it is killed."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from core.search.documents import SearchDocument
from core.search.indexer import Indexer
from core.search.queue import Change, coalesce
from core.search.whoosh_engine import WhooshEngine

from .samples import NAMES, document, no_session, record_id


class FileQueue:
    """One empty file per change, named ``number-ref``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, limit: int) -> Sequence[Change]:
        files = sorted(self._folder.glob("*-*"))[:limit]
        self._files = {uuid5(NAMES, file.name): file for file in files}
        return coalesce(("records", record_id(file.name.split("-")[1]), row) for row, file in self._files.items())

    def done(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for row in change.rows:
                self._files[row].unlink()

    def pending(self) -> int:
        return len(list(self._folder.iterdir()))


class FileSource:
    """One file per record with its title; an empty file is a withdrawn record."""

    key = "records"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def documents(self, session: Session, ids: Sequence[UUID]) -> list[SearchDocument]:
        wanted = set(ids)
        return [found for found in self.all_documents(session) if found.record_id in wanted]

    def all_documents(self, session: Session) -> list[SearchDocument]:
        titles = {file.name: file.read_text(encoding="utf-8") for file in self._folder.iterdir()}
        return [document(name, title) for name, title in titles.items() if title]


def make_indexer(root: Path) -> Indexer:
    return Indexer(WhooshEngine(root / "index"), FileQueue(root / "queue"), [FileSource(root / "records")], no_session)


def main(root: Path) -> None:
    work = make_indexer(root)
    while True:
        work.drain()
        time.sleep(0.001)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
