"""The background indexer of an installation: one thread, in one process, for all districts."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from .engine import IndexBusy
from .indexer import Indexer

log = logging.getLogger(__name__)

#: Seconds between two looks at the outboxes: with the commit after it, a change is visible within a second.
INTERVAL = 0.3
#: Seconds to wait after an error, so that a broken database does not fill the log.
PAUSE_AFTER_ERROR = 5.0


class IndexerRunner:
    """Drains the outbox of every district. ``indexers`` gives the indexers of the districts that exist now.

    Every server process may start one: only the holder of ``lock_file`` works, the others stand by to take over.
    """

    def __init__(
        self, indexers: Callable[[], Sequence[Indexer]], lock_file: Path, *, interval: float = INTERVAL
    ) -> None:
        self._indexers, self._lock_file, self._interval = indexers, lock_file, interval
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._held: IO[str] | None = None

    def start(self) -> None:
        """Start the thread; does nothing when it runs."""
        if self._thread and self._thread.is_alive():
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="search-indexer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the outboxes now instead of at the next interval (called after a commit in this process)."""
        self._wake.set()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the batch in hand and end the thread. Waits at most ``timeout`` seconds."""
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(timeout)

    def is_leader(self) -> bool:
        """Whether this process is the one that indexes."""
        return self._held is not None

    def run_once(self) -> int:
        """One look at every district; returns how many records were looked at."""
        return sum(self._step(indexer) for indexer in self._indexers())

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wait(self._round())
        finally:
            self._release()

    def _round(self) -> float:
        """Work while there is work; returns the seconds to rest."""
        try:
            if not self._lead():
                return self._interval
            while self.run_once() and not self._stop.is_set():
                pass
        except Exception:
            log.exception("the search indexer could not look at the outboxes")
            return PAUSE_AFTER_ERROR
        return self._interval

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    @staticmethod
    def _step(indexer: Indexer) -> int:
        """One batch of one district; its failure must not stop the others."""
        try:
            return indexer.step(wait=False)
        except IndexBusy:
            return 0
        except Exception:
            log.exception("search changes of a district could not be indexed; they stay in the outbox")
            return 0

    def _lead(self) -> bool:
        if self._held:
            return True
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        file = self._lock_file.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._held = file
        return True

    def _release(self) -> None:
        if self._held:
            self._held.close()
            self._held = None
