"""The district itself: names, contacts and hours, each with its origin, and the way back to the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from flask import abort, request, url_for
from flask_admin import expose

from core.console.base import Answer, ConsolePage, done
from core.console.base import typed as typed_text
from core.console.pieces import Cell, Form, Link, Panel, linked, table, translated, with_errors
from core.console.words import IDENTITY, moment
from core.districts import operations, queries
from core.districts.info import OpeningHours
from core.districts.models import Contact, District
from core.districts.trace import invalid, own_district
from core.i18n import LANGUAGES, _, _l, pick
from core.web.context import current
from core.web.district import contacts_of
from core.web.labels import DAYS
from core.web.outcomes import Outcome, attempt
from core.web.questions import Field, field

LABELS = {
    **{name: IDENTITY[name] for name in operations.IDENTITY},
    "address": _l("Indirizzo"),
    "phone": _l("Telefono"),
    "email": _l("E-mail"),
    "hours": _l("Orari"),
}
KINDS = {"phone": "phone", "email": "email"}
#: Spans of opening hours offered beyond those that exist.
SPARE_SPANS, MOST_SPANS = 1, 20
#: Characters of a text, as the operations allow for contacts.
LONGEST = 300


class DistrictPage(ConsolePage):
    """First page of a district's console."""

    @expose("/")
    def index(self) -> Answer:
        """What the district is called and how it is reached, and where each value comes from."""
        district = own_district(current.session)
        lines = [self._line(district, name) for name in LABELS]
        columns = [_("Che cosa"), _("Valore"), _("Da dove viene")]
        panels = [Panel(_("Nome e contatti"), "nome", table=table(columns, lines, _("Quello che vede chi visita")))]
        return self.page(
            _("Distretto"),
            panels=panels,
            aside=[self._model(district), *self._problems()],
            secondary=self._ways_out(),
        )

    def _ways_out(self) -> list[Link]:
        public = (_("Guarda le pagine pubbliche"), url_for("district.home"))
        portal = (_("Tutti i distretti"), url_for("portal_console.index"))
        return [public, portal] if current.actor.portal_admin else [public]

    def _line(self, district: District, name: str) -> list[Cell]:
        label = str(LABELS[name])
        first = linked(label, url_for(".change", name=name)) if self.may_manage else label
        return [first, shown(name), origin(district, name)]

    def _model(self, district: District) -> Panel:
        applied = queries.in_force(current.session)
        facts = [
            (_("Modello"), " + ".join((district.model, *district.addons))),
            (_("Versione"), _("%(number)s, del %(when)s", number=applied.number, when=moment(applied.applied_at)))
            if applied
            else ("", ""),
            (_("Fonte"), district.source),
            (_("Indirizzo sul portale"), f"/{district.slug}/"),
            (_("Nome di dominio"), district.host),
            (_("Lingue"), ", ".join(LANGUAGES.get(code, code) for code in district.languages)),
            (_("Comuni"), len(current.here.municipalities)),
            (_("Enti"), len(current.here.organisations)),
        ]
        return Panel(_("Il modello territoriale"), "modello", facts=facts)

    def _problems(self) -> list[Panel]:
        found = [("half", text) for text in current.here.problems]
        return [Panel(_("Da sistemare"), "problemi", reasons=found)] if found else []

    @expose("/modifica/<name>", methods=("GET", "POST"))
    def change(self, name: str) -> Answer:
        """The form of one value; the button under it returns to the model."""
        if name not in LABELS or not self.may_manage:
            abort(404)
        typed = posted(name) if request.method == "POST" else stored(name)
        outcome = Outcome()
        if request.method == "POST":
            value = None if request.form.get("reset") else typed
            outcome = attempt(lambda: save(name, value))
            if outcome.done:
                return done(_("%(what)s: salvato.", what=LABELS[name]), ".index")
        return self._form(name, typed, outcome)

    def _form(self, name: str, typed: Any, outcome: Outcome) -> Answer:
        label = str(LABELS[name])
        changed = origin(own_district(current.session), name) == _("cambiato qui")
        form = Form(
            fields=[question(name, typed, outcome.errors)],
            action=url_for(".change", name=name),
            submit=_("Salva"),
            cancel=url_for(".index"),
            resets={name: _("Torna al valore del modello")} if changed else {},
        )
        model = model_value(name)
        return self.page(
            label,
            outcome,
            trail=[(_("Distretto"), url_for(".index")), (label, "")],
            panels=[Panel(_("Cambia"), "cambia", form=form)],
            aside=[
                Panel(_("Nel modello"), "nel-modello", text=model, empty="" if model else _("Il modello non lo dice."))
            ],
        )


def is_text(name: str) -> bool:
    """Whether the value is a text in several languages."""
    return name in operations.IDENTITY


def origin(district: District, name: str) -> str:
    """Where the value comes from, in a word or two."""
    changed = district.overrides if is_text(name) else district.overrides.get("contacts", {})
    return str(_("cambiato qui") if name in changed else _("dal modello"))


def stored(name: str) -> Any:
    """The value in force."""
    if is_text(name):
        return dict(getattr(current.here, name))
    value = getattr(queries.contacts(current.session, own_district(current.session)), name)
    return [hours_row(span) for span in value] if name == "hours" else value


def hours_row(span: OpeningHours) -> dict[str, Any]:
    """A span of opening hours as it is stored."""
    return {"days": list(span.days), "from": span.start, "to": span.end}


def shown(name: str) -> str:
    """The value in force in words."""
    if is_text(name):
        return pick(stored(name), current.lang) or _("non scritto")
    value = contacts_of(current.here)[name]
    return ("; ".join(value) if name == "hours" else value) or _("non scritto")


def model_value(name: str) -> str:
    """What the model says."""
    if is_text(name):
        return pick(getattr(own_district(current.session), name), current.lang)
    row = current.session.query(Contact).one_or_none()
    if row is None:
        return ""
    if name != "hours":
        return cast(str, getattr(row, name))
    spans = (f"{', '.join(str(DAYS[day]) for day in h['days'])} {h['from']}-{h['to']}" for h in row.hours)
    return "; ".join(spans)


def posted(name: str) -> Any:
    """What was typed."""
    if is_text(name):
        texts = {lang: typed_text(f"{name}__{lang}") for lang in LANGUAGES}
        return {lang: text for lang, text in texts.items() if text or lang == "it"}
    return posted_hours() if name == "hours" else typed_text(name)


def posted_hours() -> list[dict[str, Any]]:
    """The spans that were typed; a span without days and times is no span."""
    numbers = [n for n in range(MOST_SPANS) if f"from-{n}" in request.form]
    spans = [
        {
            "days": [day for day in request.form.getlist(f"days-{n}") if day in DAYS],
            "from": typed_text(f"from-{n}"),
            "to": typed_text(f"to-{n}"),
        }
        for n in numbers
    ]
    return [span for span in spans if span["days"] or span["from"] or span["to"]]


def save(name: str, value: Any) -> None:
    """Write the value, or return to the model's with ``None``."""
    if is_text(name):
        if any(len(text) > LONGEST for text in (value or {}).values()):
            raise invalid(name, _("Al massimo %(count)s caratteri.", count=LONGEST))
        operations.set_identity(current.session, name, value, actor=current.actor)
    else:
        operations.set_contact(current.session, name, value, actor=current.actor)


def question(name: str, typed: Any, errors: Mapping[str, str]) -> Field:
    """The field of one value."""
    label = str(LABELS[name])
    if is_text(name):
        return translated(name, label, typed, errors)
    if name == "hours":
        return hours_question(typed, errors)
    return with_errors([field(name, label, KINDS.get(name, "text"), typed, max_length=LONGEST)], errors)[0]


def hours_question(typed: list[dict[str, Any]], errors: Mapping[str, str]) -> Field:
    """Days and times, a group for each span and one more to fill."""
    spans = [*typed, *({"days": [], "from": "", "to": ""} for _n in range(SPARE_SPANS))]
    lines = [{"fields": span_fields(n, span), "remove": None} for n, span in enumerate(spans)]
    hint = _("Per togliere una riga svuota giorni e ore. L'ultima riga è libera.")
    return field("hours", str(LABELS["hours"]), "rows", hint=hint, lines=lines, error=errors.get("hours", ""))


def span_fields(number: int, span: Mapping[str, Any]) -> list[Field]:
    """The three questions of one span."""
    days = [(key, str(label), key in span["days"]) for key, label in DAYS.items()]
    return [
        field(f"days-{number}", _("Giorni"), "choices", options=days),
        field(f"from-{number}", _("Dalle"), value=span["from"], hint=_("per esempio 09:00"), max_length=5),
        field(f"to-{number}", _("Alle"), value=span["to"], hint=_("per esempio 12:30"), max_length=5),
    ]
