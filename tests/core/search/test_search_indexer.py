"""Changes reach the index, once, and none is lost."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core.search.documents import SearchDocument
from core.search.engine import EngineQuery, IndexBusy, SearchEngine
from core.search.indexer import Indexer
from core.search.runner import IndexerRunner
from core.search.whoosh_engine import WhooshEngine

from .samples import ListQueue, ListSource, document, no_session, record_id, services
from .test_search_engines import DAY, ask, refs


def changes(*names: str) -> ListQueue:
    return ListQueue(*(("records", record_id(name)) for name in names))


def indexer(engine: SearchEngine, queue: ListQueue, source: ListSource) -> Indexer:
    return Indexer(engine, queue, [source], no_session)


def test_a_missing_index_is_built_and_what_waited_is_in_it(engine: SearchEngine) -> None:
    queue = changes("corso")
    # Nothing is left to apply: the change was there before the documents were read.
    assert indexer(engine, queue, ListSource(services())).drain() == 0
    assert (engine.count(), queue.pending()) == (4, 0)


def test_what_changes_during_a_rebuild_is_applied_after_it(engine: SearchEngine) -> None:
    queue = changes("corso")

    class Changing(ListSource):
        def all_documents(self, session: Session) -> Iterator[SearchDocument]:
            yield from super().all_documents(session)
            queue.rows[UUID(int=99)] = ("records", services()[0].record_id)

    assert indexer(engine, queue, Changing(services())).drain() == 1
    assert queue.pending() == 0


def test_a_record_that_its_source_no_longer_shows_leaves_the_index(engine: SearchEngine) -> None:
    engine.rebuild(services())
    source = ListSource(services())
    del source.found[record_id("corso")]
    indexer(engine, changes("corso", "sil"), source).drain()
    assert refs(engine, ask("corso")) == []
    assert engine.count() == 3


def test_several_changes_of_one_record_are_one(engine: SearchEngine) -> None:
    engine.rebuild(services())
    queue = changes("corso", "corso", "sil", "corso")
    assert [len(change.rows) for change in queue.take(10)] == [3, 1]
    assert indexer(engine, queue, ListSource(services())).drain() == 2
    assert queue.pending() == 0


def test_records_of_a_source_that_is_gone_leave_the_index(engine: SearchEngine) -> None:
    engine.rebuild(services())
    queue = ListQueue(("removed_plugin", record_id("corso")))
    indexer(engine, queue, ListSource(services())).drain()
    assert (engine.count(), queue.pending()) == (3, 0)


def test_a_change_stays_in_the_queue_until_the_index_has_it(
    engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.rebuild([])
    queue = changes("corso")
    with monkeypatch.context() as patch:
        patch.setattr(type(engine), "apply", _fail)
        with pytest.raises(OSError, match="disk full"):
            indexer(engine, queue, ListSource(services())).step()
    assert queue.pending() == 1
    indexer(engine, queue, ListSource(services())).drain()
    assert refs(engine, ask("corso")) == ["corso"]


def _no_database() -> AbstractContextManager[Session]:
    raise OSError("no database")


def _fail(*_: object) -> None:
    raise OSError("disk full")


def test_nothing_to_do_costs_no_index(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    engine.rebuild([])
    before = engine.generation()
    assert indexer(engine, changes(), ListSource()).step() == 0
    assert engine.generation() == before


def test_only_one_writes_at_a_time(tmp_path: Path) -> None:
    one, other = WhooshEngine(tmp_path / "index"), WhooshEngine(tmp_path / "index")
    with one.exclusive(), pytest.raises(IndexBusy, match="another process"), other.exclusive(wait=False):
        pass
    with other.exclusive(wait=False):
        assert other.rebuild(services()) == 4


# The library leaves files to the garbage collector when it cannot open a segment.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_a_damaged_index_is_built_anew(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    WhooshEngine(folder).rebuild(services())
    for file in folder.glob("index-*/*.trm"):
        file.write_bytes(b"damaged")
    engine = WhooshEngine(folder)
    assert "cannot be read" in (engine.needs_rebuild() or "")
    assert engine.search(ask("corso")).total == 0
    indexer(engine, changes("corso"), ListSource(services())).drain()
    assert (engine.count(), refs(engine, ask("corso"))) == (4, ["corso"])
    gc.collect()


def test_a_rebuild_leaves_one_folder_and_readers_go_over_to_it(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    for number in range(1, 4):
        engine.rebuild(services()[:number])
        assert engine.search(EngineQuery(None, DAY)).total == number
    assert len(list((tmp_path / "index").glob("index-*"))) == 1


def test_the_runner_shows_a_change_within_a_second(tmp_path: Path) -> None:
    engine, queue, source = WhooshEngine(tmp_path / "index"), changes(), ListSource()
    engine.rebuild([])
    runner = IndexerRunner(lambda: [indexer(engine, queue, source)], tmp_path / "indexer.lock")
    runner.start()
    try:
        added = document("corso", "Corso")
        source.found[added.record_id] = added
        start = time.monotonic()
        queue.rows[record_id("row")] = ("records", added.record_id)
        while not engine.count() and time.monotonic() - start < 5:
            time.sleep(0.01)
        assert time.monotonic() - start < 1
    finally:
        runner.stop()


def test_the_second_runner_takes_over_when_the_first_ends(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    work = indexer(engine, changes(), ListSource(services()))
    first, second = (IndexerRunner(lambda: [work], tmp_path / "lock", interval=0.01) for _ in range(2))
    first.start()
    _until(first.is_leader)
    second.start()
    time.sleep(0.05)
    assert not second.is_leader()
    first.stop()
    _until(second.is_leader)
    second.stop()
    assert not second.is_leader()


def test_one_broken_district_does_not_stop_the_others(tmp_path: Path) -> None:
    engine, queue = WhooshEngine(tmp_path / "index"), changes("corso")
    engine.rebuild([])
    broken = Indexer(WhooshEngine(tmp_path / "other"), queue, [], _no_database)
    good = indexer(engine, queue, ListSource(services()))
    assert IndexerRunner(lambda: [broken, good], tmp_path / "lock").run_once() == 1


def _until(condition: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.01)
