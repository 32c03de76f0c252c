"""From text to index terms: one versioned analyzer per language, used for documents, queries and snippets alike."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import islice

import Stemmer

from . import stopwords

#: Raise it with every change of the rules below: indexes built by another version are rebuilt.
VERSION = 1

MAX_QUERY_CHARACTERS = 1_000
MAX_QUERY_TERMS = 32
#: Words of which the folded form and the stem are kept at hand: most of a language, in some two megabytes each.
WORDS_KEPT = 16_384
#: Longer runs of letters and digits are no words (keys, encoded data): cut, so that no term grows without bound.
MAX_WORD = 64

# Marks that stand inside words without being part of them: combining accents, soft hyphens, direction marks.
_INNER = "\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_APOSTROPHE = "['\u2019\u02bc`\u00b4]"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

# Possessive, and guarded by a look at the next character: a page of hits reads some twenty thousand characters.
_TOKEN = re.compile(
    rf"""
    (?=\w)(?:
      (?=\d)(?<!\w)(?:
          (?P<dated>(?P<year>(?:19|20)\d\d),?\s+n\.\s*(?P<number>\d{{1,4}})(?!\w))
        | (?P<act>\d{{1,4}}/(?:19|20)?\d\d(?![\w/]))
        | (?P<amount>\d{{1,3}}(?:\.\d{{3}})+(?!\w))
      )
    | (?P<dotted>(?<!\w)(?:[^\W\d_]{{1,4}}+\.){{2,}})
    | (?P<elided>(?<!\w)[^\W\d_]{{1,7}}+(?={_APOSTROPHE}\s?\w))
    | (?P<word>\w+(?:[{_INNER}][\w{_INNER}]*)?)
    )
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


@dataclass(frozen=True)
class Analyzer:
    """The rules of one language."""

    language: str
    stemmer: str
    stop: frozenset[str]
    elisions: frozenset[str]
    abbreviations: Mapping[str, tuple[str, ...]]
    #: How many first letters of a word its stem never changes: words that cannot have a stem are passed over unread.
    kept: int = 0

    def tokens(self, text: str) -> Iterator[Token]:
        """The terms of ``text`` in reading order; stop words, signs and control characters yield none."""
        position, stop, abbreviations = 0, self.stop, self.abbreviations
        for match in _TOKEN.finditer(text):
            if match.lastgroup == "word":
                # Nearly all tokens come this way, so it is the short one.
                word, stem = _read(self.stemmer, match[0])
                if word not in abbreviations:
                    position += 1
                    if word and word not in stop:
                        yield Token(stem, word, position, *match.span())
                    continue
            for word in self._words(match):
                position += 1
                if word and word not in stop:
                    yield Token(self.stem(word), word, position, *match.span())

    def marked(self, text: str, stems: AbstractSet[str]) -> list[Token]:
        """The tokens of ``text`` that have one of the stems; their positions mean nothing.

        Words that begin otherwise than every stem are not read, so a long text costs little.
        """
        places = self._places(text, stems)
        if places is None:
            return [token for token in self.tokens(text) if token.stem in stems]
        matches = (match for place in places if (match := _TOKEN.match(text, place)))
        return [
            Token(self.stem(word), word, 0, *match.span())
            for match in matches
            for word in self._words(match)
            if word and word not in self.stop and self.stem(word) in stems
        ]

    def _places(self, text: str, stems: AbstractSet[str]) -> list[int] | None:
        """Where words begin that may have one of the stems; ``None`` when only reading everything can tell."""
        if not (self.kept and all(map(self._regular, stems))) or _UNUSUAL.search(text):
            return None
        # One byte a character, so that places in it are places in the text.
        plain = text.lower().encode("latin-1", "replace").translate(_PLAIN)
        if b"_" in plain or _DOTTED.search(plain):
            return None
        beginnings = {stem[: self.kept].encode("latin-1", "replace") for stem in stems}
        return sorted({place for beginning in beginnings for place in _word_starts(plain, beginning)})

    def _regular(self, stem: str) -> bool:
        """Whether a word must begin like this stem: not so with figures, and with what abbreviations stand for."""
        return stem[:1].isalpha() and stem not in self._abbreviated

    @cached_property
    def _abbreviated(self) -> frozenset[str]:
        return frozenset(self.stem(word) for words in self.abbreviations.values() for word in words)

    def query_tokens(self, text: str) -> tuple[Token, ...]:
        """The terms of a visitor's query: at most ``MAX_QUERY_TERMS`` different ones of a bounded text."""
        found: dict[str, Token] = {}
        for token in self.tokens(text[:MAX_QUERY_CHARACTERS]):
            found.setdefault(token.exact, token)
        return tuple(islice(found.values(), MAX_QUERY_TERMS))

    def stem(self, word: str) -> str:
        """The stem of a folded word; figures stay as they are."""
        return _stem_of(self.stemmer, word)

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
        word = _cut(match[0])
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
# Everything but ASCII, the letters of Latin-1 that fold to one letter, and the usual signs.
_UNUSUAL = re.compile(
    "[^\x00-\x7f\xa0\xa7\xab\xb0\xb7\xbb\xc0-\xc5\xc7-\xcf\xd1-\xd6\xd9-\xdd\xe0-\xe5\xe7-\xef\xf1-\xf6\xf9-\xfd"
    "\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u20ac]"
)
_DOTTED = re.compile(rb"\.[a-z]")


def _word_starts(plain: bytes, beginning: bytes) -> Iterator[int]:
    """Where a word begins with ``beginning``."""
    at = plain.find(beginning)
    while at >= 0:
        if not plain[at - 1 : at].isalnum():
            yield at
        at = plain.find(beginning, at + 1)


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


@lru_cache(maxsize=WORDS_KEPT)
def fold(word: str) -> str:
    """Lower case without accents and invisible marks: what two spellings of one word share."""
    if word.isascii():
        return word.lower()
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", word).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _plain_byte(code: int) -> int:
    """The folded letter of a Latin-1 character, where it is one letter."""
    letter = fold(chr(code))
    return ord(letter) if len(letter) == 1 and letter.isascii() else code


_PLAIN = bytes(map(_plain_byte, range(256)))


# A stemmer object keeps state during a call, so every thread has its own.
_stemmers = threading.local()


@lru_cache(maxsize=WORDS_KEPT)
def _read(algorithm: str, written: str) -> tuple[str, str]:
    """A word as it is compared, and its stem."""
    word = _cut(written)
    return word, _stem_of(algorithm, word)


def _cut(written: str) -> str:
    return fold(written)[:MAX_WORD].strip("_")


def _stem_of(algorithm: str, word: str) -> str:
    return word if word[:1].isdigit() else _stem(algorithm, word)


@lru_cache(maxsize=WORDS_KEPT)
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
    kept=3,
)

ENGLISH = Analyzer(
    language="en",
    stemmer="english",
    stop=stopwords.ENGLISH,
    elisions=stopwords.words("l d"),
    abbreviations={"art": ("article",), "artt": ("article",)},
    kept=1,
)

ANALYZERS: Mapping[str, Analyzer] = {analyzer.language: analyzer for analyzer in (ITALIAN, ENGLISH)}


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """One value for the rules of all languages."""
    return sha256("".join(analyzer.fingerprint() for analyzer in ANALYZERS.values()).encode()).hexdigest()[:16]
