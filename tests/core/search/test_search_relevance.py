"""How well and how fast search answers, on real paragraphs and questions (the half that is meant for development)."""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.search.documents import Hits, Query
from core.search.service import SearchService
from core.search.snippets import snippet
from core.search.whoosh_engine import WhooshEngine

from .conftest import ENGINES
from .samples import DISTRICT, all_words, corpus, read_lines

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=sorted(ENGINES))
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> SearchService:
    engine = ENGINES[request.param](tmp_path_factory.mktemp("corpus"))
    engine.rebuild(corpus(shared_data))
    return SearchService(lambda _district: engine)


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Show a measured figure also when the test passes."""

    def show(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return show


def ask(service: SearchService, text: str) -> Hits:
    return service.search(Query(text), district_id=DISTRICT)


def reciprocal_ranks(service: SearchService, shared_data: Path, name: str) -> list[float]:
    """One over the place of the right paragraph, 0 outside the first ten."""
    found = []
    for line in read_lines(shared_data / "retrieval" / f"{name}.jsonl"):
        refs = [hit.ref for hit in ask(service, line["query"]).items]
        found.append(1 / (refs.index(line["relevant_id"]) + 1) if line["relevant_id"] in refs else 0.0)
    return found


def report(name: str, ranks: list[float]) -> str:
    """Mean reciprocal rank with its 95 % interval, share of first places, share within ten."""
    mean, around = statistics.fmean(ranks), 1.96 * statistics.stdev(ranks) / math.sqrt(len(ranks))
    first, ten = (statistics.fmean(rank >= least for rank in ranks) for least in (1, 0.1))
    return f"{name}: MRR@10 {mean:.3f} ± {around:.3f}, R@1 {first:.3f}, R@10 {ten:.3f}"


def test_questions_find_their_paragraph(service: SearchService, shared_data: Path, say: Callable[[str], None]) -> None:
    ranks = reciprocal_ranks(service, shared_data, "queries_dev")
    say(report("questions", ranks))
    assert statistics.fmean(ranks) >= 0.825, report("questions", ranks)
    assert statistics.fmean(rank == 1 for rank in ranks) >= 0.75
    assert statistics.fmean(rank > 0 for rank in ranks) >= 0.94


def test_two_words_find_their_paragraph(service: SearchService, shared_data: Path, say: Callable[[str], None]) -> None:
    ranks = reciprocal_ranks(service, shared_data, "short2_dev")
    say(report("two words", ranks))
    assert statistics.fmean(ranks) >= 0.85, report("two words", ranks)


def test_leaving_out_accents_loses_nothing(service: SearchService, shared_data: Path) -> None:
    names = ("queries_dev", "queries_noaccent_dev")
    with_accents, without = (statistics.fmean(reciprocal_ranks(service, shared_data, name)) for name in names)
    assert with_accents - without <= 0.002


def test_the_right_correction_comes_first(
    service: SearchService, shared_data: Path, say: Callable[[str], None]
) -> None:
    lines = read_lines(shared_data / "retrieval" / "typos_dev.jsonl")
    right = [line["query"].replace(line["wrong"], line["right"]) for line in lines]
    found = [ask(service, line["query"]) for line in lines]
    first = statistics.fmean(hits.suggestion == text for hits, text in zip(found, right, strict=True))
    within = statistics.fmean(
        any(hit.ref == line["relevant_id"] for hit in hits.items) for hits, line in zip(found, lines, strict=True)
    )
    say(f"typos: first {first:.2f}, document in ten {within:.2f}")
    assert first >= 0.90
    assert within >= 0.86


def test_words_with_one_random_typo_are_found(service: SearchService) -> None:
    known = {word for word, _ in all_words(service.engine(DISTRICT))}
    chance = random.Random(11)
    words = chance.sample(sorted(word for word in known if len(word) >= 5 and word.isascii() and word.isalpha()), 200)
    missed = [typo for word in words if not ask(service, typo := _typo(word, chance)).total]
    assert missed == []


def _typo(word: str, chance: random.Random) -> str:
    """One letter dropped, doubled, replaced, or swapped with the next."""
    place = chance.randrange(len(word) - 1)
    letter = chance.choice("abcdefghilmnopqrstuvz")
    before, here, after = word[:place], word[place], word[place + 1 :]
    ways = (before + after, before + here + here + after, before + letter + after, before + after[0] + here + after[1:])
    return chance.choice(ways)


@pytest.fixture(scope="module", params=[1, 5])
def page_times(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> tuple[int, list[float]]:
    """Milliseconds for a page with ten snippets, at about 2,000 and 10,000 documents."""
    engine = WhooshEngine(tmp_path_factory.mktemp("pages"))
    texts = {document.ref: document.texts["it"].body for document in corpus(shared_data, request.param)}
    engine.rebuild(corpus(shared_data, request.param))
    service, times = SearchService(lambda _district: engine), []
    for line in read_lines(shared_data / "retrieval" / "queries_dev.jsonl")[:300]:
        start = time.thread_time()
        hits = ask(service, line["query"])
        for hit in hits.items:
            snippet(texts[hit.ref], hits.marks.of("it"), "it")
        times.append(1000 * (time.thread_time() - start))
    return request.param, times


def test_a_page_with_ten_snippets_is_fast(page_times: tuple[int, list[float]], say: Callable[[str], None]) -> None:
    copies, times = page_times
    p95 = statistics.quantiles(times, n=20)[-1]
    say(f"page with ten snippets, {copies} x 2,007 documents: p95 {p95:.1f} ms of CPU")
    assert p95 <= (25 if copies == 1 else 80)
