"""Vocabularies of a district: terms by key, found again by any of their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.districts.models import Vocabulary, VocabularyTerm
from core.districts.text import folded
from core.i18n import Texts, pick


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a vocabulary; ``parent`` is the key of the term above it, or empty."""

    key: str
    label: Texts
    aliases: tuple[str, ...] = ()
    parent: str = ""

    def names(self) -> frozenset[str]:
        """Key, labels and aliases, without accents and capitals."""
        return frozenset(folded(name) for name in (self.key, *self.label.values(), *self.aliases) if name)


def terms(session: Session, vocabulary_key: str) -> Mapping[str, Term]:
    """The terms of a vocabulary of the session's district, in the model's order; empty for an unknown vocabulary."""
    rows = session.scalars(
        select(VocabularyTerm)
        .join(
            Vocabulary,
            (Vocabulary.district_id == VocabularyTerm.district_id) & (Vocabulary.id == VocabularyTerm.vocabulary_id),
        )
        .where(Vocabulary.key == vocabulary_key)
        .order_by(VocabularyTerm.position)
    )
    return {row.key: Term(row.key, row.label, tuple(row.aliases), row.parent) for row in rows}


def vocabularies(session: Session) -> Mapping[str, Texts]:
    """Key and label of every vocabulary of the session's district."""
    rows = session.scalars(select(Vocabulary).order_by(Vocabulary.position))
    return {row.key: row.label for row in rows}


def find(known: Mapping[str, Term], name: str) -> Term | None:
    """The term that ``name`` means: its key, a label or an alias in any language."""
    if name in known:
        return known[name]
    wanted = folded(name)
    return next((term for term in known.values() if wanted in term.names()), None)


def label_of(known: Mapping[str, Term], key: str, lang: str) -> str:
    """The label of a term, or the key itself where the term is gone."""
    term = known.get(key)
    return pick(term.label, lang) if term else key


def with_descendants(known: Mapping[str, Term], key: str) -> frozenset[str]:
    """The key and those of all terms below it."""
    children = [term.key for term in known.values() if term.parent == key]
    return frozenset({key}).union(*(with_descendants(known, child) for child in children))
