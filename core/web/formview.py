"""A bound form as the plain values that the form macros draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wtforms.fields.choices import SelectFieldBase
from wtforms.fields.core import Field as WtField

from core.forms.html import BoundField, BoundForm
from core.forms.posted import ADD_ROW, PREFIX, REMOVE_ROW
from core.i18n import DEFAULT, LANGUAGES
from core.web.references import FIND, FOUND, WORDS, Picker

View = dict[str, Any]


def sections_of(bound: BoundForm, pickers: Mapping[str, Picker]) -> list[View]:
    """The sections of a form, each with its fields; see ``macros/forms.html`` for the keys.

    ``pickers``: for each question that asks for other records, what it offers.
    """
    return [
        {
            "key": section.key,
            "title": section.label,
            "fields": [view_of(field) | _picking(field, pickers) for field in section.fields],
        }
        for section in bound.sections
    ]


def _picking(field: BoundField, pickers: Mapping[str, Picker]) -> View:
    key = field.definition.key
    picker = pickers.get(key)
    if picker is None:
        return {}
    return {
        "picker": picker,
        "find": (FIND, key),
        "words_name": WORDS + key,
        "found_name": FOUND + key,
    }


def errors_of(bound: BoundForm) -> list[tuple[str, str]]:
    """(id of the field, what to do) for the summary above the form; the label stands before what is not clear alone."""
    ids = {id_: label for section in bound.sections for field in section.fields for id_, label in _ids(field)}
    return [
        (id_ if (id_ := PREFIX + e.field) in ids else "", _named(ids.get(id_, ""), e.message)) for e in bound.errors
    ]


def _named(label: str, message: str) -> str:
    return f"{label}: {message}" if label else message


def _ids(field: BoundField) -> Iterator[tuple[str, str]]:
    yield field.name, field.label
    for lang, _input in field.inputs:
        if lang:
            yield f"{field.name}__{lang}", f"{field.label} ({LANGUAGES[lang]})"
    for row in field.rows:
        for column in row:
            yield from _ids(column)


def view_of(field: BoundField) -> View:
    """One question."""
    item = field.definition
    view: View = {
        "name": field.name,
        "id": field.name,
        "type": item.type,
        "label": field.label,
        "hint": field.hint,
        "error": " ".join(field.errors),
        "optional": not item.required and not item.complete,
        "needed": item.complete and not item.required,
        "max_length": item.config.get("max_length"),
    }
    if field.is_rows:
        return view | _rows(field)
    if item.localized:
        return view | {"translations": [_translation(field, lang, found) for lang, found in field.inputs]}
    (_lang, found) = field.inputs[0]
    return view | _input(found)


def _translation(field: BoundField, lang: str, found: WtField) -> View:
    name = f"{field.name}__{lang}"
    base: View = {"name": name, "id": name, "type": field.definition.type, "label": field.label, "lang": lang}
    base["invalid"] = bool(field.errors) and lang == DEFAULT
    limit = field.definition.config.get("max_length")
    return base | {"language": LANGUAGES[lang], "max_length": limit} | _input(found)


def _input(found: WtField) -> View:
    view: View = {"value": found.data if found.data is not None else "", "error": " ".join(map(str, found.errors))}
    if isinstance(found, SelectFieldBase):
        view["options"] = [(c.value, str(c.label), c.selected) for c in found.iter_choices() if c.value]
    return view


def _rows(field: BoundField) -> View:
    key = field.name.removeprefix(PREFIX)
    most = field.definition.config.get("max_items")
    lines = [
        {"fields": [view_of(column) for column in row], "remove": (REMOVE_ROW, f"{key}-{index}")}
        for index, row in enumerate(field.rows)
    ]
    return {"lines": lines, "add": (ADD_ROW, key) if most is None or len(lines) < most else None}
