"""Days."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from core.forms.lookups import Lookups
from core.forms.reader import Reader
from core.forms.types.base import FieldType, Problem, Value, shorten
from core.i18n import _

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_ITALIAN = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")


class Date(FieldType):
    """A day, stored in ISO form; typed as 2026-03-31 or 31/03/2026."""

    name = "date"

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        least, most = _limit(reader, "min"), _limit(reader, "max")
        if least and most and least > most:
            raise reader.fail("min", "is after max")
        return {"min": least, "max": most}

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> str | None:
        day = parse_day(value)
        if day is None:
            return None
        self._check_range(field, day)
        return day.isoformat()

    def _check_range(self, field: Field, day: date) -> None:
        least, most = field.config.get("min"), field.config.get("max")
        if least and day < date.fromisoformat(least):
            raise Problem(_("La data non può essere prima del %(day)s", day=_spoken(least)), "min")
        if most and day > date.fromisoformat(most):
            raise Problem(_("La data non può essere dopo il %(day)s", day=_spoken(most)), "max")

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(date=date.fromisoformat(answer))]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        from babel.dates import format_date

        return format_date(date.fromisoformat(answer), format="long", locale=lookups.lang)

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField
        from wtforms.widgets import DateInput

        return StringField(**options, widget=DateInput())

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


def parse_day(value: object) -> date | None:
    """The day in ``value``; None for blanks. Raises Problem for what is no day of the calendar."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise Problem(_("Qui serve una data, per esempio 31/03/2026"), "type")
    text = value.strip()
    if not text:
        return None
    try:
        return date(*_parts(text))
    except ValueError as error:
        raise Problem(
            _("«%(value)s» non è una data: scrivila così, 31/03/2026", value=shorten(text)), "type"
        ) from error


def _parts(text: str) -> tuple[int, int, int]:
    if match := _ISO.fullmatch(text):
        year, month, day = match.groups()
    elif match := _ITALIAN.fullmatch(text):
        day, month, year = match.groups()
    else:
        raise ValueError(text)
    return int(year), int(month), int(day)


def _spoken(iso: str) -> str:
    return f"{date.fromisoformat(iso):%d/%m/%Y}"


def _limit(reader: Reader, key: str) -> str | None:
    value = reader.raw(key)
    if value is None:
        return None
    try:
        day = parse_day(value)
    except Problem as problem:
        raise reader.fail(key, "must be a date", "Write 2026-03-31") from problem
    return day.isoformat() if day else None
