"""Words and phrases that mean the same, given with every search: a change counts at once, nothing is reindexed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .analyzer import ANALYZERS
from .engine import RANKING, Clause, Ranking, Term, pairs

Groups = Sequence[Sequence[str]]

MAX_PHRASES_PER_QUERY = 24


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase as it is written, and its stems in one language."""

    written: str
    stems: tuple[str, ...]
    group: int


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase of a group that stands in the query: at which tokens, and what else the group says."""

    first: int
    length: int
    others: tuple[str, ...]


def matches(groups: Groups, stems: Sequence[str], lang: str) -> list[Match]:
    """The phrases of ``groups`` found in the stems of a query, the longest at each place."""
    table = _table(tuple(tuple(group) for group in groups), lang)
    found = []
    for place in range(len(stems)):
        at_place = [phrase for phrase in table.get(stems[place], ()) if _stands_at(phrase, stems, place)]
        longest = max((len(phrase.stems) for phrase in at_place), default=0)
        for phrase in at_place:
            if len(phrase.stems) == longest:
                others = tuple(dict.fromkeys(other for other in groups[phrase.group] if other != phrase.written))
                found.append(Match(place, longest, others))
    return found


def clauses(found: Sequence[Match], lang: str, ranking: Ranking = RANKING) -> Iterator[Clause]:
    """What to search for besides the visitor's words; a phrase counts only where it stands as a whole."""
    # A synonym stands for all the words that it replaces, so it weighs as many times a word.
    replaced = {other: match.length for match in reversed(found) for other in match.others}
    for phrase, length in list(replaced.items())[:MAX_PHRASES_PER_QUERY]:
        for other_lang in ANALYZERS:
            share = ranking.synonym * (1.0 if other_lang == lang else ranking.other_language)
            clause = _clause(phrase, other_lang, share * length)
            if clause.terms:
                yield clause


def _clause(phrase: str, lang: str, share: float) -> Clause:
    stems = [token.stem for token in ANALYZERS[lang].query_tokens(phrase)]
    terms = tuple(Term("stem", lang, stem, share / len(stems)) for stem in dict.fromkeys(stems))
    return Clause(terms, tuple(Term("pair", lang, pair) for pair in pairs(stems)), phrase)


def _stands_at(phrase: _Phrase, stems: Sequence[str], place: int) -> bool:
    return tuple(stems[place : place + len(phrase.stems)]) == phrase.stems


@lru_cache(maxsize=64)
def _table(groups: tuple[tuple[str, ...], ...], lang: str) -> dict[str, tuple[_Phrase, ...]]:
    table: dict[str, list[_Phrase]] = {}
    for number, group in enumerate(groups):
        for written in group:
            stems = tuple(token.stem for token in ANALYZERS[lang].query_tokens(written))
            if stems:
                table.setdefault(stems[0], []).append(_Phrase(written, stems, number))
    return {first: tuple(phrases) for first, phrases in table.items()}
