"""A visitor's search from words to hits."""

from __future__ import annotations

import random

import pytest

from core.search.documents import MAX_PAGE_SIZE, Hits, Query
from core.search.engine import SearchEngine
from core.search.service import SearchService
from core.search.synonyms import Groups

from .samples import DISTRICT, all_words, document, services

SIL = [["sil", "sisl", "servizio inserimento lavorativo"]]


def search(service: SearchService, text: str, synonyms: Groups = (), **more: object) -> Hits:
    return service.search(Query(text, **more), district_id=DISTRICT, synonyms=synonyms)  # type: ignore[arg-type]


def refs(hits: Hits) -> list[str]:
    return [hit.ref for hit in hits.items]


@pytest.mark.parametrize(
    "text", ["Borsa lavoro", "borse lavoro", "borsa lavro", "work grant", "BORSE DI LAVORO", "borza"]
)
@pytest.mark.parametrize("lang", ["it", "en"])
def test_every_way_of_asking_for_it_leads_to_the_work_grant(service: SearchService, text: str, lang: str) -> None:
    assert refs(search(service, text, lang=lang))[0] == "borsa-lavoro"


def test_a_mistyped_word_is_corrected_and_said_to_be(service: SearchService) -> None:
    hits = search(service, "Borsa lavro!")
    assert (hits.suggestion, hits.corrected) == ("Borsa lavoro!", True)


def test_the_words_as_typed_can_be_forced(service: SearchService) -> None:
    hits = search(service, "informtica", exact=True)
    assert (hits.total, hits.suggestion, hits.corrected) == (0, "informatica", False)


@pytest.mark.parametrize("text", ["borse lavoro", "tirocini", "Work grant", "la borsa", "computer"])
def test_a_correct_word_that_has_hits_is_never_corrected(service: SearchService, text: str) -> None:
    hits = search(service, text)
    assert hits.total
    assert (hits.suggestion, hits.corrected) == (None, False)


def test_a_correction_shows_the_accents_of_the_word(service: SearchService) -> None:
    assert search(service, "disabilta").suggestion == "disabilità"


def test_two_mistyped_words_are_corrected_in_their_places(service: SearchService) -> None:
    assert search(service, "un bosra, poi lavro?").suggestion == "un borsa, poi lavoro?"


def test_an_abbreviation_is_not_rewritten(service: SearchService) -> None:
    assert search(service, "d.lgs. informtica").suggestion == "d.lgs. informatica"


def test_a_word_that_nothing_is_like_finds_nothing(service: SearchService) -> None:
    hits = search(service, "xylophonquartz")
    assert (hits.total, hits.items, hits.suggestion, hits.corrected) == (0, (), None, False)


def test_a_synonym_finds_the_phrase_and_is_named(service: SearchService) -> None:
    hits = search(service, "sisl", SIL)
    assert [(hit.ref, hit.matched_by) for hit in hits.items] == [("sil", ("servizio inserimento lavorativo",))]
    assert not hits.corrected


def test_a_synonym_that_two_languages_recognise_counts_once(service: SearchService) -> None:
    by_synonym = search(service, "pc", [["pc", "computer"]]).items[0].score
    assert by_synonym < 0.4 * search(service, "computer").items[0].score


def test_a_synonym_works_in_both_directions(service: SearchService, engine: SearchEngine) -> None:
    engine.apply([document("sigla", "Il SIL risponde")])
    hits = search(service, "servizio di inserimento lavorativo", SIL)
    assert refs(hits)[:2] == ["sil", "sigla"]
    assert [hit.matched_by for hit in hits.items[:2]] == [(), ("sil",)]


def test_a_synonym_added_between_two_searches_counts_at_once(service: SearchService) -> None:
    assert search(service, "pc", exact=True).total == 0
    assert refs(search(service, "pc", [["pc", "computer"]])) == ["corso"]


def test_a_synonym_weighs_less_than_the_word_itself(service: SearchService, engine: SearchEngine) -> None:
    engine.apply([document("pc", "Il mio pc"), document("elaboratore", "Il mio elaboratore")])
    assert refs(search(service, "pc", [["pc", "elaboratore"]])) == ["pc", "elaboratore"]


def test_a_law_is_found_however_it_is_cited(service: SearchService) -> None:
    for text in ("legge 68/1999", "n. 68/99", "legge 12 marzo 1999, n. 68"):
        assert refs(search(service, text))[0] == "sil"


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_search_shows_everything(service: SearchService, text: str) -> None:
    assert search(service, text).total == len(services())


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "*",
        "(",
        "a*b",
        "AND OR NOT",
        "\x00",
        "\u202e\u200f",
        "di la e",
        "😀",
        "'",
        "[",
        "\\",
        "%",
        "\ud800",
        "x" * 10_240,
    ],
)
def test_garbage_finds_nothing_and_breaks_nothing(service: SearchService, text: str) -> None:
    hits = search(service, text)
    assert (hits.total, hits.items, hits.page) == (0, (), 1)


def test_ten_kilobytes_of_words_are_answered(service: SearchService) -> None:
    assert search(service, "corso informatica " * 600).total >= 1
    assert search(service, " ".join(f"zz{number}qq" for number in range(2_000))).total == 0


def test_marks_around_a_word_do_not_hide_it(service: SearchService) -> None:
    assert refs(search(service, '\u202e"tirocinio*"\x00?')) == ["tirocinio"]


@pytest.mark.parametrize("page", [0, -3, 1])
def test_a_page_before_the_first_is_the_first(service: SearchService, page: int) -> None:
    hits = search(service, "azienda", page=page)
    assert (hits.page, len(hits.items)) == (1, 2)


def test_a_page_far_beyond_is_empty_and_the_total_stays(service: SearchService) -> None:
    hits = search(service, "azienda", page=10**9)
    assert (hits.items, hits.total, hits.pages) == ((), 2, 1)


def test_a_page_has_a_bounded_size(service: SearchService) -> None:
    assert search(service, "", page_size=10**9).page_size == MAX_PAGE_SIZE
    assert search(service, "", page_size=0).page_size == 1


def test_a_language_without_rules_is_searched_all_the_same(service: SearchService) -> None:
    assert refs(search(service, "tirocinio", lang="xx")) == ["tirocinio"]


def test_only_what_may_be_seen_is_counted(service: SearchService) -> None:
    hits = service.search(Query("azienda"), district_id=DISTRICT, allowed=lambda found: set(found) & {"tirocinio"})
    assert (refs(hits), hits.total) == (["tirocinio"], 1)


def test_the_terms_to_mark_are_the_corrected_ones(service: SearchService) -> None:
    assert "lavor" in search(service, "lavro").marks.of("it")


def test_words_with_one_random_typo_are_found(service: SearchService, engine: SearchEngine) -> None:
    words = [word for word, _ in all_words(engine) if len(word) > 5 and word.isascii() and word.isalpha()]
    chance = random.Random(5)
    for word in words:
        place = chance.randrange(1, len(word) - 1)
        typo = word[:place] + chance.choice("qxzk") + word[place + 1 :]
        assert search(service, typo).total, (word, typo)
