"""A visitor's search from words to a page of hits: analysis, synonyms, correction, engine."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from datetime import date

from core import clock

from . import synonyms as synonym_rules
from .analyzer import ANALYZERS, MAX_QUERY_CHARACTERS, Analyzer, Token, fold
from .documents import Hits, Marks, Query
from .engine import RANKING, Allowed, Clause, EngineQuery, EngineResult, Ranking, SearchEngine, Term, pairs
from .suggest import Suggester, Suggestion
from .synonyms import Groups, Match

#: A word that is not in the index but shares its stem is taken for a mistake only if the other is so much commoner.
_FAR_COMMONER = 2
#: Of how many other words a correction is compared with, and how much that counts beside the word's own likelihood.
_COMPANY = 3
_WEIGHT_OF_COMPANY = 2.0

EngineFactory = Callable[[int], SearchEngine]


class SearchService:
    """Search over the districts of an installation; ``engines`` gives the engine of a district. Safe in any thread."""

    def __init__(self, engines: EngineFactory, ranking: Ranking = RANKING) -> None:
        self._engines, self._ranking = engines, ranking
        self._districts: dict[int, _DistrictSearch] = {}
        self._lock = threading.Lock()

    def search(
        self,
        query: Query,
        *,
        district_id: int,
        synonyms: Groups = (),
        allowed: Allowed | None = None,
        on: date | None = None,
    ) -> Hits:
        """A page of hits of a district, with total, facet counts, suggestion and the terms to mark.

        ``synonyms`` are groups of phrases that mean the same. ``allowed`` receives the references of all hits and
        returns those that may be seen; total and facets count only these. ``on`` is the day of validity (today).
        A text without words finds nothing; an empty text finds everything, newest first.
        """
        return self._district(district_id).search(query, synonyms, allowed, on or clock.today())

    def engine(self, district_id: int) -> SearchEngine:
        """The engine of a district, for status and reindexing."""
        return self._district(district_id).engine

    def _district(self, district_id: int) -> _DistrictSearch:
        with self._lock:
            if district_id not in self._districts:
                self._districts[district_id] = _DistrictSearch(self._engines(district_id), self._ranking)
            return self._districts[district_id]


class _DistrictSearch:
    """Search in one district."""

    def __init__(self, engine: SearchEngine, ranking: Ranking) -> None:
        self.engine, self._ranking = engine, ranking
        self._suggester = Suggester(engine)

    def search(self, query: Query, groups: Groups, allowed: Allowed | None, on: date) -> Hits:
        text = query.text[:MAX_QUERY_CHARACTERS]
        if not text.strip():
            return self._hits(query, self._run(query, None, allowed, on), ())
        suggestion, sure = self._correct(text, query.lang, groups)
        if suggestion and sure and not query.exact:
            clauses = self._clauses(suggestion, query.lang, groups)
            result = self._run(query, clauses, allowed, on)
            if result.total:
                return self._hits(query, result, clauses, suggestion, corrected=True)
        clauses = self._clauses(text, query.lang, groups)
        return self._hits(query, self._run(query, clauses, allowed, on), clauses, suggestion)

    def _run(self, query: Query, clauses: tuple[Clause, ...] | None, allowed: Allowed | None, on: date) -> EngineResult:
        facets = {facet: tuple(values) for facet, values in query.facets.items()}
        return self.engine.search(EngineQuery(clauses, on, facets, query.offset, query.size), allowed)

    @staticmethod
    def _hits(
        query: Query,
        result: EngineResult,
        clauses: tuple[Clause, ...],
        suggestion: str | None = None,
        corrected: bool = False,
    ) -> Hits:
        page = max(query.page, 1)
        marks = _marks(clauses)
        return Hits(result.hits, result.total, result.facets, page, query.size, suggestion, corrected, marks)

    # From words to terms

    def _clauses(self, text: str, lang: str, groups: Groups) -> tuple[Clause, ...]:
        """The visitor's words in every language, and the synonyms of what they say in any."""
        own: list[Clause] = []
        meant: list[Match] = []
        for rules in ANALYZERS.values():
            tokens = rules.query_tokens(text)
            own += [Clause(tuple(self._terms(rules.language, lang, tokens)))] if tokens else []
            meant += synonym_rules.matches(groups, [token.stem for token in tokens], rules.language)
        return (*own, *synonym_rules.clauses(meant, lang, self._ranking))

    def _terms(self, language: str, lang: str, tokens: tuple[Token, ...]) -> Iterator[Term]:
        share = 1.0 if language == lang else self._ranking.other_language
        stems = [token.stem for token in tokens]
        for stem in dict.fromkeys(stems):
            yield Term("stem", language, stem, share * self._ranking.stem)
        for token in tokens:
            yield Term("exact", language, token.exact, share * self._ranking.exact)
        for pair in dict.fromkeys(pairs(stems)):
            yield Term("pair", language, pair, share * self._ranking.pair)

    # Correction

    def _correct(self, text: str, lang: str, groups: Groups) -> tuple[str | None, bool]:
        """The text with its unknown words replaced, and whether one of them has no hit at all."""
        rules = ANALYZERS.get(lang) or next(iter(ANALYZERS.values()))
        tokens = rules.query_tokens(text)
        spared = _in_synonyms(groups, tokens, rules.language)
        found: list[tuple[Token, str, bool]] = []
        for place, token in enumerate(tokens):
            better, unknown = (None, False) if place in spared else self._better(token, tokens, rules)
            # What an abbreviation stands for is not in the text, so it cannot be replaced there.
            if better and fold(text[token.start : token.end]) == token.exact:
                found.append((token, better, unknown))
        sure = any(unknown for _, _, unknown in found)
        # A word with hits of its own is left alone as long as another one explains the failure.
        chosen = [(token, better) for token, better, unknown in found if unknown or not sure]
        return (_replaced(text, chosen) if chosen else None), sure

    def _better(self, token: Token, context: tuple[Token, ...], rules: Analyzer) -> tuple[str | None, bool]:
        """A likelier word for an unknown one, and whether the typed one finds nothing."""
        word = token.exact
        if not word.isalpha() or any(word in each.stop for each in ANALYZERS.values()):
            return None, False
        if any(self.engine.frequency("exact", lang, word) for lang in ANALYZERS):
            return None, False
        related = max(self.engine.frequency("stem", lang, each.stem(word)) for lang, each in ANALYZERS.items())
        found = self._suggester.suggest(word)
        if not found:
            return None, False
        near = self._most_fitting(found, [other for other in context if other is not token], rules)
        if related and (near.frequency < _FAR_COMMONER * related or _same_stem(word, near.word)):
            return None, False
        return near.written, not related

    def _most_fitting(self, found: list[Suggestion], context: list[Token], rules: Analyzer) -> Suggestion:
        """Of several corrections the one that stands in the same documents as the other words of the query."""
        if len(found) == 1 or not context:
            return found[0]
        return max(found, key=lambda near: near.score + _WEIGHT_OF_COMPANY * self._company(near.word, context, rules))

    def _company(self, word: str, context: list[Token], rules: Analyzer) -> float:
        """How often a word meets the other words, as a sum of logarithms."""
        term = Term("stem", rules.language, rules.stem(word))
        others = [Term("stem", rules.language, token.stem) for token in context[:_COMPANY]]
        met = (EngineQuery((Clause((term,), (other,), ""),), clock.today(), limit=1) for other in others)
        return sum(math.log(1 + self.engine.search(query).total) for query in met)


def _replaced(text: str, chosen: list[tuple[Token, str]]) -> str:
    for token, better in reversed(chosen):
        text = text[: token.start] + better + text[token.end :]
    return text


def _same_stem(one: str, other: str) -> bool:
    return any(rules.stem(one) == rules.stem(other) for rules in ANALYZERS.values())


def _in_synonyms(groups: Groups, tokens: tuple[Token, ...], lang: str) -> set[int]:
    found = synonym_rules.matches(groups, [token.stem for token in tokens], lang)
    return {place for match in found for place in range(match.first, match.first + match.length)}


def _marks(clauses: tuple[Clause, ...]) -> Marks:
    stems: dict[str, set[str]] = {}
    for clause in clauses:
        for term in clause.terms:
            if term.kind == "stem":
                stems.setdefault(term.lang, set()).add(term.text)
    return Marks({lang: frozenset(found) for lang, found in stems.items()})
