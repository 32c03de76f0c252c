"""Answers chosen among given ones."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.forms.lookups import NOWHERE, Lookups
from core.forms.reader import Reader
from core.forms.types.base import (
    FieldType,
    Problem,
    Value,
    check_least,
    check_most,
    expect_list,
    folded,
    item_limits,
    item_schema,
    shorten,
)
from core.i18n import Texts, _, pick

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

_YES, _NO = "yes", "no"
_WORDS = {
    "true": True,
    _YES: True,
    "si": True,
    "sì": True,
    "1": True,
    "on": True,
    "false": False,
    _NO: False,
    "0": False,
}


def labels_of(field: Field, lookups: Lookups) -> Mapping[str, Texts]:
    """The possible answers of a field: key → label by language."""
    if field.options:
        return {option.key: option.label for option in field.options}
    return lookups.vocabularies.get(field.config.get("vocabulary", ""), {})


class YesNo(FieldType):
    """Yes, no, or not answered."""

    name = "yes_no"

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> bool | None:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and not value.strip():
            return None
        answer = _WORDS.get(value.strip().lower()) if isinstance(value, str) else None
        if answer is None:
            raise Problem(_("Rispondi sì o no"), "type")
        return answer

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(number=float(answer))]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return _("Sì") if answer else _("No")

    def to_input(self, field: Field, answer: Any) -> Any:
        return {True: _YES, False: _NO}.get(answer, "") if isinstance(answer, bool) else answer or ""

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import RadioField
        from wtforms.fields.choices import SelectChoice

        choices = [SelectChoice(_YES, _("Sì")), SelectChoice(_NO, _("No"))]
        return RadioField(**options, choices=choices, validate_choice=False)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "boolean"}


class Choice(FieldType):
    """One of the given answers."""

    name = "choice"
    has_options = True

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        return {"vocabulary": reader.text("vocabulary", "")}

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> Any:
        return clean_key(field, value, lookups)

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(text=folded(answer))]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return pick(labels_of(field, lookups).get(answer), lookups.lang) or str(answer)

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import SelectField

        return SelectField(**options, choices=[], validate_choice=False)

    def json_schema(self, field: Field) -> dict[str, Any]:
        keys = [option.key for option in field.options]
        return {"type": "string"} | ({"enum": keys} if keys else {})


class Choices(Choice):
    """Any number of the given answers."""

    name = "choices"
    in_rows = False
    posts_list = True

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        return {**super().check_config(reader), **item_limits(reader)}

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> Any:
        keys = [clean_key(field, item, lookups) for item in expect_list(value)]
        chosen = list(dict.fromkeys(key for key in keys if key is not None))
        check_least(field, len(chosen))
        check_most(field, len(chosen))
        return chosen or None

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(ord=position, text=folded(key)) for position, key in enumerate(answer)]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return ", ".join(super(Choices, self).display_one(field, key, lookups) for key in answer)

    def to_input(self, field: Field, answer: Any) -> Any:
        return list(answer) if isinstance(answer, list | tuple) else []

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import SelectMultipleField
        from wtforms.widgets import CheckboxInput, ListWidget

        widgets = {"widget": ListWidget(prefix_label=False), "option_widget": CheckboxInput()}
        return SelectMultipleField(**options, **widgets, choices=[], validate_choice=False)

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "array", "items": super().json_schema(field), "uniqueItems": True} | item_schema(field)


def clean_key(field: Field, value: object, lookups: Lookups) -> str | None:
    """The key of a known answer; None for blanks. Without a district any word of a vocabulary passes."""
    if not isinstance(value, str):
        raise Problem(_("Qui serve una scelta dell'elenco"), "type")
    key = value.strip()
    if not key:
        return None
    unchecked = not field.options and lookups is NOWHERE and len(key) <= 100 and key.isprintable()
    if not unchecked and key not in labels_of(field, lookups):
        raise Problem(_("«%(value)s» non è tra le scelte possibili", value=shorten(key)), "unknown")
    return key
