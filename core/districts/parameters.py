"""Dated parameters: every ceiling, threshold, duration and cadence of a district, in force from a day to another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from core.i18n import Texts, _

#: From the weakest layer to the strongest. Sub-area and municipality count only for ``local`` parameters.
LAYERS = ("model", "district", "subarea", "municipality")
#: A place within a district: ("subarea", key) or ("municipality", ISTAT code).
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. ``file`` is the bundle's file, empty for what was set in the console."""

    layer: str
    file: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    place: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class DatedValue:
    """A value in force from ``valid_from`` (included) to ``valid_to`` (not included; ``None``: without end)."""

    value: Any
    valid_from: date
    valid_to: date | None = None
    layer: str = "model"
    place: str = ""
    source: str = ""
    file: str = ""

    def covers(self, on: date) -> bool:
        """Whether the value is in force on that day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def overlaps(self, other: DatedValue) -> bool:
        """Whether a day exists on which both are in force."""
        starts_before_end = other.valid_to is None or self.valid_from < other.valid_to
        return starts_before_end and (self.valid_to is None or other.valid_from < self.valid_to)

    @property
    def strength(self) -> tuple[int, bool]:
        """The narrower place wins; at the same place the console wins over the model."""
        return LAYERS.index(self.layer), not self.file

    @property
    def origin(self) -> Origin:
        return Origin(self.layer, self.file, self.valid_from, self.valid_to, self.place, self.source)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure that rules read, with all its values."""

    key: str
    type: str
    owner: str = "core"
    label: Texts = field(default_factory=dict)
    unit: str = ""
    local: bool = False
    requirement: str = ""
    options: tuple[str, ...] = ()
    values: tuple[DatedValue, ...] = ()

    def at(self, on: date, places: Sequence[Place] = ()) -> DatedValue | None:
        """The value in force on the day of the event judged, or ``None`` where nobody has set one."""
        known = {("model", ""), ("district", ""), *(places if self.local else ())}
        candidates = [v for v in self.values if (v.layer, v.place) in known and v.covers(on)]
        return max(candidates, key=lambda v: v.strength, default=None)


def first_overlap(values: Iterable[DatedValue]) -> tuple[DatedValue, DatedValue] | None:
    """Two values of one layer and place that are in force on the same day, if there are any."""
    ordered = sorted(values, key=lambda v: (v.layer, v.place, v.file, v.valid_from))
    for one, other in pairwise(ordered):
        if (one.layer, one.place, one.file) == (other.layer, other.place, other.file) and one.overlaps(other):
            return one, other
    return None


def overlay(base: Iterable[DatedValue], top: Iterable[DatedValue]) -> tuple[DatedValue, ...]:
    """The values of ``top`` and, on the days that they leave free, those of ``base``; in order of time."""
    above = sorted(top, key=lambda v: v.valid_from)
    free = [piece for value in base for piece in _uncovered(value, above)]
    return tuple(sorted([*above, *free], key=lambda v: v.valid_from))


def _uncovered(value: DatedValue, above: Sequence[DatedValue]) -> Iterable[DatedValue]:
    start: date | None = value.valid_from
    for cover in (c for c in above if c.overlaps(value)):
        if start is not None and start < cover.valid_from:
            yield _between(value, start, cover.valid_from)
        start = cover.valid_to
    if start is not None and (value.valid_to is None or start < value.valid_to):
        yield _between(value, start, value.valid_to)


def _between(value: DatedValue, start: date, end: date | None) -> DatedValue:
    return DatedValue(value.value, start, end, value.layer, value.place, value.source, value.file)


# --- types -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParameterType:
    """How a type of parameter is read from a bundle or a form, kept as JSON and shown."""

    name: str
    read: Callable[[Any, Sequence[str]], Any]
    dump: Callable[[Any], Any] = field(default=lambda value: value)
    show: Callable[[Any], str] = str


def _integer(raw: Any, options: Sequence[str]) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(_("serve un numero intero, senza virgolette"))
    return raw


def _cents(raw: Any, options: Sequence[str]) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise ValueError(_("serve un importo in centesimi: un numero intero, zero o più"))
    return raw


def _decimal(raw: Any, options: Sequence[str]) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | str):
        raise ValueError(_("serve un numero"))
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise ValueError(_("serve un numero")) from None
    if not value.is_finite():
        raise ValueError(_("serve un numero finito"))
    return value


def _text(raw: Any, options: Sequence[str]) -> str:
    if not isinstance(raw, str) or not raw.strip() or "\x00" in raw:
        raise ValueError(_("serve un testo tra virgolette"))
    return raw


def _choice(raw: Any, options: Sequence[str]) -> str:
    if not isinstance(raw, str) or (options and raw not in options):
        raise ValueError(_("scegli uno di questi valori: %(options)s", options=", ".join(options)))
    return raw


def _yes_no(raw: Any, options: Sequence[str]) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(_("serve true oppure false, senza virgolette"))
    return raw


def _show_cents(value: int) -> str:
    whole, rest = divmod(value, 100)
    return f"{whole:,}".replace(",", ".") + f",{rest:02d} €"


def _show_yes_no(value: bool) -> str:
    return str(_("sì") if value else _("no"))


def _show_decimal(value: Decimal) -> str:
    return f"{value:f}".replace(".", ",")


PARAMETER_TYPES: Mapping[str, ParameterType] = {
    kind.name: kind
    for kind in (
        ParameterType("integer", _integer),
        ParameterType("decimal", _decimal, dump=str, show=_show_decimal),
        ParameterType("cents", _cents, show=_show_cents),
        ParameterType("text", _text),
        ParameterType("choice", _choice),
        ParameterType("yes_no", _yes_no, show=_show_yes_no),
    )
}

_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "cents": int,
    "yes_no": lambda text: {"true": True, "si": True, "sì": True, "false": False, "no": False}[text.lower()],
    "decimal": lambda text: text.replace(",", "."),
}


def read_value(type_: str, raw: Any, options: Sequence[str] = ()) -> Any:
    """The value of a parameter of that type. Raises ValueError with a sentence in Italian."""
    return PARAMETER_TYPES[type_].read(raw, options)


def dump_value(type_: str, value: Any) -> Any:
    """The value as it is kept in JSON."""
    return PARAMETER_TYPES[type_].dump(value)


def show_value(type_: str, value: Any, unit: str = "") -> str:
    """The value as people read it, with its unit."""
    shown = PARAMETER_TYPES[type_].show(value)
    return f"{shown} {unit}" if unit and type_ in ("integer", "decimal") else shown


def value_from_text(type_: str, text: str, options: Sequence[str] = ()) -> Any:
    """The value that somebody typed on the command line or in a form. Raises ValueError in Italian."""
    try:
        raw = _FROM_TEXT.get(type_, str)(text.strip())
    except (ValueError, KeyError):
        raw = None
    return read_value(type_, raw, options)
