"""The part of a text that shows best why it was found, in pieces that a template marks: never HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from .analyzer import ANALYZERS, Token

#: Longer texts are read up to here: a page of ten hits must not depend on how long one of them is.
MAX_CHARACTERS = 20_000
ELLIPSIS = "…"

_BREAKS = re.compile(r"\s+")
# A snippet may begin a little before its first match, with the sentence if that is near.
_SENTENCE = re.compile(r"[.!?:;]\s+")

Piece = tuple[str, bool]


def snippet(text: str, stems: AbstractSet[str], lang: str, *, size: int = 220) -> list[Piece]:
    """Pieces ``(text, is_match)`` of about ``size`` characters; the beginning when nothing matches.

    ``stems`` come from ``Hits.marks.of(lang)``; a language without an analyzer gets the beginning of its text.
    """
    text = text[:MAX_CHARACTERS]
    found = _matches(text, stems, lang)
    start, end = _window(text, found, size)
    return _pieces(text, [token for token in found if start <= token.start and token.end <= end], start, end)


def highlight(text: str, stems: AbstractSet[str], lang: str) -> list[Piece]:
    """The whole of a short text (a title) in pieces ``(text, is_match)``."""
    return _pieces(text, _matches(text, stems, lang), 0, len(text))


def _matches(text: str, stems: AbstractSet[str], lang: str) -> list[Token]:
    if not stems or lang not in ANALYZERS:
        return []
    return ANALYZERS[lang].marked(text, stems)


def _window(text: str, found: Sequence[Token], size: int) -> tuple[int, int]:
    if len(text) <= size:
        return 0, len(text)
    first, last = _best_run(found, size)
    if first is None or last is None:
        return 0, _end_of_word(text, size)
    start = _start_before(text, first.start, size - (last.end - first.start))
    return start, _end_of_word(text, min(start + size, len(text)))


def _best_run(found: Sequence[Token], size: int) -> tuple[Token | None, Token | None]:
    """The stretch with the most different terms, then the most terms, then the earliest."""
    best: tuple[tuple[int, int], Token | None, Token | None] = ((0, 0), None, None)
    inside: Counter[str] = Counter()
    left = 0
    for token in found:
        inside[token.stem] += 1
        while token.end - found[left].start > size:
            inside[found[left].stem] -= 1
            left += 1
        worth = (len(+inside), inside.total())
        if worth > best[0]:
            best = (worth, found[left], token)
    return best[1], best[2]


def _start_before(text: str, start: int, room: int) -> int:
    """Where to begin so that the first match has some words before it."""
    if start <= room // 2:
        return 0
    earliest = start - max(room // 2, 0)
    sentence = list(_SENTENCE.finditer(text, earliest, start))
    if sentence:
        return sentence[-1].end()
    word = _BREAKS.search(text, earliest, start)
    return word.end() if word else start


def _end_of_word(text: str, end: int) -> int:
    if end >= len(text):
        return len(text)
    after = _BREAKS.search(text, end)
    # A "word" that goes on for ever is cut.
    return after.start() if after and after.start() - end < 40 else end


def _pieces(text: str, found: Sequence[Token], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = [(ELLIPSIS, False)] if start else []
    here = start
    for token in found:
        if token.start < here:
            continue
        pieces += [(_BREAKS.sub(" ", text[here : token.start]), False), (text[token.start : token.end], True)]
        here = token.end
    rest = _BREAKS.sub(" ", text[here:end])
    pieces.append((rest + ELLIPSIS if end < len(text) else rest, False))
    return [piece for piece in pieces if piece[0]]
