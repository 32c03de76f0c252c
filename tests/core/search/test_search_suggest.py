"""The dictionary of corrections."""

from __future__ import annotations

import pytest

from core.search.documents import Query
from core.search.engine import SearchEngine
from core.search.service import SearchService
from core.search.suggest import Dictionary, Suggester, Suggestion, distance, suggest

from .samples import document, services

WORDS = Dictionary([("lavoro", 30), ("lavori", 5), ("borsa", 20), ("corsa", 2), ("città", 4), ("citta", 5), ("sil", 9)])


def near_words(word: str) -> list[Suggestion]:
    return suggest([WORDS], word)


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [("lavoro", "lavoro", 0), ("lavro", "lavoro", 1), ("lavroo", "lavoro", 1), ("labolo", "lavoro", 2), ("", "ab", 2)],
)
def test_a_swapped_pair_is_one_error(one: str, other: str, errors: int) -> None:
    assert distance(one, other, 2) == distance(other, one, 2) == errors


def test_a_long_way_is_only_known_to_be_long() -> None:
    assert distance("tirocinio", "biblioteca", 2) > 2
    assert distance("aaaaaaaaaaaa", "zzzzzzzzzzzz", 2) > 2


@pytest.mark.parametrize("typo", ["lavro", "llavoro", "lavoor", "lqvoro", "avoro", "labolo"])
def test_the_likeliest_word_comes_first(typo: str) -> None:
    assert near_words(typo)[0].word == "lavoro"


def test_of_equally_near_words_the_commoner_comes_first() -> None:
    assert [near.word for near in near_words("lavore")] == ["lavoro", "lavori"]


def test_a_first_letter_is_seldom_wrong() -> None:
    assert near_words("corza")[0].word == "corsa"


def test_short_words_are_corrected_by_one_error_only() -> None:
    assert near_words("sill")[0].word == "sil"
    assert near_words("sxx") == []


@pytest.mark.parametrize("text", ["", "a", "68/1999", "x" * 100, "ab1"])
def test_what_is_no_word_has_no_correction(text: str) -> None:
    assert near_words(text) == []


def test_a_correction_is_written_with_its_accents() -> None:
    near = near_words("cittta")[0]
    assert (near.word, near.written) == ("citta", "città")


def test_the_dictionary_follows_the_index(engine: SearchEngine) -> None:
    engine.rebuild(services())
    suggester = Suggester(engine)
    assert suggester.suggest("falegnmeria") == []
    engine.apply([document("bottega", "Falegnameria")])
    assert suggester.suggest("falegnmeria")[0].word == "falegnameria"


def test_frequencies_of_the_parts_of_an_index_add_up() -> None:
    parts = [Dictionary([("banca", 5), ("banda", 7)]), Dictionary([("banca", 4)])]
    assert [(near.word, near.frequency) for near in suggest(parts, "banfa")] == [("banca", 9), ("banda", 7)]


def test_the_other_words_of_a_query_decide_between_corrections(engine: SearchEngine) -> None:
    engine.rebuild([document(f"doc{number}", "Il treno era preso") for number in range(3)])
    engine.apply([document("premio", "Premio Nobel")])
    assert search_text(engine, "preio") == "preso"
    assert search_text(engine, "nobel preio") == "nobel premio"


def search_text(engine: SearchEngine, text: str) -> str | None:
    return SearchService(lambda _district: engine).search(Query(text), district_id=1).suggestion
