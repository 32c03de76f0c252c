"""Forms made in place, for tests."""

from __future__ import annotations

from typing import Any

from core.forms.definition import Field, Form, parse_form
from core.forms.types import FIELD_TYPES

OPTIONS = [{"key": "a", "label": {"it": "Alfa"}}, {"key": "b", "label": {"it": "Beta"}}]
#: What each type needs beside its name.
NEEDS: dict[str, dict[str, Any]] = {
    "choice": {"options": OPTIONS},
    "choices": {"options": OPTIONS},
    "rows": {"fields": [{"key": "name", "type": "text", "label": {"it": "Nome"}, "localized": True}]},
}


def form(*fields: dict[str, Any], **more: Any) -> Form:
    """A form with one section and these fields."""
    sections = [{"key": "all", "label": {"it": "Tutto"}}]
    whole = [{"section": "all", "label": {"it": item["key"]}, **item} for item in fields]
    return parse_form({"key": "test", "title": {"it": "Prova"}, "sections": sections, "fields": whole, **more})


def field(type_: str, **properties: Any) -> Field:
    """One field called ``x``."""
    return form({"key": "x", "type": type_, **NEEDS.get(type_, {}), **properties}).by_key["x"]


def clean(type_: str, value: object, **properties: Any) -> Any:
    """The stored answer of a field of this type."""
    return FIELD_TYPES[type_].clean(field(type_, **properties), value)
