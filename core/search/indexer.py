"""From changes to the index: drains a queue, reads the documents, commits, and only then lets the changes go.

Killed at any moment it loses nothing: a change leaves the queue after the index has it, and doing it twice is harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from uuid import UUID

from .documents import SearchDocument, SearchSource
from .engine import SearchEngine
from .queue import Change, ChangeQueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

BATCH = 500
#: Changes that a rebuild looks at: whatever an import of a whole desk leaves behind.
WAITING = 100_000

OpenSession = Callable[[], AbstractContextManager["Session"]]


class Indexer:
    """Keeps the index of one district as the sources say. ``reader`` opens a read-only session of the district."""

    def __init__(
        self, engine: SearchEngine, queue: ChangeQueue, sources: Iterable[SearchSource], reader: OpenSession
    ) -> None:
        self._engine, self._queue, self._reader = engine, queue, reader
        self._sources: Mapping[str, SearchSource] = {source.key: source for source in sources}

    def step(self, *, wait: bool = True) -> int:
        """Apply one batch of changes; returns how many records were looked at, 0 when nothing waits.

        Rebuilds first if the index cannot be used as it is. With ``wait=False`` raises IndexBusy when another process
        is writing. The right to write is held while documents are read, so that no older state can win.
        """
        if not self._queue.take(1) and not self._engine.needs_rebuild():
            return 0
        with self._engine.exclusive(wait=wait):
            reason = self._engine.needs_rebuild()
            if reason:
                log.info("search index is rebuilt: %s", reason)
                self.rebuild()
            return self._apply(self._queue.take(BATCH))

    def drain(self) -> int:
        """Apply all changes that wait; returns how many records were looked at."""
        total = 0
        while done := self.step():
            total += done
        return total

    def rebuild(self) -> int:
        """Build the index anew from all documents; returns how many. What changes meanwhile is applied after."""
        with self._engine.exclusive():
            # Committed before the documents are read, so the new index holds them: they need not be applied again.
            waiting = self._queue.take(WAITING)
            with self._reader() as session:
                written = self._engine.rebuild(self._all(session))
            if waiting:
                self._queue.done(waiting)
        return written

    def _all(self, session: Session) -> Iterator[SearchDocument]:
        for source in self._sources.values():
            yield from source.all_documents(session)

    def _apply(self, changes: Sequence[Change]) -> int:
        if not changes:
            return 0
        documents = self._read(changes)
        there = {document.record_id for document in documents}
        gone = [change.record_id for change in changes if change.record_id not in there]
        self._engine.apply(documents, gone)
        self._queue.done(changes)
        return len(changes)

    def _read(self, changes: Sequence[Change]) -> list[SearchDocument]:
        wanted: dict[str, list[UUID]] = {}
        for change in changes:
            wanted.setdefault(change.source, []).append(change.record_id)
        with self._reader() as session:
            return [document for key, ids in wanted.items() for document in self._of(key, session, ids)]

    def _of(self, key: str, session: Session, ids: Sequence[UUID]) -> Iterable[SearchDocument]:
        if key not in self._sources:
            # A plugin that was removed: what it had put in leaves the index.
            log.info("search source %r is unknown: %d records leave the index", key, len(ids))
            return ()
        return self._sources[key].documents(session, ids)
