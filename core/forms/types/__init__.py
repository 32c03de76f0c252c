"""Kinds of answers, one small class each, found by name."""

from __future__ import annotations

from collections.abc import Mapping

from core.forms.types.base import FieldType, Value
from core.forms.types.contacts import Email, Phone, Url
from core.forms.types.dates import Date
from core.forms.types.lists import Municipalities, Records
from core.forms.types.numbers import DecimalNumber, Integer, Money
from core.forms.types.options import Choice, Choices, YesNo
from core.forms.types.rows import Rows
from core.forms.types.texts import LongText, RichText, Text

_ALL: tuple[FieldType, ...] = (
    Text(), LongText(), RichText(), Integer(), DecimalNumber(), Money(), Date(), YesNo(), Choice(), Choices(),
    Email(), Phone(), Url(), Municipalities(), Records(), Rows(),
)  # fmt: skip

#: Field types by the name a definition uses.
FIELD_TYPES: Mapping[str, FieldType] = {type_.name: type_ for type_ in _ALL}

__all__ = ["FIELD_TYPES", "FieldType", "Value"]
