"""Search of an installation: engines in a folder, the outbox of each district, the background indexer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .documents import Hits, Query, SearchSource
from .engine import Allowed
from .indexer import Indexer
from .outbox import SqlChangeQueue
from .runner import IndexerRunner
from .service import SearchService
from .synonyms import Groups

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Sessions(Protocol):
    """The doors of ``core.db.Database`` that search uses."""

    def read(self, district_id: int | None) -> AbstractContextManager[Session]: ...

    def write(self, district_id: int | None) -> AbstractContextManager[Session]: ...


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """How the index of a district stands: documents in it, changes that wait, why it must be rebuilt (or ``""``)."""

    documents: int
    pending: int
    rebuild: str


class SearchDesk:
    """One object per process; safe in any thread."""

    def __init__(
        self,
        database: Sessions,
        root: Path,
        sources: Sequence[SearchSource],
        district_ids: Callable[[], Sequence[int]],
    ) -> None:
        from .whoosh_engine import WhooshEngines

        self._database, self._sources, self._district_ids = database, tuple(sources), district_ids
        self._service = SearchService(WhooshEngines(root))
        self._runner = IndexerRunner(self._indexers, root / "indexer.lock")

    def search(self, query: Query, *, district_id: int, synonyms: Groups = (), allowed: Allowed | None = None) -> Hits:
        """A page of hits; the caller loads them from the database under its own rights."""
        return self._service.search(query, district_id=district_id, synonyms=synonyms, allowed=allowed)

    def start(self) -> None:
        """Begin to index in the background."""
        self._runner.start()

    def wake(self) -> None:
        """Something was written: look now."""
        self._runner.wake()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._runner.stop()

    def indexer(self, district_id: int) -> Indexer:
        """What keeps the index of one district."""
        queue = SqlChangeQueue(self._database, district_id)
        return Indexer(
            self._service.engine(district_id), queue, self._sources, lambda: self._database.read(district_id)
        )

    def reindex(self, district_id: int) -> int:
        """Build the index of a district anew, then apply what waits; returns how many documents it holds."""
        indexer = self.indexer(district_id)
        indexer.rebuild()
        indexer.drain()
        return self._service.engine(district_id).count()

    def drain(self, district_id: int) -> int:
        """Apply what waits; returns how many records were looked at."""
        return self.indexer(district_id).drain()

    def status(self, district_id: int) -> IndexStatus:
        """How the index of a district stands."""
        engine = self._service.engine(district_id)
        reason = engine.needs_rebuild() or ""
        pending = SqlChangeQueue(self._database, district_id).pending()
        return IndexStatus(0 if reason else engine.count(), pending, reason)

    def _indexers(self) -> list[Indexer]:
        return [self.indexer(district_id) for district_id in self._district_ids()]
