"""Lists of things that live elsewhere: municipalities, other records."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

import re
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
    expect_text,
    folded,
    item_limits,
    item_schema,
    shorten,
)
from core.i18n import _

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

#: Longest public id of a record.
REF_LENGTH = 100
#: Technical ceiling where a definition sets none.
MOST_RECORDS = 200
_ISTAT = re.compile(r"[0-9]{6}")


class Municipalities(FieldType):
    """Municipalities of the district, stored by ISTAT code; a name is understood as well."""

    name = "municipalities"
    in_rows = False
    posts_list = True

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        return item_limits(reader)

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> list[str] | None:
        codes = [self._code(item, lookups) for item in expect_list(value)]
        chosen = list(dict.fromkeys(code for code in codes if code))
        check_least(field, len(chosen))
        check_most(field, len(chosen))
        return chosen or None

    def _code(self, value: object, lookups: Lookups) -> str | None:
        text = expect_text(value).strip()
        if not text:
            return None
        code = text if lookups is NOWHERE and _ISTAT.fullmatch(text) else lookups.municipality_code(text)
        if code is None:
            raise Problem(_("«%(value)s» non è un Comune di questo distretto", value=shorten(text)), "unknown")
        return code

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(ord=position, text=code) for position, code in enumerate(answer)]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return ", ".join(lookups.municipalities.get(code, code) for code in answer)

    def to_input(self, field: Field, answer: Any) -> Any:
        return list(answer) if isinstance(answer, list | tuple) else []

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import SelectMultipleField
        from wtforms.widgets import CheckboxInput, ListWidget

        widgets = {"widget": ListWidget(prefix_label=False), "option_widget": CheckboxInput()}
        return SelectMultipleField(**options, **widgets, choices=[], validate_choice=False)

    def json_schema(self, field: Field) -> dict[str, Any]:
        code = {"type": "string", "pattern": "^[0-9]{6}$"}
        return {"type": "array", "items": code, "uniqueItems": True} | item_schema(field)


class Records(FieldType):
    """Other records, by their public id. They need not exist yet: an import brings them in any order."""

    name = "records"
    in_rows = False

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        return {"record_types": reader.strings("record_types", ()), **item_limits(reader)}

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> list[str] | None:
        # A page posts one id a line.
        items = value.splitlines() if isinstance(value, str) else expect_list(value)
        refs = list(dict.fromkeys(ref for ref in map(_clean_ref, items) if ref))
        check_least(field, len(refs))
        check_most(field, len(refs), MOST_RECORDS)
        return refs or None

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(ord=position, text=folded(ref)) for position, ref in enumerate(answer)]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return ", ".join(answer)

    def to_input(self, field: Field, answer: Any) -> Any:
        return "\n".join(answer) if isinstance(answer, list | tuple) else answer or ""

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import TextAreaField

        return TextAreaField(**options, render_kw={"rows": 3})

    def json_schema(self, field: Field) -> dict[str, Any]:
        ref = {"type": "string", "maxLength": REF_LENGTH}
        return {"type": "array", "items": ref, "uniqueItems": True} | item_schema(field)


def _clean_ref(value: object) -> str:
    ref = " ".join(expect_text(value).split())
    if len(ref) > REF_LENGTH:
        raise Problem(_("Il codice «%(value)s» è troppo lungo", value=shorten(ref)), "max_length")
    return ref
