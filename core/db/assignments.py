"""What INSERT and UPDATE put into ``district_id``: a bound value, or the district of a tied table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import BindParameter, Insert, Update
from sqlalchemy.sql.elements import Grouping, Label
from sqlalchemy.sql.selectable import CompoundSelect, SelectBase, SelectStatementGrouping

from core.db.base import DISTRICT
from core.db.scope import Bound, Findings, owned_table


def check_assignments(statement: Update, findings: Findings) -> None:
    """An UPDATE may set ``district_id`` to a bound value only; the guard compares it when it runs."""
    if any(_is_expression(value) for value in _districts_in(statement._values or {})):
        findings.faults.append(f"UPDATE sets {DISTRICT} to an expression")


def check_insert(statement: Insert, findings: Findings) -> None:
    """An INSERT may fill ``district_id`` from a bound value, or from the district of a table it selects from."""
    findings.tables.add(statement.table.name)
    if any(_is_expression(value) for row in _rows(statement) for value in _districts_in(row)):
        findings.faults.append(f"INSERT fills {DISTRICT} with an expression")
    if statement.select is not None:
        _check_selected(statement, findings)
    _check_conflict(statement, findings)


def _rows(statement: Insert) -> Iterator[Mapping[Any, Any]]:
    yield statement._values or {}
    columns = statement.table.c.keys()
    for rows in statement._multi_values:
        for row in rows:
            yield row if isinstance(row, Mapping) else dict(zip(columns, row, strict=False))


def _districts_in(values: Mapping[Any, Any]) -> Iterator[Any]:
    return (value for column, value in values.items() if getattr(column, "key", column) == DISTRICT)


def _is_expression(value: Any) -> bool:
    element = value.__clause_element__() if hasattr(value, "__clause_element__") else value
    return hasattr(element, "_compiler_dispatch") and not isinstance(element, BindParameter)


def _check_selected(statement: Insert, findings: Findings) -> None:
    names = [str(name) for name in statement._select_names or ()]
    if DISTRICT not in names:
        return
    for select in _selects(statement.select):
        if not _is_safe(list(select.selected_columns)[names.index(DISTRICT)], findings):
            findings.faults.append(f"INSERT fills {DISTRICT} with an expression")


def _selects(statement: Any) -> Iterator[SelectBase]:
    if isinstance(statement, SelectStatementGrouping):
        yield from _selects(statement.element)
    elif isinstance(statement, CompoundSelect):
        for part in statement.selects:
            yield from _selects(part)
    else:
        yield statement


def _is_safe(column: Any, findings: Findings) -> bool:
    while isinstance(column, Label | Grouping):
        column = column.element
    if isinstance(column, BindParameter):
        findings.bounds.append(Bound(column))
        return True
    # The compiler checks separately that every owned table of the SELECT is tied.
    return getattr(column, "name", None) == DISTRICT and owned_table(column.table) is not None


def _check_conflict(statement: Insert, findings: Findings) -> None:
    assigned = getattr(statement._post_values_clause, "update_values_to_set", {})
    for value in _districts_in(assigned):
        if _is_expression(value) and getattr(getattr(value, "table", None), "name", "") != "excluded":
            findings.faults.append(f"ON CONFLICT sets {DISTRICT} to an expression")
