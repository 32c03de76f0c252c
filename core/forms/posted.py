"""What an HTML page posts, read back as raw answers. Nothing typed is lost, whatever is wrong with it.

Names: ``f_title`` · ``f_title__en`` (a language) · ``f_phases-0-name`` · ``f_phases-0-name__en`` (a row).
Buttons that work without script: ``add_row=phases`` and ``remove_row=phases-0``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.forms.definition import Field, Form
from core.forms.types import FIELD_TYPES
from core.forms.validation import is_sealed
from core.i18n import LANGUAGES

PREFIX = "f_"
ADD_ROW = "add_row"
REMOVE_ROW = "remove_row"
_REMOVED = re.compile(r"([A-Za-z][A-Za-z0-9_]*)-([0-9]{1,6})")


class Posted(Protocol):
    """What is needed of a request's form (werkzeug's MultiDict)."""

    def getlist(self, key: str) -> list[str]: ...
    def __iter__(self) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class RowAction:
    """A button pressed beside a list of rows: add one at the end, or remove the one at ``index``."""

    field: str
    index: int | None = None


def input_name(key: str, lang: str = "") -> str:
    """HTML name of a question, or of its text in one language."""
    return f"{PREFIX}{key}__{lang}" if lang else f"{PREFIX}{key}"


def read_posted(form: Form, posted: Posted, locales: Sequence[str] = tuple(LANGUAGES)) -> dict[str, Any]:
    """Raw answers to every question of the form; ``validate`` judges them, ``bind`` shows them again."""
    indexes = _row_indexes(posted)
    return {field.key: _read(field, posted, f"{PREFIX}{field.key}", locales, indexes) for field in form.fields}


def _read(field: Field, posted: Posted, name: str, locales: Sequence[str], indexes: Mapping[str, Sequence[str]]) -> Any:
    type_ = FIELD_TYPES[field.type]
    if type_.has_columns:
        return [_read_row(field, posted, f"{name}-{index}", locales) for index in indexes.get(name, ())]
    if field.localized:
        return {lang: _first(posted, f"{name}__{lang}") for lang in locales}
    return posted.getlist(name) if type_.posts_list else _first(posted, name)


def _read_row(field: Field, posted: Posted, prefix: str, locales: Sequence[str]) -> dict[str, Any]:
    return {column.key: _read(column, posted, f"{prefix}-{column.key}", locales, {}) for column in field.fields}


def _first(posted: Posted, name: str) -> str:
    return next(iter(posted.getlist(name)), "")


def _row_indexes(posted: Posted) -> dict[str, list[str]]:
    """The row numbers posted per list, in their order; gaps are fine."""
    found: dict[str, set[str]] = {}
    for name in posted:
        head, _dash, rest = name.partition("-")
        index = rest.partition("-")[0]
        if index.isascii() and index.isdigit() and len(index) <= 6:
            found.setdefault(head, set()).add(index)
    return {head: sorted(indexes, key=int) for head, indexes in found.items()}


def read_row_action(form: Form, posted: Posted) -> RowAction | None:
    """The row button that was pressed, or None."""
    added, removed = _first(posted, ADD_ROW), _REMOVED.fullmatch(_first(posted, REMOVE_ROW))
    action = RowAction(removed[1], int(removed[2])) if removed else RowAction(added)
    field = form.by_key.get(action.field)
    return action if field is not None and FIELD_TYPES[field.type].has_columns else None


def apply_row_action(raw: Mapping[str, Any], action: RowAction) -> dict[str, Any]:
    """``raw`` with one row more or less; an index that does not exist changes nothing."""
    rows = list(raw.get(action.field) or ())
    if action.index is None:
        rows.append({})
    elif action.index < len(rows):
        del rows[action.index]
    return {**raw, action.field: rows}


def to_inputs(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Stored answers as the raw answers a page would have posted."""
    return {field.key: _input(field, answers.get(field.key)) for field in form.fields}


def _input(field: Field, answer: Any) -> Any:
    type_ = FIELD_TYPES[field.type]
    answer = None if is_sealed(answer) else answer
    if type_.has_columns:
        return [{column.key: _input(column, row.get(column.key)) for column in field.fields} for row in answer or ()]
    if field.localized:
        return {lang: type_.to_input(field, text) for lang, text in (answer or {}).items()}
    return type_.to_input(field, answer)
