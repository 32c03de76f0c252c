"""A list of small groups of answers: phases, contacts, dates."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import FieldError, Invalid
from core.forms.lookups import NOWHERE, Lookups
from core.forms.reader import Reader
from core.forms.types.base import (
    FieldType,
    Problem,
    Value,
    check_least,
    check_most,
    expect_list,
    item_limits,
    item_schema,
    shorten,
)
from core.i18n import _

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

#: Technical ceiling where a definition sets none.
MOST_ROWS = 100


def _type_of(field: Field) -> FieldType:
    # The registry holds this very class.
    from core.forms.types import FIELD_TYPES

    return FIELD_TYPES[field.type]


class Rows(FieldType):
    """A list of objects with the same columns. Rows without any answer are dropped; too many are refused."""

    name = "rows"
    filterable = False
    in_rows = False
    has_columns = True

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        return item_limits(reader)

    def _clean_at(self, field: Field, value: object, lookups: Lookups, path: str) -> Any:
        if value is None or value == "":
            return None
        try:
            items = expect_list(value)
            check_most(field, len(items), MOST_ROWS)
            rows = self._clean_rows(field, items, lookups, path)
            check_least(field, len(rows))
        except Problem as problem:
            raise Invalid([FieldError(path, problem.message, problem.code)]) from problem
        return rows or None

    def _clean_rows(self, field: Field, items: Sequence[object], lookups: Lookups, path: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        errors: list[FieldError] = []
        for position, item in enumerate(items):
            try:
                row = _clean_row(field, item, lookups, f"{path}-{position}")
            except Invalid as invalid:
                errors.extend(invalid.errors)
                continue
            if row:
                rows.append(row)
        if errors:
            raise Invalid(errors)
        return rows

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return []

    def display(self, field: Field, answer: Any, lookups: Lookups = NOWHERE) -> str:
        return "\n".join(" · ".join(filter(None, _cells(field, row, lookups))) for row in answer or ())

    def to_input(self, field: Field, answer: Any) -> Any:
        return answer or []

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        raise TypeError("rows are built by core.forms.html, which knows the languages")

    def json_schema(self, field: Field) -> dict[str, Any]:
        from core.forms.faces import field_schema

        row = {
            "type": "object",
            "properties": {column.key: field_schema(column) for column in field.fields},
            "required": [column.key for column in field.fields if column.required],
            "additionalProperties": False,
        }
        return {"type": "array", "items": row, "maxItems": MOST_ROWS} | item_schema(field)


def _clean_row(field: Field, item: object, lookups: Lookups, path: str) -> dict[str, Any]:
    if not isinstance(item, Mapping):
        raise Invalid([FieldError(path, _("Ogni riga deve avere le sue voci"), "type")])
    known = {column.key for column in field.fields}
    errors = [
        FieldError(path, _("«%(key)s» non è una voce di questa riga", key=shorten(key)), "unknown")
        for key in item
        if key not in known
    ]
    row: dict[str, Any] = {}
    for column in field.fields:
        try:
            answer = _type_of(column).clean(column, item.get(column.key), lookups, path=f"{path}-{column.key}")
        except Invalid as invalid:
            errors.extend(invalid.errors)
            continue
        if answer is not None:
            row[column.key] = answer
    if row and not errors:
        errors = _missing_columns(field, row, path)
    if errors:
        raise Invalid(errors)
    return row


def _missing_columns(field: Field, row: Mapping[str, Any], path: str) -> list[FieldError]:
    return [
        FieldError(f"{path}-{column.key}", _("Completa questa voce"), "required")
        for column in field.fields
        if column.required and not _type_of(column).is_answered(column, row.get(column.key))
    ]


def _cells(field: Field, row: Mapping[str, Any], lookups: Lookups) -> Sequence[str]:
    return [_type_of(column).display(column, row.get(column.key), lookups) for column in field.fields]
