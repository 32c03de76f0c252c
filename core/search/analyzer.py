"""From text to index terms: one versioned analyzer per language, used for documents, queries and snippets alike."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice

import Stemmer

from . import stopwords

#: Raise it with every change of the rules below: indexes built by another version are rebuilt.
VERSION = 1

MAX_QUERY_CHARACTERS = 1_000
MAX_QUERY_TERMS = 32
#: Longer runs of letters and digits are no words (keys, encoded data): cut, so that no term grows without bound.
MAX_WORD = 64

# Marks that stand inside words without being part of them: combining accents, soft hyphens, direction marks.
_INNER = "\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_APOSTROPHE = "['\u2019\u02bc`\u00b4]"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

_TOKEN = re.compile(
    rf"""
      (?P<dated>(?<!\w)(?P<year>(?:19|20)\d\d),?\s+n\.\s*(?P<number>\d{{1,4}})(?!\w))
    | (?P<act>(?<!\w)\d{{1,4}}/(?:19|20)?\d\d(?![\w/]))
    | (?P<amount>(?<!\w)\d{{1,3}}(?:\.\d{{3}})+(?!\w))
    | (?P<dotted>(?<!\w)(?:[^\W\d_]{{1,4}}\.){{2,}})
    | (?P<elided>(?<!\w)[^\W\d_]{{1,7}}(?={_APOSTROPHE}\s?\w))
    | (?P<word>\w[\w{_INNER}]*)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One term of a text. ``stem`` and ``exact`` are index terms; ``start`` and ``end`` are offsets in the text.

    ``position`` counts all words, stop words too, so that neighbours are told from words with something between.
    """

    stem: str
    exact: str
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analyzer:
    """The rules of one language."""

    language: str
    stemmer: str
    stop: frozenset[str]
    elisions: frozenset[str]
    abbreviations: Mapping[str, tuple[str, ...]]

    def tokens(self, text: str) -> Iterator[Token]:
        """The terms of ``text`` in reading order; stop words, signs and control characters yield none."""
        position = 0
        for match in _TOKEN.finditer(text):
            for word in self._words(match):
                position += 1
                if word and word not in self.stop:
                    yield Token(self.stem(word), word, position, match.start(), match.end())

    def query_tokens(self, text: str) -> tuple[Token, ...]:
        """The terms of a visitor's query: at most ``MAX_QUERY_TERMS`` different ones of a bounded text."""
        found: dict[str, Token] = {}
        for token in self.tokens(text[:MAX_QUERY_CHARACTERS]):
            found.setdefault(token.exact, token)
        return tuple(islice(found.values(), MAX_QUERY_TERMS))

    def stem(self, word: str) -> str:
        """The stem of a folded word; figures stay as they are."""
        return word if word[:1].isdigit() else _stem(self.stemmer, word)

    def fingerprint(self) -> str:
        """Changes whenever the rules do, so that an index tells which rules it was built with."""
        parts = [str(VERSION), self.language, self.stemmer, _TOKEN.pattern, Stemmer.version()]
        parts += [
            " ".join(sorted(self.stop)),
            " ".join(sorted(self.elisions)),
            repr(sorted(self.abbreviations.items())),
        ]
        return sha256("\0".join(parts).encode()).hexdigest()[:16]

    def _words(self, match: re.Match[str]) -> tuple[str, ...]:
        return _READERS[match.lastgroup or "word"](self, match)

    def _plain(self, match: re.Match[str]) -> tuple[str, ...]:
        word = fold(match.group())[:MAX_WORD].strip("_")
        return self._expand(word) if word in self.abbreviations and self._stands_for_more(match) else (word,)

    def _elided(self, match: re.Match[str]) -> tuple[str, ...]:
        word = fold(match.group())
        return () if word in self.elisions else (word,)

    def _dotted(self, match: re.Match[str]) -> tuple[str, ...]:
        return self._expand(fold(match.group()).replace(".", ""))

    def _expand(self, word: str) -> tuple[str, ...]:
        return self.abbreviations.get(word, (word,))

    @staticmethod
    def _stands_for_more(match: re.Match[str]) -> bool:
        """``l`` or ``art`` is short for something only before a dot or a figure."""
        return _BEFORE_FIGURE.match(match.string, match.end()) is not None


_BEFORE_FIGURE = re.compile(r"\.|\s*(?:n\.?\s*)?\d")


def _act(_: Analyzer, match: re.Match[str]) -> tuple[str, ...]:
    number, year = match.group().split("/")
    return (f"{number}/{_full_year(year)}", number, _full_year(year))


def _dated(_: Analyzer, match: re.Match[str]) -> tuple[str, ...]:
    number, year = match["number"], match["year"]
    return (year, number, f"{number}/{year}")


def _amount(_: Analyzer, match: re.Match[str]) -> tuple[str, ...]:
    return (match.group().replace(".", ""),)


def _full_year(year: str) -> str:
    """Laws cited with two figures: ``68/99`` is of 1999, ``81/08`` of 2008."""
    if len(year) == 4:
        return year
    return f"20{year}" if int(year) < 50 else f"19{year}"


_READERS: Mapping[str, Callable[[Analyzer, re.Match[str]], tuple[str, ...]]] = {
    "dated": _dated,
    "number": _dated,
    "act": _act,
    "amount": _amount,
    "dotted": Analyzer._dotted,
    "elided": Analyzer._elided,
    "word": Analyzer._plain,
}


@lru_cache(maxsize=65_536)
def fold(word: str) -> str:
    """Lower case without accents and invisible marks: what two spellings of one word share."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", word).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


# A stemmer object keeps state during a call, so every thread has its own.
_stemmers = threading.local()


@lru_cache(maxsize=65_536)
def _stem(algorithm: str, word: str) -> str:
    known: dict[str, Stemmer.Stemmer] = _stemmers.__dict__
    if algorithm not in known:
        known[algorithm] = Stemmer.Stemmer(algorithm, 0)
    return str(known[algorithm].stemWord(word))


ITALIAN = Analyzer(
    language="it",
    stemmer="italian",
    stop=stopwords.ITALIAN,
    elisions=stopwords.words(
        "l un d c s m t v n all dall dell nell sull coll dagl degl agl quell quest bell sant cos dov com anch "
        "tutt senz mezz nient quand pover gl"
    ),
    abbreviations={
        "art": ("articolo",),
        "artt": ("articolo",),
        "l": ("legge",),
        "lr": ("legge", "regionale"),
        "dl": ("decreto", "legge"),
        "dlgs": ("decreto", "legislativo"),
        "dm": ("decreto", "ministeriale"),
        "dpr": ("decreto", "presidente", "repubblica"),
        "dgr": ("delibera", "giunta", "regionale"),
        "cc": ("codice", "civile"),
        "co": ("comma",),
        "reg": ("regolamento",),
    },
)

ENGLISH = Analyzer(
    language="en",
    stemmer="english",
    stop=stopwords.ENGLISH,
    elisions=stopwords.words("l d"),
    abbreviations={"art": ("article",), "artt": ("article",)},
)

ANALYZERS: Mapping[str, Analyzer] = {analyzer.language: analyzer for analyzer in (ITALIAN, ENGLISH)}


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """One value for the rules of all languages."""
    return sha256("".join(analyzer.fingerprint() for analyzer in ANALYZERS.values()).encode()).hexdigest()[:16]
