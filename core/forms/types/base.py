"""What every kind of answer can do."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from core.errors import FieldError, Invalid
from core.forms.folding import fold, strip_controls
from core.forms.lookups import NOWHERE, Lookups
from core.forms.reader import Reader
from core.i18n import DEFAULT, LANGUAGES, _, pick

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

#: Longest text kept for filters and sorting: index rows have a limit on every database.
VALUE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Value:
    """One row of ``core_record_value``: exactly one of text (folded), number, date is set."""

    ord: int = 0
    lang: str = ""
    text: str | None = None
    number: float | None = None
    date: date | None = None


class Problem(Exception):
    """A single answer is wrong; the caller knows the name of the field."""

    def __init__(self, message: str, code: str = "invalid") -> None:
        self.message, self.code = message, code
        super().__init__(message)


class FieldType:
    """A kind of answer. Subclasses set ``name`` and override ``clean_one`` and what differs from a plain text."""

    name: ClassVar[str]
    localizable: ClassVar[bool] = False
    filterable: ClassVar[bool] = True
    in_rows: ClassVar[bool] = True
    has_options: ClassVar[bool] = False
    has_columns: ClassVar[bool] = False
    #: The posted answer is a list of values under one name.
    posts_list: ClassVar[bool] = False

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        """The properties of this type, read from the definition; ConfigError when they make no sense."""
        return {}

    def clean(self, field: Field, value: object, lookups: Lookups = NOWHERE, *, path: str = "") -> Any:
        """The answer to store, or None when empty. Raises Invalid with one FieldError per wrong part."""
        path = path or field.key
        if field.localized:
            return self._clean_languages(field, value, lookups, path)
        return self._clean_at(field, value, lookups, path)

    def _clean_at(self, field: Field, value: object, lookups: Lookups, path: str) -> Any:
        if value is None or value == "":
            return None
        try:
            return self.clean_one(field, value, lookups)
        except Problem as problem:
            raise Invalid([FieldError(path, problem.message, problem.code)]) from problem

    def _clean_languages(self, field: Field, value: object, lookups: Lookups, path: str) -> dict[str, Any] | None:
        texts = {DEFAULT: value} if isinstance(value, str) else value
        if texts is None:
            return None
        if not isinstance(texts, Mapping):
            raise Invalid([FieldError(path, _("Qui serve un testo per ogni lingua"), "type")])
        answers: dict[str, Any] = {}
        errors: list[FieldError] = []
        for lang, text in texts.items():
            if lang not in LANGUAGES:
                errors.append(FieldError(path, _("Lingua sconosciuta: %(lang)s", lang=shorten(lang)), "language"))
                continue
            try:
                answers[lang] = self._clean_at(field, text, lookups, f"{path}__{lang}")
            except Invalid as invalid:
                errors.extend(invalid.errors)
        if errors:
            raise Invalid(errors)
        return {lang: answers[lang] for lang in LANGUAGES if answers.get(lang) is not None} or None

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> Any:
        """The answer of one language, None when empty. Raises Problem."""
        raise NotImplementedError

    def is_answered(self, field: Field, answer: Any) -> bool:
        """Whether the stored answer counts as given: a text by language needs the Italian one."""
        if answer is None or answer in ([], ""):
            return False
        return bool(answer.get(DEFAULT)) if field.localized and isinstance(answer, Mapping) else True

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        """Rows for filters."""
        if field.localized:
            return [Value(lang=lang, text=folded(text)) for lang, text in answer.items()]
        return [Value(text=folded(str(answer)))]

    def display(self, field: Field, answer: Any, lookups: Lookups = NOWHERE) -> str:
        """The answer as a person reads it, in the language of ``lookups``."""
        if answer is None:
            return ""
        return self.display_one(field, pick(answer, lookups.lang) if field.localized else answer, lookups)

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        """Like ``display``, for the answer of one language."""
        return str(answer)

    def to_input(self, field: Field, answer: Any) -> Any:
        """What an HTML field shows for the stored answer; ``clean`` turns it back into the same answer."""
        return "" if answer is None else str(answer)

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        """The WTForms field; ``options`` are its label, description, name and validators."""
        raise NotImplementedError

    def json_schema(self, field: Field) -> dict[str, Any]:
        """JSON Schema of the stored answer of one language."""
        return {"type": "string"}


def folded(text: str) -> str:
    """``text`` as filters compare it."""
    return fold(text)[:VALUE_LENGTH]


def shorten(value: object) -> str:
    """A posted value fit to be repeated in a message."""
    text = strip_controls(value) if isinstance(value, str) else type(value).__name__
    return text if len(text) <= 40 else f"{text[:39]}…"


def expect_text(value: object) -> str:
    """``value`` without control characters, as text; Problem when it is something else."""
    if not isinstance(value, str):
        raise Problem(_("Qui serve un testo"), "type")
    return strip_controls(value)


def expect_list(value: object) -> list[object]:
    """``value`` as a list; Problem when it is something else."""
    if not isinstance(value, list | tuple):
        raise Problem(_("Qui serve un elenco"), "type")
    return list(value)


def check_least(field: Field, count: int) -> None:
    """Refuse fewer entries than the definition asks for; none at all is a matter of ``required``."""
    least = field.config.get("min_items")
    if count and least and count < least:
        raise Problem(_("Servono almeno %(least)s voci", least=least), "min_items")


def check_most(field: Field, count: int, ceiling: int | None = None) -> None:
    """Refuse more entries than the definition (or else ``ceiling``) allows; nothing is ever cut off."""
    most = field.config.get("max_items") or ceiling
    if most and count > most:
        raise Problem(_("Ci sono %(count)s voci: il massimo è %(most)s", count=count, most=most), "max_items")


def item_limits(reader: Reader) -> dict[str, Any]:
    """``min_items`` and ``max_items`` of a list type."""
    least, most = reader.integer("min_items"), reader.integer("max_items", least=1)
    if least and most and least > most:
        raise reader.fail("min_items", "is greater than max_items")
    return {"min_items": least, "max_items": most}


def item_schema(field: Field) -> dict[str, Any]:
    """The limits of a list in JSON Schema."""
    limits = {"minItems": field.config.get("min_items"), "maxItems": field.config.get("max_items")}
    return {key: limit for key, limit in limits.items() if limit is not None}
