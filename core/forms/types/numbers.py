"""Numbers and money. No floating point is ever stored."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from core.forms.lookups import Lookups
from core.forms.reader import Reader
from core.forms.types.base import FieldType, Problem, Value, shorten
from core.i18n import _

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

#: Beyond this neither a browser nor a double counts exactly.
LARGEST = 9_007_199_254_740_991
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,12})?")
# One dot alone is a decimal point, as in the stored form; dots of thousands show by a comma or by a second dot.
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3})+,[0-9]{1,12}|(?:\.[0-9]{3}){2,4})")


class Integer(FieldType):
    """A whole number."""

    name = "integer"

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        least, most = reader.integer("min", least=-LARGEST), reader.integer("max", least=-LARGEST)
        if least is not None and most is not None and least > most:
            raise reader.fail("min", "is greater than max")
        return {"min": least, "max": most}

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> int | None:
        number = self.parse(value)
        if number is not None:
            self.check_range(field, number)
        return number

    def parse(self, value: object) -> int | None:
        """The number in ``value``; None for blanks. Raises Problem."""
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return None
            if not _WHOLE.fullmatch(text):
                raise Problem(_("«%(value)s» non è un numero intero", value=shorten(text)), "type")
            return int(text)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem(_("Qui serve un numero intero"), "type")
        return value

    def check_range(self, field: Field, number: int) -> None:
        """Refuse what lies outside the limits of the definition."""
        least, most = field.config.get("min"), field.config.get("max")
        if number < (-LARGEST if least is None else least):
            raise Problem(_("Il valore più basso ammesso è %(least)s", least=self.spoken(least, -LARGEST)), "min")
        if number > (LARGEST if most is None else most):
            raise Problem(_("Il valore più alto ammesso è %(most)s", most=self.spoken(most, LARGEST)), "max")

    def spoken(self, limit: int | None, default: int) -> str:
        """A limit as a person reads it."""
        return str(default if limit is None else limit)

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(number=float(answer))]

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField

        return StringField(**options, render_kw={"inputmode": "numeric"})

    def json_schema(self, field: Field) -> dict[str, Any]:
        limits = {"minimum": field.config.get("min"), "maximum": field.config.get("max")}
        return {"type": "integer"} | {key: limit for key, limit in limits.items() if limit is not None}


class DecimalNumber(FieldType):
    """A decimal number, stored as its text; a comma is read as the decimal sign."""

    name = "decimal"

    def check_config(self, reader: Reader) -> Mapping[str, Any]:
        least, most = _limit(reader, "min"), _limit(reader, "max")
        if least is not None and most is not None and Decimal(least) > Decimal(most):
            raise reader.fail("min", "is greater than max")
        return {"min": least, "max": most, "places": reader.integer("places", 2)}

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> str | None:
        number = parse_decimal(value)
        if number is None:
            return None
        exponent = number.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > field.config["places"]:
            raise Problem(_("Al massimo %(places)s cifre dopo la virgola", places=field.config["places"]), "places")
        self._check_range(field, number)
        return f"{number.normalize() + 0:f}"

    def _check_range(self, field: Field, number: Decimal) -> None:
        least, most = field.config.get("min"), field.config.get("max")
        if least is not None and number < Decimal(least):
            raise Problem(_("Il valore più basso ammesso è %(least)s", least=least), "min")
        if most is not None and number > Decimal(most):
            raise Problem(_("Il valore più alto ammesso è %(most)s", most=most), "max")

    def values(self, field: Field, answer: Any) -> Sequence[Value]:
        return [Value(number=float(answer))]

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        from babel.numbers import format_decimal

        return format_decimal(Decimal(answer), locale=lookups.lang, decimal_quantization=False)

    def to_input(self, field: Field, answer: Any) -> Any:
        return "" if answer is None else str(answer).replace(".", ",")

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField

        return StringField(**options, render_kw={"inputmode": "decimal"})

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}


class Money(Integer):
    """An amount in euro: a number is cents (what is stored), a text is euro as people write them."""

    name = "money"

    def parse(self, value: object) -> int | None:
        if not isinstance(value, str):
            return super().parse(value)
        amount = parse_decimal(value.replace("€", "").strip())
        if amount is None:
            return None
        cents = amount * 100
        if cents != cents.to_integral_value():
            raise Problem(_("Scrivi l'importo in euro con al massimo due cifre dopo la virgola"), "places")
        return int(cents)

    def spoken(self, limit: int | None, default: int) -> str:
        return euro(default if limit is None else limit)

    def display_one(self, field: Field, answer: Any, lookups: Lookups) -> str:
        return euro(answer, lookups.lang)

    def to_input(self, field: Field, answer: Any) -> Any:
        if not isinstance(answer, int):
            return "" if answer is None else str(answer)
        return f"{Decimal(answer) / 100:.2f}".replace(".", ",")

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField

        return StringField(**options, render_kw={"inputmode": "decimal"})


def euro(cents: int, lang: str = "it") -> str:
    """``26000`` → ``260,00 €``."""
    from babel.numbers import format_currency

    return format_currency(Decimal(cents) / 100, "EUR", locale=lang)


def parse_decimal(value: object) -> Decimal | None:
    """A finite number of at most 15 digits before and 12 after the point; None for blanks. Raises Problem."""
    text = _number_text(value)
    if not text:
        return None
    if _THOUSANDS.fullmatch(text):
        text = text.replace(".", "")
    elif not _DECIMAL.fullmatch(text):
        raise Problem(_("«%(value)s» non è un numero", value=shorten(text)), "type")
    return Decimal(text.replace(",", "."))


def _number_text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Problem(_("Qui serve un numero"), "type")
    # Before any conversion: the text of a huge number costs more than a request should.
    if (not isinstance(value, int) and not Decimal(value).is_finite()) or not -LARGEST < value < LARGEST:
        raise Problem(_("Il numero è troppo grande"), "max")
    return f"{Decimal(str(value)):f}"


def _limit(reader: Reader, key: str) -> str | None:
    value = reader.raw(key)
    if value is None:
        return None
    try:
        number = parse_decimal(value if isinstance(value, int) else str(value))
    except Problem as problem:
        raise reader.fail(key, "must be a number") from problem
    return None if number is None else f"{number:f}"
