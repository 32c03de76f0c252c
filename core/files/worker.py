"""Judge what waits in quarantine, in every district."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from threading import Event, Thread
from uuid import UUID

from sqlalchemy import select

from core import clock
from core.crypto import Unreadable
from core.db import Database
from core.files.models import QUARANTINE, READY, REFUSED, REMOVED, StoredFile
from core.files.operations import Scanner, judged, settle
from core.files.scanner import ScannerDown
from core.files.storage import Storage

log = logging.getLogger(__name__)


def settle_waiting(
    database: Database,
    storage: Storage,
    district_id: int,
    *,
    scan: Scanner | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Judge the files of one district that wait, the oldest first, each in a transaction of its own; how many.

    Where the scanner does not answer, the others wait for the next round too: each would wait as long in vain.
    """
    with database.read(district_id) as session:
        waiting = select(StoredFile.id).where(StoredFile.state == QUARANTINE).order_by(StoredFile.uploaded_at)
        ids = list(session.scalars(waiting))
    judged_ones = 0
    for file_id in ids:
        if stopped():
            break
        try:
            judged_ones += _settle(database, storage, district_id, file_id, scan)
        except ScannerDown as error:
            log.warning("%s files wait in quarantine: the scanner does not answer: %s", len(ids) - judged_ones, error)
            break
    return judged_ones


def _settle(database: Database, storage: Storage, district_id: int, file_id: UUID, scan: Scanner | None) -> bool:
    one = select(StoredFile).where(StoredFile.id == file_id)
    try:
        with database.read(district_id) as session:
            problem = judged(session, storage, session.scalars(one).one(), scan=scan)
    except Unreadable as error:
        if error.reason == "missing":
            log.warning("file %s waits in quarantine: %s", file_id, error)
            return False
        problem = error.message
    with database.write(district_id) as session:
        # Two servers may look at the same file: the second finds it judged.
        settle(session, session.scalars(one.with_for_update()).one(), problem)
    return True


def sweep(database: Database, storage: Storage, district_id: int) -> int:
    """Delete the contents of files that were refused or taken away, and those that no row knows; how many.

    Contents go only after the row was committed: a crash in between leaves a content too many, never one too few.
    """
    with database.read(district_id) as session:
        kept = set(session.scalars(select(StoredFile.id).where(StoredFile.state.in_((QUARANTINE, READY)))))
    # Young ones may belong to an upload that is not committed yet.
    gone = storage.older_than(district_id, clock.now() - timedelta(days=1)) - kept
    gone |= storage.present(district_id, _settled(database, district_id))
    for file_id in gone:
        storage.remove(district_id, file_id)
    return len(gone)


def _settled(database: Database, district_id: int) -> set[UUID]:
    with database.read(district_id) as session:
        return set(session.scalars(select(StoredFile.id).where(StoredFile.state.in_((REFUSED, REMOVED)))))


class FileWorker:
    """A thread that judges uploads until it is stopped."""

    PAUSE = 2.0
    #: Rounds between two sweeps.
    SWEEP_EVERY = 150

    def __init__(
        self, database: Database, storage: Storage, district_ids: Callable[[], Sequence[int]], scan: Scanner | None
    ) -> None:
        self._database, self._storage, self._district_ids, self._scan = database, storage, district_ids, scan
        self._stop = Event()
        self._thread = Thread(target=self._run, name="files", daemon=True)

    def start(self) -> None:
        """Begin to judge."""
        self._thread.start()

    def stop(self) -> None:
        """End after the file in hand."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        round_ = 0
        while not self._stop.wait(self.PAUSE):
            try:
                self._once(sweeping=round_ % self.SWEEP_EVERY == 0)
            except Exception:  # the worker outlives any fault of database and disk
                log.exception("uploads were not judged; trying again")
            round_ += 1

    def _once(self, *, sweeping: bool) -> None:
        for district_id in self._district_ids():
            settle_waiting(self._database, self._storage, district_id, scan=self._scan, stopped=self._stop.is_set)
            if sweeping:
                sweep(self._database, self._storage, district_id)
