"""What the pages of accounts are made of, as plain values that one template draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.web.questions import Field


@dataclass(frozen=True, slots=True)
class Form:
    """A form that posts to ``action``. ``main``: its button is the blue one of the page.

    ``username``: whose password is asked for, so that programs that keep passwords know it.
    """

    action: str
    submit: str
    fields: Sequence[Field] = ()
    hidden: Sequence[tuple[str, str]] = ()
    main: bool = True
    username: str = ""

    @property
    def asks_password(self) -> bool:
        """Whether a password is written in it."""
        return any(item["type"] == "password" for item in self.fields)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in a list, with its facts and the button that does something with it."""

    title: str
    notes: Sequence[str] = ()
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A box with a heading; what it does not have is left out."""

    title: str
    id: str
    text: str = ""
    facts: Sequence[tuple[str, Any]] = ()
    lines: Sequence[Line] = ()
    #: Said when there are no lines.
    empty: str = ""
    form: Form | None = None
    links: Sequence[tuple[str, str]] = ()
    #: Codes to be written down.
    codes: Sequence[str] = ()
    #: A drawing of ours (SVG).
    drawing: Any = None
    key: bool = False

    def with_errors(self, errors: Mapping[str, str]) -> Panel:
        """The same, each field with what is wrong with it."""
        if self.form is None:
            return self
        fields = [{**item, "error": errors.get(item["name"], "")} for item in self.form.fields]
        return replace(self, form=replace(self.form, fields=fields))

    def for_user(self, username: str) -> Panel:
        """The same, its form telling whose password it asks for."""
        if self.form is None or not self.form.asks_password:
            return self
        return replace(self, form=replace(self.form, username=username))
