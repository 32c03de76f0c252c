"""The embedded engine: one folder of whoosh files per district.

Whoosh stores postings; scoring, facets and paging are done here, term by term over arrays that all threads share.
Every thread has a reader of its own, opened anew when the generation changes.
"""

from __future__ import annotations

import fcntl
import heapq
import json
import logging
import math
import os
import shutil
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from . import engine
from .bits import bits_of, members, positions
from .documents import Hit, SearchDocument
from .engine import RANKING, Allowed, Clause, EngineQuery, EngineResult, IndexBusy, IndexDamaged, Kind, Ranking, Term
from .whoosh_tables import SegmentTables, Snapshot, read_tables, read_words

if TYPE_CHECKING:
    from whoosh.reading import IndexReader

log = logging.getLogger(__name__)

_OPEN_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _State:
    """What the state file says: which folder is current, how often it changed, which rules built it."""

    folder: str
    serial: int
    fingerprint: str


@dataclass(slots=True, weakref_slot=True)
class _View:
    """A thread's own reader with the shared tables of the same generation; its files close when nobody holds it."""

    generation: str
    reader: IndexReader
    leaves: Sequence[IndexReader]
    snapshot: Snapshot

    def __post_init__(self) -> None:
        weakref.finalize(self, self.reader.close)


class WhooshEngine:
    """Index of one district under ``folder``. See ``SearchEngine`` for what each method promises."""

    def __init__(self, folder: Path, ranking: Ranking = RANKING) -> None:
        self.folder, self._ranking = folder, ranking
        self._lock = _WriteLock(folder / "write.lock")
        self._local = threading.local()
        self._shared = threading.Lock()
        self._tables: dict[str, SegmentTables] = {}
        self._snapshot: tuple[str, Snapshot] | None = None

    # Writing

    @contextmanager
    def exclusive(self, *, wait: bool = True) -> Iterator[None]:
        """Hold the right to write. Raises IndexBusy when another holds it and ``wait`` is false."""
        with self._lock.held(wait=wait):
            yield

    def apply(self, documents: Iterable[SearchDocument], removed: Iterable[UUID] = ()) -> None:
        """Replace and remove in one commit. Creates the index when there is none."""
        from . import whoosh_files

        by_id = {document.record_id: document for document in documents}
        gone = list(dict.fromkeys([*removed, *by_id]))
        if not gone:
            return
        with self.exclusive():
            state = self._state() or self._create()
            whoosh_files.write(whoosh_files.open_index(self.folder / state.folder), by_id.values(), gone)
            self._announce(_State(state.folder, state.serial + 1, state.fingerprint))

    def rebuild(self, documents: Iterable[SearchDocument]) -> int:
        """Build beside, swap, remove what is no longer used."""
        from . import whoosh_files

        with self.exclusive():
            state = self._state()
            serial = state.serial + 1 if state else 1
            name = f"index-{serial}"
            self._remove_folders(keep=state.folder if state else "")
            written = whoosh_files.write(whoosh_files.create(self.folder / name), documents, (), optimize=True)
            self._announce(_State(name, serial, engine.fingerprint(self._ranking)))
            self._remove_folders(keep=name)
        return written

    def needs_rebuild(self) -> str | None:
        """``None``, or why: no index, other rules, damaged files."""
        state = self._state()
        if state is None:
            return "there is no index yet"
        if state.fingerprint != engine.fingerprint(self._ranking):
            return "the index was built with other rules"
        try:
            self._view()
        except IndexDamaged as damage:
            return str(damage)
        return None

    def _create(self) -> _State:
        from . import whoosh_files

        self._remove_folders(keep="")
        whoosh_files.create(self.folder / "index-1")
        return _State("index-1", 0, engine.fingerprint(self._ranking))

    def _announce(self, state: _State) -> None:
        """Make a finished commit visible: readers compare this file's identity."""
        _flush(self.folder / state.folder)
        beside = self.folder / "state.json.new"
        beside.write_text(json.dumps([state.folder, state.serial, state.fingerprint]), encoding="utf-8")
        beside.replace(self.folder / "state.json")

    def _remove_folders(self, keep: str) -> None:
        for folder in self.folder.glob("index-*"):
            if folder.name != keep:
                shutil.rmtree(folder, ignore_errors=True)

    def _state(self) -> _State | None:
        try:
            return _State(*json.loads((self.folder / "state.json").read_text(encoding="utf-8")))
        except (FileNotFoundError, TypeError, ValueError):
            return None

    # Reading

    def generation(self) -> str:
        """Identity of the state file: one system call."""
        try:
            found = (self.folder / "state.json").stat()
        except FileNotFoundError:
            return ""
        return f"{found.st_ino}-{found.st_mtime_ns}"

    def fingerprint(self) -> str:
        """The rules this index was built with; empty when there is none."""
        state = self._state()
        return state.fingerprint if state else ""

    def count(self) -> int:
        """How many live documents there are."""
        view = self._readable()
        return view.snapshot.live.bit_count() if view else 0

    def frequency(self, kind: Kind, lang: str, text: str) -> int:
        """In how many documents (deleted ones of unmerged segments included) the term stands."""
        view = self._readable()
        field, term = f"{kind}_{lang}", text.encode()
        return sum(leaf.doc_frequency(field, term) for leaf in view.leaves) if view else 0

    def vocabularies(self) -> Mapping[str, Callable[[], Iterable[tuple[str, int]]]]:
        """The words of every segment."""
        view = self._readable()
        if view is None:
            return {}
        return {_segment_name(leaf): partial(read_words, leaf) for leaf in view.leaves}

    def search(self, query: EngineQuery, allowed: Allowed | None = None) -> EngineResult:
        """Rank, filter, count and cut the page."""
        view = self._readable()
        if view is None:
            return EngineResult()
        scores, labels = self._scores(view, query.clauses)
        found = view.snapshot.valid(query.on)
        if query.clauses is not None:
            found &= bits_of(scores, view.snapshot.size)
        if allowed:
            found &= _allowed_bits(view.snapshot, found, allowed)
        return _page(view.snapshot, query, found, scores, labels)

    def close(self) -> None:
        """Close this thread's reader; those of other threads close with their threads."""
        self._local.__dict__.pop("view", None)

    def _readable(self) -> _View | None:
        """The view, or ``None`` for a damaged index too: a page without hits serves people better than an error."""
        try:
            return self._view()
        except IndexDamaged as damage:
            log.error("search in %s finds nothing until it is rebuilt: %s", self.folder, damage)
            return None

    def _view(self) -> _View | None:
        generation = self.generation()
        view: _View | None = self._local.__dict__.get("view")
        if view and view.generation == generation:
            return view
        self.close()
        if not generation:
            return None
        view = self._open()
        self._local.view = view
        return view

    def _open(self) -> _View | None:
        """Open what is current now; a writer may swap or clean files in between, then what is current is newer."""
        from . import whoosh_files

        for attempt in range(_OPEN_ATTEMPTS):
            generation, state = self.generation(), self._state()
            if state is None:
                return None
            try:
                reader = whoosh_files.open_reader(self.folder / state.folder)
                leaves = [leaf for leaf, _ in reader.leaf_readers() if leaf.segment()]
                return _View(generation, reader, leaves, self._snapshot_of(generation, leaves))
            except Exception as problem:  # damaged files raise anything, and any of it means the same
                if attempt == _OPEN_ATTEMPTS - 1 and generation == self.generation():
                    raise IndexDamaged(f"the index cannot be read: {problem!r}") from problem
                log.info("search index %s changed while it was opened", self.folder)
        return None

    def _snapshot_of(self, generation: str, leaves: Sequence[IndexReader]) -> Snapshot:
        """Tables of segments are read once and shared; a snapshot only puts them together."""
        with self._shared:
            names = [_segment_name(leaf) for leaf in leaves]
            if self._snapshot and self._snapshot[0] == generation and self._snapshot[1].names == names:
                return self._snapshot[1]
            for name, leaf in zip(names, leaves, strict=True):
                if name not in self._tables:
                    self._tables[name] = read_tables(leaf)
            self._tables = {name: self._tables[name] for name in names}
            snapshot = Snapshot(names, [self._tables[name] for name in names], leaves, self._ranking)
            self._snapshot = (generation, snapshot)
            return snapshot

    # Scoring

    def _scores(self, view: _View, clauses: Iterable[Clause] | None) -> tuple[dict[int, float], dict[int, list[str]]]:
        scores: dict[int, float] = {}
        labels: dict[int, list[str]] = {}
        for clause in sorted(clauses or (), key=lambda clause: clause.label is not None):
            if clause.label is None:
                self._add_terms(view, clause.terms, scores)
            else:
                self._add_synonym(view, clause, scores, labels)
        return scores, labels

    def _add_synonym(self, view: _View, clause: Clause, scores: dict[int, float], labels: dict[int, list[str]]) -> None:
        """A synonym counts where all of it stands, and is named where no word of the visitor's does."""
        own: dict[int, float] = {}
        self._add_terms(view, clause.terms, own)
        for term in clause.required:
            holders = {number for number, _ in self._postings(view, term)}
            own = {number: score for number, score in own.items() if number in holders}
        for number, score in own.items():
            if number in labels or number not in scores:
                labels.setdefault(number, []).append(clause.label or "")
            scores[number] = scores.get(number, 0.0) + score

    def _add_terms(self, view: _View, terms: Iterable[Term], scores: dict[int, float]) -> None:
        get, k1 = scores.get, self._ranking.k1
        for term in terms:
            found = self._postings(view, term)
            if not found:
                continue
            norms = view.snapshot.norms[term.lang]
            idf = math.log(1 + (view.snapshot.count - len(found) + 0.5) / (len(found) + 0.5))
            share = term.weight * idf * (k1 + 1)
            for number, weight in found:
                scores[number] = get(number, 0.0) + share * weight / (weight + norms[number])

    def _postings(self, view: _View, term: Term) -> list[tuple[int, float]]:
        from .whoosh_files import postings

        field, found = f"{term.kind}_{term.lang}", []
        for base, leaf in zip(view.snapshot.bases, view.leaves, strict=True):
            numbers, weights = postings(leaf, field, term.text)
            found += [(base + number, weight) for number, weight in zip(numbers, weights, strict=True)]
        return found


def _flush(folder: Path) -> None:
    """Onto the disk, before the outbox forgets the changes: the index may be rebuilt, but nothing would say it must."""
    for path in (*folder.iterdir(), folder):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _segment_name(leaf: IndexReader) -> str:
    return str(leaf.segment().segment_id())  # type: ignore[union-attr]


def _allowed_bits(snapshot: Snapshot, found: int, allowed: Allowed) -> int:
    numbers = positions(found)
    seen = allowed([snapshot.documents[number].ref for number in numbers])
    return bits_of((number for number in numbers if snapshot.documents[number].ref in seen), snapshot.size)


def _page(
    snapshot: Snapshot, query: EngineQuery, found: int, scores: Mapping[int, float], labels: Mapping[int, list[str]]
) -> EngineResult:
    chosen = snapshot.chosen(query.facets)
    hits = found
    for bits in chosen.values():
        hits &= bits
    total = hits.bit_count()
    numbers = _best(snapshot, hits, total, query, scores)
    items = tuple(_hit(snapshot, number, scores, labels) for number in numbers)
    return EngineResult(items, total, snapshot.facet_counts(found, chosen))


def _best(snapshot: Snapshot, hits: int, total: int, query: EngineQuery, scores: Mapping[int, float]) -> list[int]:
    """The documents of the page, best first; equal scores by date, newest first."""
    if query.offset >= total:
        return []
    ranks, end = snapshot.ranks, query.offset + query.limit
    if query.clauses is None:
        best = heapq.nsmallest(end, positions(hits), key=ranks.__getitem__)
    else:
        numbers = members(hits, scores, snapshot.size)
        best = heapq.nsmallest(end, numbers, key=lambda number: (-scores[number], ranks[number]))
    return best[query.offset :]


def _hit(snapshot: Snapshot, number: int, scores: Mapping[int, float], labels: Mapping[int, list[str]]) -> Hit:
    document = snapshot.documents[number]
    found_by = tuple(dict.fromkeys(labels.get(number, ())))
    return Hit(document.ref, UUID(bytes=document.record_id), document.type, scores.get(number, 0.0), found_by)


class _WriteLock:
    """One writer per index among threads and processes; the same thread may enter again."""

    def __init__(self, path: Path) -> None:
        self._path, self._threads, self._depth = path, threading.RLock(), 0
        self._file: Any = None

    @contextmanager
    def held(self, *, wait: bool) -> Iterator[None]:
        """Hold the lock. Raises IndexBusy."""
        if not self._threads.acquire(blocking=wait):
            raise IndexBusy(f"{self._path.parent}: another thread is writing this index")
        try:
            self._enter(wait)
            try:
                yield
            finally:
                self._leave()
        finally:
            self._threads.release()

    def _enter(self, wait: bool) -> None:
        if self._depth == 0:
            self._file = self._lock_file(wait)
        self._depth += 1

    def _leave(self) -> None:
        self._depth -= 1
        if self._depth == 0:
            self._file.close()
            self._file = None

    def _lock_file(self, wait: bool) -> Any:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise IndexBusy(f"{self._path.parent}: another process is writing this index") from None
        return file


class WhooshEngines:
    """The engines of an installation by district, each made once: ``engines(district_id)``."""

    def __init__(self, root: Path, ranking: Ranking = RANKING) -> None:
        self._root, self._ranking = root, ranking
        self._engines: dict[int, WhooshEngine] = {}
        self._lock = threading.Lock()

    def __call__(self, district_id: int) -> WhooshEngine:
        """The engine of a district; nothing is opened before it is asked something."""
        with self._lock:
            if district_id not in self._engines:
                self._engines[district_id] = WhooshEngine(self._root / str(district_id), self._ranking)
            return self._engines[district_id]
