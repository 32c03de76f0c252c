"""Many threads ask while one writes: the answers are those of a single thread, and what is removed stays away."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.search.documents import Query
from core.search.service import SearchService
from core.search.whoosh_engine import WhooshEngine

from .samples import DISTRICT, document, record_id

THREADS = 8
ROOT = Path(__file__).resolve().parents[3]
WORDS = ["corso", "lavoro", "borsa", "tirocinio", "azienda", "persona", "contratto", "aiuto", "sportello", "comune"]


@pytest.fixture
def hasty_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def service(tmp_path: Path) -> SearchService:
    engine = WhooshEngine(tmp_path / "index")
    words = [" ".join(WORDS[(number * step) % len(WORDS)] for step in (1, 2, 3)) for number in range(200)]
    engine.rebuild(document(f"doc{number}", text, f"{text} numero{number}") for number, text in enumerate(words))
    return SearchService(lambda _district: engine)


def answer(service: SearchService, text: str) -> tuple[list[str], int]:
    hits = service.search(Query(text), district_id=DISTRICT)
    return [hit.ref for hit in hits.items], hits.total


@pytest.mark.usefixtures("hasty_switching")
def test_eight_threads_get_the_answers_of_one(service: SearchService) -> None:
    questions = [f"{one} {other}" for one in WORDS for other in WORDS] + ["numero7", "numero77", "crso"]
    expected = [answer(service, text) for text in questions]
    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(lambda _: [answer(service, text) for text in questions], range(THREADS)):
            assert found == expected


@pytest.mark.usefixtures("hasty_switching")
def test_removed_documents_never_come_back_while_threads_read(service: SearchService) -> None:
    engine, removed = service.engine(DISTRICT), 0
    seen_again: list[str] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            gone = removed
            refs = set(answer(service, "numero0 corso lavoro")[0])
            seen_again.extend(ref for ref in refs if int(ref[3:]) < gone)

    readers = [threading.Thread(target=read) for _ in range(THREADS)]
    for reader in readers:
        reader.start()
    for number in range(40):
        engine.apply([], [record_id(f"doc{number}")])
        removed = number + 1
    over.set()
    for reader in readers:
        reader.join()
    assert seen_again == []
    assert engine.count() == 160


def test_the_dangerous_doors_of_the_library_are_not_used() -> None:
    banned = (".refresh(", "AsyncWriter(", "BufferedWriter(", "QueryParser", "from whoosh.writing", "whoosh.qparser")
    for file in (ROOT / "core" / "search").glob("*.py"):
        code = "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if "``" not in line)
        assert [door for door in banned if door in code] == [], file.name


def test_importing_search_does_not_import_the_engine_library() -> None:
    modules = "core.search.service, core.search.whoosh_engine, core.search.runner"
    code = f"import sys, {modules}; sys.exit('whoosh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
