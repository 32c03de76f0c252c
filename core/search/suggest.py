"""Correction of mistyped words against the words that the index really holds.

The dictionary is a set of arrays by word length. A letter mask per word (one bit per letter) leaves few candidates for
the exact distance: two typing errors change at most four bits, an inserted or dropped letter only one.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .analyzer import fold
from .engine import SearchEngine

MIN_LENGTH = 3
#: Words up to this length are corrected by one error only: two would turn them into anything.
SHORT_WORD = 4
MAX_LENGTH = 40
MAX_WORDS = 200_000

# What an error costs by its likelihood, in the same unit as the logarithm of a document frequency.
_COST_OF_DISTANCE = 5.0
_COST_OF_FIRST_LETTER = 1.5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word of the index near the typed one: folded, and ``written`` with the accents it mostly has there.

    ``distance`` counts typing errors (Damerau).
    """

    word: str
    distance: int
    frequency: int
    score: float
    written: str


@dataclass(slots=True)
class _Shelf:
    """All words of one length."""

    words: list[str]
    masks: array[int]
    frequencies: array[int]


class Dictionary:
    """The words of an index with their document frequencies, searched by nearness.

    Accented spellings are kept for showing only.
    """

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._shelves: dict[int, _Shelf] = {}
        self._accented: dict[str, tuple[int, str]] = {}
        for word, frequency in self._bounded(words).items():
            if fold(word) != word:
                self._accented[fold(word)] = max(self._accented.get(fold(word), (0, "")), (frequency, word))
                continue
            shelf = self._shelves.setdefault(len(word), _Shelf([], array("Q"), array("L")))
            shelf.words.append(word)
            shelf.masks.append(_mask(word))
            shelf.frequencies.append(frequency)

    @staticmethod
    def _bounded(words: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Sum up segments and languages; of too many words, keep the frequent ones."""
        found: dict[str, int] = {}
        for word, frequency in words:
            if MIN_LENGTH <= len(word) <= MAX_LENGTH and word.isalpha():
                found[word] = found.get(word, 0) + frequency
        if len(found) <= MAX_WORDS:
            return found
        return dict(sorted(found.items(), key=lambda item: -item[1])[:MAX_WORDS])

    def within(self, word: str, reach: int) -> Iterator[tuple[str, int, int]]:
        """Words at most ``reach`` typing errors away, with the errors and their frequency."""
        for candidate, frequency in self._candidates(word, reach):
            errors = distance(word, candidate, reach)
            if 0 < errors <= reach:
                yield candidate, errors, frequency

    def accented(self, word: str) -> tuple[int, str]:
        """The commonest spelling of ``word`` with accents and its frequency; ``(0, word)`` when there is none."""
        return self._accented.get(word, (0, word))

    def _candidates(self, word: str, reach: int) -> Iterator[tuple[str, int]]:
        mask = _mask(word)
        for length in range(len(word) - reach, len(word) + reach + 1):
            shelf = self._shelves.get(length)
            if shelf is None:
                continue
            bits = 2 * reach - abs(length - len(word))
            near = [place for place, other in enumerate(shelf.masks) if (other ^ mask).bit_count() <= bits]
            yield from ((shelf.words[place], shelf.frequencies[place]) for place in near)


def _mask(word: str) -> int:
    """One bit per letter, a second one when it stands twice: letters outside a–z share what is left."""
    mask = 0
    for letter in word:
        bit = 1 << (ord(letter) - 97 if "a" <= letter <= "z" else 26 + ord(letter) % 6)
        mask |= bit << 32 if mask & bit else bit
    return mask


def _score(word: str, candidate: str, errors: int, frequency: int) -> float:
    first = _COST_OF_FIRST_LETTER if word[0] != candidate[0] else 0.0
    return math.log(frequency + 1) - _COST_OF_DISTANCE * errors - first


def distance(one: str, other: str, limit: int) -> int:
    """Typing errors between two words (a swapped pair counts once); any value above ``limit`` means "more"."""
    one, other = _without_common_ends(one, other)
    if not one or not other:
        return len(one) + len(other)
    if min(len(one), len(other)) > 2 * limit + 2 and not set(one) & set(other):
        return limit + 1
    before, last, row = [0] * (len(other) + 1), [0] * (len(other) + 1), list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, last, row = last, row, [place]
        for where, counterpart in enumerate(other, 1):
            cost = min(last[where] + 1, row[where - 1] + 1, last[where - 1] + (letter != counterpart))
            if place > 1 and where > 1 and letter == other[where - 2] and one[place - 2] == counterpart:
                cost = min(cost, before[where - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def _without_common_ends(one: str, other: str) -> tuple[str, str]:
    start, shorter = 0, min(len(one), len(other))
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return one[start : len(one) - end], other[start : len(other) - end]


def suggest(dictionaries: Sequence[Dictionary], word: str, limit: int = 3) -> list[Suggestion]:
    """The likeliest words within two typing errors (one for short words), best first; never ``word`` itself."""
    if not MIN_LENGTH <= len(word) <= MAX_LENGTH or not word.isalpha():
        return []
    # Words with two errors are looked at only when none has one: the likelier mistake wins, and time is saved.
    for reach in range(1, 2 if len(word) <= SHORT_WORD else 3):
        found = _near(dictionaries, word, reach)
        if found:
            return sorted(found, key=lambda near: (-near.score, near.word))[:limit]
    return []


def _near(dictionaries: Sequence[Dictionary], word: str, reach: int) -> list[Suggestion]:
    errors: dict[str, int] = {}
    frequencies: dict[str, int] = {}
    for dictionary in dictionaries:
        for candidate, count, frequency in dictionary.within(word, reach):
            errors[candidate] = count
            frequencies[candidate] = frequencies.get(candidate, 0) + frequency
    return [_suggestion(dictionaries, word, near, errors[near], number) for near, number in frequencies.items()]


def _suggestion(dictionaries: Sequence[Dictionary], word: str, near: str, errors: int, frequency: int) -> Suggestion:
    accented, form = max(dictionary.accented(near) for dictionary in dictionaries)
    written = form if 2 * accented >= frequency else near
    return Suggestion(near, errors, frequency, _score(word, near, errors, frequency), written)


class Suggester:
    """The dictionaries of one engine: made when first needed, and later only for the parts that are new."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._parts: dict[str, Dictionary] = {}

    def suggest(self, word: str, limit: int = 3) -> list[Suggestion]:
        """The likeliest words of the index for a mistyped one (folded), best first."""
        return suggest(self._dictionaries(), word, limit)

    def _dictionaries(self) -> list[Dictionary]:
        parts = self._engine.vocabularies()
        with self._lock:
            self._parts = {key: self._parts.get(key) or Dictionary(read()) for key, read in parts.items()}
            return list(self._parts.values())
