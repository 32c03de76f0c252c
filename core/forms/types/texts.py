"""Texts: one line, paragraphs, paragraphs with a little formatting."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from core.forms import richtext
from core.forms.lookups import Lookups
from core.forms.reader import Reader
from core.forms.types.base import FieldType, Problem, expect_text
from core.i18n import _

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

#: Patterns see at most this much: a careless one must not hold a thread.
PATTERN_LENGTH = 1_000


class Text(FieldType):
    """One line of text."""

    name = "text"
    localizable = True
    #: Technical ceiling, also where a definition sets none.
    ceiling: ClassVar[int] = 500

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        most = reader.integer("max_length", self.ceiling, least=1)
        if most and most > self.ceiling:
            raise reader.fail("max_length", f"is above {self.ceiling}", "Use long_text or rich_text for longer texts")
        return {"max_length": most, "pattern": self._pattern(reader)}

    def _pattern(self, reader: Reader) -> str | None:
        pattern: str | None = reader.text("pattern", "") or None
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise reader.fail("pattern", f"is not a regular expression ({error})") from error
        return pattern

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> str | None:
        text = self.normalise(expect_text(value))
        if not text:
            return None
        self._check_length(field, text)
        pattern = field.config.get("pattern")
        if pattern and (len(text) > PATTERN_LENGTH or not re.fullmatch(pattern, text)):
            raise Problem(_("Il testo non ha la forma richiesta"), "pattern")
        return text

    def _check_length(self, field: Field, text: str) -> None:
        most = field.config.get("max_length") or self.ceiling
        if len(text) > most:
            message = _("Il testo ha %(count)s caratteri: il massimo è %(most)s", count=len(text), most=most)
            raise Problem(message, "max_length")

    def normalise(self, text: str) -> str:
        """One line, single spaces."""
        return " ".join(text.split())

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField

        return StringField(**options, render_kw={"maxlength": field.config["max_length"]})

    def json_schema(self, field: Field) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": "string", "maxLength": field.config["max_length"]}
        return schema | ({"pattern": f"^(?:{field.config['pattern']})$"} if field.config.get("pattern") else {})


class LongText(Text):
    """Plain paragraphs."""

    name = "long_text"
    filterable = False
    ceiling = 20_000

    def _pattern(self, reader: Reader) -> str | None:
        return None

    def normalise(self, text: str) -> str:
        """Lines kept, their ends trimmed, no empty lines around."""
        lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        return "\n".join(lines).strip()

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import TextAreaField

        return TextAreaField(**options, render_kw={"rows": 4})


class RichText(LongText):
    """Paragraphs, lists, bold and links, written in Markdown."""

    name = "rich_text"
    ceiling = 50_000

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return richtext.plain(answer)
