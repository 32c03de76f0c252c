"""What the pages of the console are made of: panels, forms and fields as plain values that one template draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.i18n import LANGUAGES
from core.web.questions import Field, field

#: A cell as ``macros/tables.html`` draws it: a text, or ``{"text": …}`` with ``url`` or ``state``.
Cell = str | dict[str, Any]
Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """A form that posts to ``action``. ``resets``: label of the button that gives a field back to the model."""

    fields: Sequence[Field]
    action: str
    submit: str
    cancel: str = ""
    hidden: Sequence[tuple[str, str]] = ()
    resets: Mapping[str, str] | None = None
    #: The blue button of the page; further forms have an outlined one.
    main: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Columns as (label, is a number); the first cell of each line is its heading."""

    columns: Sequence[tuple[str, bool]]
    lines: Sequence[Sequence[Cell]]
    caption: str


@dataclass(frozen=True, slots=True)
class Panel:
    """A box with a heading; what it does not have is left out."""

    title: str
    id: str
    text: str = ""
    facts: Sequence[tuple[str, Any]] = ()
    table: Table | None = None
    #: (``yes``, ``half`` or ``no``, sentence).
    reasons: Sequence[tuple[str, str]] = ()
    form: Form | None = None
    links: Sequence[Link] = ()
    #: Said when there is nothing in the panel.
    empty: str = ""
    key: bool = False


def table(columns: Sequence[str], lines: Sequence[Sequence[Cell]], caption: str) -> Table | None:
    """A table of texts; none without lines."""
    return Table([(label, False) for label in columns], lines, caption) if lines else None


def linked(text: str, url: str) -> Cell:
    """A cell that leads somewhere."""
    return {"text": text, "url": url}


def state(kind: str, text: str) -> Cell:
    """A cell with an icon and a word; kind is ``ok``, ``soon``, ``late``, ``pause`` or ``info``."""
    return {"state": kind, "text": text}


def translated(name: str, label: str, values: Mapping[str, str], errors: Mapping[str, str], **more: Any) -> Field:
    """One question in every language; the answers are posted as ``name__it``, ``name__en``."""
    parts = [
        field(f"{name}__{lang}", label, lang=lang, language=own, value=values.get(lang, ""), max_length=300)
        for lang, own in LANGUAGES.items()
    ]
    parts[0]["error"] = errors.get(name, "")
    return field(name, label, translations=parts, **more)


def with_errors(fields: Sequence[Field], errors: Mapping[str, str]) -> list[Field]:
    """The fields, each with what is wrong with it."""
    return [{**item, "error": errors[item["name"]]} if item["name"] in errors else item for item in fields]


def summary(errors: Mapping[str, str]) -> list[tuple[str, str]]:
    """(id of the field, sentence) for the list above the form."""
    return list(errors.items())
