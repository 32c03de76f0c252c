"""Words to mark are found without reading the whole text, and they are the same."""

from __future__ import annotations

import random

import pytest

from core.search.analyzer import ANALYZERS, ENGLISH, ITALIAN, Analyzer, fold

TEXTS = (
    "La borsa lavoro è un sostegno: l'azienda ospitante accoglie la persona, perché così lavorerà.",
    "Il Comune di Rho (S.I.L.) applica la l. 68/99 e l'art. 14 del D.Lgs. 276/2003; 1.500 euro nel 2003, n. 276.",
    "Più città, già Università; _lavoro_ e lavoro.it — «Lavoratori» d’Italia",
    "Straße, ﬁducia, la\u00advoro, citta\u0300, Ångström e Łódź",
    "The workers were working: skies, dying, generously; a worker's grant is not a working-group's.",
)


def read_whole(analyzer: Analyzer, text: str, stems: frozenset[str]) -> list[tuple[str, int, int]]:
    return [(token.exact, token.start, token.end) for token in analyzer.tokens(text) if token.stem in stems]


@pytest.mark.parametrize("analyzer", ANALYZERS.values(), ids=list(ANALYZERS))
@pytest.mark.parametrize("text", TEXTS)
def test_what_is_marked_is_what_reading_everything_would_mark(analyzer: Analyzer, text: str) -> None:
    every = sorted({token.stem for token in analyzer.tokens(text)})
    dice = random.Random(7)
    for _ in range(200):
        stems = frozenset(dice.sample(every, dice.randint(1, min(4, len(every)))))
        found = [(token.exact, token.start, token.end) for token in analyzer.marked(text, stems)]
        assert found == read_whole(analyzer, text, stems)


@pytest.mark.parametrize("analyzer", ANALYZERS.values(), ids=list(ANALYZERS))
def test_a_stem_keeps_the_letters_that_it_promises_to_keep(analyzer: Analyzer) -> None:
    words = {fold(word) for text in (*TEXTS, " ".join(sorted(analyzer.stop))) for word in text.split()}
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    dice = random.Random(5)
    words |= {"".join(dice.choices(letters, k=dice.randint(1, 12))) for _ in range(20_000)}
    assert analyzer.kept
    changed = [word for word in words if word.isalpha() and not word.startswith(analyzer.stem(word)[: analyzer.kept])]
    assert changed == []


def test_an_ordinary_text_is_passed_over_by_the_beginnings_of_words() -> None:
    assert ITALIAN._places(TEXTS[0], frozenset({"lavor"})) == [9, 84]
    assert ENGLISH._places("working in a worker's day", frozenset({"work"})) == [0, 13]


def test_figures_and_abbreviations_are_read_with_the_whole_text() -> None:
    assert ITALIAN._places(TEXTS[0], frozenset({"legg"})) is None
    assert ITALIAN._places(TEXTS[0], frozenset({"2003"})) is None
    assert ITALIAN._places(TEXTS[1], frozenset({"comun"})) is None
