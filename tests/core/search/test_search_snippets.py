"""The part of a text that shows why it was found."""

from __future__ import annotations

import pytest

from core.search.analyzer import ITALIAN
from core.search.snippets import ELLIPSIS, highlight, snippet

LONG = (
    "Questa pagina spiega molte cose utili. "
    + "Altre righe vengono dopo di essa. " * 20
    + "La borsa lavoro è un contributo: la borsa si chiede allo sportello. "
    + "Poi seguono altre notizie generali. " * 20
)

STEMS = {ITALIAN.stem(word) for word in ["azienda", "tirocinio", "borsa", "lavoro", "spiega"]}


def plain(pieces: list[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in pieces)


def test_the_matches_are_marked_and_nothing_else() -> None:
    pieces = snippet("L'azienda cerca: due tirocini.", STEMS, "it")
    assert [text for text, match in pieces if match] == ["azienda", "tirocini"]
    assert plain(pieces) == "L'azienda cerca: due tirocini."


def test_the_window_holds_the_most_different_matches() -> None:
    pieces = snippet(LONG, STEMS, "it")
    assert [text for text, match in pieces if match] == ["borsa", "lavoro", "borsa"]
    assert plain(pieces).startswith(f"{ELLIPSIS}La borsa lavoro")
    assert plain(pieces).endswith(ELLIPSIS)


def test_without_matches_the_beginning_is_shown() -> None:
    pieces = snippet(LONG, set(), "it", size=50)
    assert [match for _, match in pieces] == [False]
    assert plain(pieces).startswith("Questa pagina")
    assert len(plain(pieces)) < 70


@pytest.mark.parametrize("text", ["", " ", "x" * 50_000, "parola " * 50_000, "\x00\u202e"])
def test_any_text_gives_a_bounded_snippet(text: str) -> None:
    assert len(plain(snippet(text, {"parol"}, "it"))) < 320


def test_pieces_are_text_and_never_markup() -> None:
    assert snippet("<b>corso</b>", {"cors"}, "it") == [("<b>", False), ("corso", True), ("</b>", False)]


def test_a_title_is_marked_as_a_whole() -> None:
    assert highlight("Il corso di cucina", {"cors"}, "it") == [("Il ", False), ("corso", True), (" di cucina", False)]


def test_a_citation_is_marked_once() -> None:
    assert [match for _, match in snippet("la l. 68/99 dice", {"68/1999", "68", "1999"}, "it")].count(True) == 1
