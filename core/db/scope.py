"""Reads one statement and says whether each of its district-owned tables is tied to a bound district.

A table is *tied* when a condition that every result row must meet says that its ``district_id`` equals a bound value,
or equals the ``district_id`` of a tied table. Everything else is open, however reasonable it may look: the author
then adds the condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, BooleanClauseList, Table
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, Grouping, Tuple
from sqlalchemy.sql.selectable import FromClause, FromClauseAlias, FromGrouping, Join

from core.db.base import DISTRICT
from core.db.tenancy import is_owned


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound value that stands for a district; in ``(a, b) IN (…)`` one ``position`` of tuples ``width`` wide."""

    parameter: BindParameter[Any]
    position: int = 0
    width: int = 1


@dataclass(frozen=True, slots=True)
class Tie:
    """``table`` is tied if ``source`` is: a bound value always, another table when that one is tied."""

    table: FromClause
    source: FromClause | Bound


@dataclass(slots=True)
class Findings:
    """What the compiler saw in one statement, nested statements included."""

    tables: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def owned_table(element: FromClause) -> Table | None:
    """The district-owned table behind ``element`` (itself or an alias of it), if it is one."""
    while isinstance(element, FromClauseAlias):
        element = element.element
    return element if isinstance(element, Table) and is_owned(element) else None


def flatten(element: FromClause, ties: list[Tie]) -> list[FromClause]:
    """The single tables of a FROM element; the ties of its ON conditions are added to ``ties``."""
    if isinstance(element, FromGrouping):
        return flatten(element.element, ties)
    if not isinstance(element, Join):
        return [element]
    left, right = flatten(element.left, ties), flatten(element.right, ties)
    ties.extend(_join_ties(element, left, right))
    return left + right


def _join_ties(join: Join, left: list[FromClause], right: list[FromClause]) -> Iterator[Tie]:
    if join.full:
        return
    # The left rows of an outer join stay when the condition fails: it ties the right side alone.
    reached = set(right) if join.isouter else {*left, *right}
    yield from (tie for tie in find_ties(join.onclause) if tie.table in reached)


def find_ties(condition: Any) -> Iterator[Tie]:
    """The ties among the parts of ``condition`` that are joined by AND at its top."""
    for part in _conjuncts(condition):
        if isinstance(part, BinaryExpression):
            yield from TIE_FORMS.get(part.operator, _no_ties)(part)


def _conjuncts(condition: Any) -> Iterator[Any]:
    if isinstance(condition, Grouping):
        yield from _conjuncts(condition.element)
    elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _conjuncts(part)
    elif condition is not None:
        yield condition


def _district_of(element: Any) -> FromClause | None:
    """The FROM element whose ``district_id`` this column is."""
    return getattr(element, "table", None) if getattr(element, "name", None) == DISTRICT else None


def _no_ties(part: BinaryExpression[Any]) -> Iterator[Tie]:
    return iter(())


def _equality(part: BinaryExpression[Any]) -> Iterator[Tie]:
    for one, other in ((part.left, part.right), (part.right, part.left)):
        table = _district_of(one)
        source = Bound(other) if isinstance(other, BindParameter) else _district_of(other)
        if table is not None and source is not None:
            yield Tie(table, source)


def _membership(part: BinaryExpression[Any]) -> Iterator[Tie]:
    if not isinstance(part.right, BindParameter):
        return
    left = part.left.element if isinstance(part.left, Grouping) else part.left
    members = list(left.clauses) if isinstance(left, Tuple) else [left]
    for position, member in enumerate(members):
        table = _district_of(member)
        if table is not None:
            yield Tie(table, Bound(part.right, position, len(members)))


TIE_FORMS = {operators.eq: _equality, operators.in_op: _membership}


def tied_tables(ties: Iterable[Tie], known: Iterable[FromClause], findings: Findings) -> set[FromClause]:
    """All tables that hang on a bound district, directly or through others; ``known`` are tied from outside."""
    tied = set(known)
    waiting = []
    for tie in ties:
        if isinstance(tie.source, Bound):
            tied.add(tie.table)
            findings.bounds.append(tie.source)
        else:
            waiting.append((tie.table, tie.source))
    while reached := {table for table, source in waiting if source in tied and table not in tied}:
        tied |= reached
    return tied


def check_tables(elements: Iterable[FromClause], tied: set[FromClause], findings: Findings, form: str) -> None:
    """Note every district-owned table among ``elements`` and the ones that are open."""
    for element in elements:
        table = owned_table(element)
        if table is None:
            continue
        findings.tables.add(table.name)
        if element not in tied:
            findings.faults.append(f"{form} {table.name} without {DISTRICT}")
