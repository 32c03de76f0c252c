"""Dated parameters: the value today, all values by date, and a new one from a day on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import abort, request, url_for
from flask_admin import expose

from core import clock
from core.console.base import Answer, ConsolePage, done
from core.console.base import typed as typed_text
from core.console.pieces import Cell, Form, Panel, linked, table, with_errors
from core.console.words import origin_text, plugin_title
from core.districts import operations, queries
from core.districts.parameters import DatedValue, Parameter, Place, show_value, value_from_text
from core.districts.permissions import PARAMETER
from core.districts.trace import invalid
from core.i18n import _, _l, pick
from core.web.context import current
from core.web.dates import format_date
from core.web.outcomes import Outcome, attempt
from core.web.questions import Field, choice, field

UNITS: Mapping[str, Any] = {
    "days": _l("giorni"),
    "working_days": _l("giorni lavorativi"),
    "weeks": _l("settimane"),
    "months": _l("mesi"),
    "years": _l("anni"),
    "hours": _l("ore"),
    "minutes": _l("minuti"),
    "percent": _l("per cento"),
    "people": _l("persone"),
    "meetings": _l("incontri"),
    "meetings/month": _l("incontri al mese"),
    "meetings/year": _l("incontri all'anno"),
    "hours/day": _l("ore al giorno"),
    "hours/week": _l("ore alla settimana"),
}
#: The same for one alone.
SINGULAR: Mapping[str, Any] = {
    "days": _l("giorno"),
    "working_days": _l("giorno lavorativo"),
    "weeks": _l("settimana"),
    "months": _l("mese"),
    "years": _l("anno"),
    "hours": _l("ora"),
    "minutes": _l("minuto"),
    "people": _l("persona"),
    "meetings": _l("incontro"),
    "meetings/month": _l("incontro al mese"),
    "meetings/year": _l("incontro all'anno"),
    "hours/day": _l("ora al giorno"),
    "hours/week": _l("ora alla settimana"),
}
#: How a parameter is typed; amounts are typed in euro and kept in cents.
KINDS: Mapping[str, str] = {"integer": "integer", "decimal": "decimal", "cents": "money"}
YES, NO = "si", "no"


@dataclass(frozen=True, slots=True)
class Typed:
    """The form of a new value as it was typed."""

    value: str = ""
    valid_from: str = ""
    valid_to: str = ""
    place: str = ""
    source: str = ""

    @classmethod
    def posted(cls) -> Typed:
        """From the request."""
        names = ("value", "valid_from", "valid_to", "place", "source")
        return cls(**{name: typed_text(name) for name in names})


class ParametersPage(ConsolePage):
    """Every ceiling, threshold and duration of the district."""

    resource = PARAMETER

    @expose("/")
    def index(self) -> Answer:
        """All parameters with the value in force today."""
        lines = [line(item) for item in queries.parameters(current.session).values()]
        columns = [_("Parametro"), _("Oggi vale"), _("Da quando"), _("Da dove viene")]
        found = table(columns, lines, _("I valori del %(day)s", day=format_date(clock.today())))
        return self.page(
            _("Parametri"),
            lead=_(
                "Tetti, soglie e durate. Ogni caso si giudica con il valore del suo giorno, non con quello di oggi."
            ),
            panels=[Panel(_("Che cosa vale oggi"), "oggi", table=found, empty=_("Il modello non ha parametri."))],
        )

    @expose("/<key>/", methods=("GET", "POST"))
    def show(self, key: str) -> Answer:
        """One parameter: a new value on top, its values by date below."""
        item = queries.parameters(current.session).get(key) or abort(404)
        if request.method == "GET":
            return self._show(item, Typed(valid_from=clock.today().isoformat()), Outcome())
        typed = Typed.posted()
        outcome = attempt(lambda: save(item, typed))
        if not outcome.done:
            return self._show(item, typed, outcome)
        return done(_("«%(name)s»: valore salvato.", name=pick(item.label, current.lang)), ".show", key=key)

    @expose("/<key>/modello", methods=("GET", "POST"))
    def reset(self, key: str) -> Answer:
        """Ask, then remove what the console set for the district or one place."""
        item = queries.parameters(current.session).get(key) or abort(404)
        place = request.args.get("luogo", "")
        if not self.may_manage or not any(v.place == place for v in set_here(item)):
            abort(404)
        if request.method == "POST":
            operations.reset_parameter(current.session, key, actor=current.actor, **where(item, place))
            return done(_("Il parametro segue di nuovo il modello."), ".show", key=key)
        return self._ask(item, place)

    def _ask(self, item: Parameter, place: str) -> Answer:
        name = pick(item.label, current.lang)
        gone = [("half", f"{shown(item, v.value)}, {period(v)}") for v in set_here(item) if v.place == place]
        action = url_for(".reset", key=item.key, luogo=place)
        form = Form([], action, _("Sì, torna al modello"), cancel=url_for(".show", key=item.key))
        return self.page(
            _("Tornare al modello per «%(name)s»?", name=name),
            trail=[
                (_("Parametri"), url_for(".index")),
                (name, url_for(".show", key=item.key)),
                (_("Torna al modello"), ""),
            ],
            panels=[
                Panel(_("I valori che spariscono"), "spariscono", reasons=gone),
                Panel(_("Conferma"), "conferma", form=form, key=True),
            ],
        )

    def _show(self, item: Parameter, typed: Typed, outcome: Outcome) -> Answer:
        name, today = pick(item.label, current.lang), item.at(clock.today())
        form = Form(with_errors(questions(item, typed), outcome.errors), url_for(".show", key=item.key), _("Salva"))
        values = sorted(item.values, key=lambda v: (v.valid_from, v.strength), reverse=True)
        columns = [_("Valore"), _("Quando"), _("Dove"), _("Da dove viene"), _("Atto o documento")]
        history = table(columns, [history_line(item, v) for v in values], _("Il più recente prima"))
        panels = [Panel(_("Valore nuovo"), "nuovo", form=form, key=True)] if self.may_manage else []
        return self.page(
            name,
            outcome,
            lead=_("Oggi vale %(value)s.", value=shown(item, today.value)) if today else _("Oggi non ha un valore."),
            facts=[text for text in (item.key, item.requirement) if text],
            trail=[(_("Parametri"), url_for(".index")), (name, "")],
            panels=[*panels, Panel(_("Tutti i valori"), "valori", table=history, empty=_("Nessun valore."))],
            aside=[self._facts(item)],
        )

    def _facts(self, item: Parameter) -> Panel:
        facts = [
            (_("Lo usa"), _("il portale") if item.owner == "core" else plugin_title(item.owner)),
            (_("Vale"), _("anche per un'area o un Comune") if item.local else _("per tutto il distretto")),
        ]
        places = dict.fromkeys(v.place for v in set_here(item))
        links = [
            (_("Torna al modello: %(place)s", place=place_name(p)), url_for(".reset", key=item.key, luogo=p))
            for p in places
        ]
        return Panel(_("Il parametro"), "parametro", facts=facts, links=links if self.may_manage else ())


def line(item: Parameter) -> list[Cell]:
    """A parameter in the list."""
    name = linked(pick(item.label, current.lang), url_for(".show", key=item.key))
    found = item.at(clock.today())
    if found is None:
        return [name, _("nessun valore"), "-", "-"]
    return [name, shown(item, found.value), format_date(found.valid_from), origin_text(found.layer, found.file)]


def history_line(item: Parameter, value: DatedValue) -> list[Cell]:
    """A value in the history."""
    origin = origin_text(value.layer, value.file)
    return [shown(item, value.value), period(value), place_name(value.place), origin, value.source]


def shown(item: Parameter, value: Any) -> str:
    """A value with its unit, in words."""
    words = {**UNITS, **(SINGULAR if value == 1 else {})}
    return show_value(item.type, value, str(words.get(item.unit, item.unit)))


def period(value: DatedValue) -> str:
    """From when to when a value holds; the last day is included here."""
    start = format_date(value.valid_from)
    if value.valid_to is None:
        return _("dal %(start)s", start=start)
    return _("dal %(start)s al %(end)s", start=start, end=format_date(value.valid_to - timedelta(days=1)))


def place_name(place: str) -> str:
    """The sub-area or municipality a value is for."""
    if not place:
        return _("tutto il distretto")
    names = {area.key: pick(area.name, current.lang) for area in current.here.subareas}
    names |= {istat: info.name for istat, info in current.here.municipalities.items()}
    return names.get(place, place)


def set_here(item: Parameter) -> list[DatedValue]:
    """The values that the console set."""
    return [value for value in item.values if not value.file]


def places() -> dict[str, Place]:
    """The places for which a local parameter may have a value of its own."""
    found: dict[str, Place] = {area.key: ("subarea", area.key) for area in current.here.subareas}
    return found | {istat: ("municipality", istat) for istat in current.here.municipalities}


def where(item: Parameter, place: str) -> dict[str, str]:
    """A place as the operations take it. Raises Invalid for one that is not in the district."""
    if not place:
        return {}
    if place not in places():
        raise invalid("place", _("Scegli un luogo dell'elenco."))
    layer, key = places()[place]
    return {layer: key}


# --- the form --------------------------------------------------------------------------------------------------------


def questions(item: Parameter, typed: Typed) -> list[Field]:
    """The fields of a new value."""
    unit = str(UNITS.get(item.unit, item.unit))
    fields = [
        value_question(item, typed, _("In %(unit)s.", unit=unit) if unit and item.type != "cents" else ""),
        field("valid_from", _("Da quando"), "date", typed.valid_from, hint=_("Il primo giorno in cui vale.")),
        field(
            "valid_to",
            _("Fino a quando"),
            "date",
            typed.valid_to,
            optional=True,
            hint=_("L'ultimo giorno in cui vale."),
        ),
        field("source", _("Atto o documento"), value=typed.source, optional=True, max_length=300),
    ]
    if not item.local:
        return fields
    options = [(key, place_name(key)) for key in places()]
    hint = _("Lascia vuoto per tutto il distretto.")
    return [*fields, {**choice("place", _("Dove"), options, typed.place, optional=True, hint=hint), "type": "choice"}]


def value_question(item: Parameter, typed: Typed, hint: str) -> Field:
    """The field of the value itself."""
    label = _("Valore nuovo")
    if item.type == "yes_no":
        return {**choice("value", label, [(YES, _("sì")), (NO, _("no"))], typed.value), "type": "yes_no"}
    if item.options:
        return choice("value", label, [(option, option) for option in item.options], typed.value, hint=hint)
    return field("value", label, KINDS.get(item.type, "text"), typed.value, hint=hint)


def save(item: Parameter, typed: Typed) -> None:
    """Write the new value. Raises Invalid naming the field, Refused."""
    end = day("valid_to", typed.valid_to) if typed.valid_to else None
    operations.set_parameter(
        current.session,
        item.key,
        read(item, typed.value),
        actor=current.actor,
        valid_from=day("valid_from", typed.valid_from),
        # The page speaks of the last day, the rule of the first day after it.
        valid_to=end + timedelta(days=1) if end else None,
        source=typed.source[:300],
        **where(item, typed.place),
    )


def day(name: str, text: str) -> date:
    """A day from a date field. Raises Invalid."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise invalid(name, _("Scrivi una data, per esempio 2027-01-31.")) from None
    if not date(1900, 1, 1) <= found < date(2200, 1, 1):
        raise invalid(name, _("Scrivi una data tra il 1900 e il 2199."))
    return found


def read(item: Parameter, text: str) -> Any:
    """The typed value of a parameter. Raises Invalid."""
    reader = FROM_TEXT.get(item.type)
    try:
        return value_from_text(item.type, reader(text) if reader else text, item.options)
    except ValueError:
        raise invalid("value", str(HELP[item.type])) from None


def cents(text: str) -> str:
    """Euro as they are typed (``1.250,50``) in cents. Raises ValueError."""
    plain = text.replace("€", "").replace(" ", "")
    plain = plain.replace(".", "").replace(",", ".") if "," in plain else plain
    try:
        amount = Decimal(plain) * 100
    except InvalidOperation:
        raise ValueError(text) from None
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount < 10**12:
        raise ValueError(text)
    return str(int(amount))


FROM_TEXT: Mapping[str, Callable[[str], str]] = {"cents": cents}
HELP: Mapping[str, Any] = {
    "integer": _l("Scrivi un numero intero, per esempio 6."),
    "decimal": _l("Scrivi un numero, per esempio 1,5."),
    "cents": _l("Scrivi un importo in euro, per esempio 260 oppure 260,50."),
    "text": _l("Scrivi un testo."),
    "choice": _l("Scegli uno dei valori dell'elenco."),
    "yes_no": _l("Scegli sì oppure no."),
}
