"""One analyzer per language: the same terms for what people write differently."""

from __future__ import annotations

import dataclasses

import pytest

from core.search.analyzer import ANALYZERS, ENGLISH, ITALIAN, MAX_QUERY_TERMS, MAX_WORD


def stems(text: str) -> list[str]:
    return [token.stem for token in ITALIAN.tokens(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("borse lavoro", "Borsa Lavoro"),
        ("città", "CITTA"),
        ("citta\u0300", "città"),
        ("dell'azienda", "azienda"),
        ("dell’azienda", "azienda"),
        ("un' azienda", "azienda"),
        ("S.I.L.", "sil"),
        ("art. 14", "articolo 14"),
        ("D.Lgs. 276/2003", "decreto legislativo 276/2003"),
        ("l. 381/91", "legge 381/1991"),
        ("n. 68/1999", "68/99"),
        ("1.500 euro", "1500 euro"),
        ("per\u00adcorso", "percorso"),
        ("\u202ecorso\u202c", "corso"),
    ],
)
def test_two_ways_of_writing_give_the_same_stems(one: str, other: str) -> None:
    assert stems(one) == stems(other)


def test_the_official_citation_of_a_law_holds_the_short_one() -> None:
    assert "68/1999" in stems("legge 12 marzo 1999, n. 68")
    assert "68/1999" in stems("la legge n. 68/1999")


def test_a_letter_is_a_law_only_before_a_figure() -> None:
    assert "legg" in stems("l. 68/1999")
    assert stems("vitamina B") == ["vitamin", "b"]


def test_stop_words_yield_nothing_with_or_without_accents() -> None:
    assert stems("perché la di un è perche") == []


def test_offsets_point_at_the_word_in_the_text() -> None:
    text = "L'azienda, S.I.L. e città"
    assert [text[token.start : token.end] for token in ITALIAN.tokens(text)] == ["azienda", "S.I.L.", "città"]


def test_positions_leave_room_for_stop_words() -> None:
    positions = [token.position for token in ITALIAN.tokens("corso di informatica")]
    assert positions[1] - positions[0] == 2


def test_the_exact_form_keeps_the_ending_that_the_stem_drops() -> None:
    assert [token.exact for token in ITALIAN.tokens("Tirocinî formativi")] == ["tirocini", "formativi"]


def test_english_has_rules_of_its_own() -> None:
    assert [token.stem for token in ENGLISH.tokens("the Work Grants")] == ["work", "grant"]


@pytest.mark.parametrize("text", ["", '"', "*", "(", "\x00", "\u202e\u200f", "😀", "___", "'", "...", "\ud800"])
def test_signs_alone_are_no_terms(text: str) -> None:
    assert list(ITALIAN.tokens(text)) == []


def test_a_query_has_a_bounded_number_of_terms() -> None:
    assert len(ITALIAN.query_tokens(" ".join(f"parola{number}" for number in range(5_000)))) == MAX_QUERY_TERMS
    assert len(ITALIAN.query_tokens("x" * 10_000)[0].exact) == MAX_WORD


def test_repeated_words_of_a_query_count_once_in_their_order() -> None:
    assert [token.exact for token in ITALIAN.query_tokens("corso sera corso biblioteca")] == [
        "corso",
        "sera",
        "biblioteca",
    ]


def test_the_fingerprint_follows_the_rules() -> None:
    changed = dataclasses.replace(ITALIAN, stop=ITALIAN.stop | {"corso"})
    assert changed.fingerprint() != ITALIAN.fingerprint()
    assert len({rules.fingerprint() for rules in ANALYZERS.values()}) == len(ANALYZERS)
