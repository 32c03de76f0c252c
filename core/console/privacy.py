"""The register of processing: who decides on the data, who works with them, why, on which basis, for how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import abort, request, url_for
from flask_admin import expose
from sqlalchemy import select

from core import clock
from core.console.base import Answer, ConsolePage, done, typed
from core.console.pieces import Cell, Form, Panel, linked, state, table, translated, with_errors
from core.districts.legal import BASES, PUBLIC_TASK
from core.districts.models import CONFIRMED, Organisation, Processing
from core.errors import Conflict, FieldError, Invalid
from core.i18n import LANGUAGES, _, _l, pick
from core.privacy.bases import processing
from core.privacy.bases.permissions import PRIVACY
from core.privacy.bases.processing import ProcessingFacts
from core.privacy.fields.purposes import purposes
from core.web.context import current
from core.web.dates import format_date
from core.web.outcomes import Outcome, attempt
from core.web.questions import Field, choice, field

Values = Mapping[str, Any]
STATES: Mapping[str, Any] = {
    CONFIRMED: _l("confermata: l'ente che vi è scritto può usare i dati"),
    "to_confirm": _l("da confermare: si legge, e non dà accesso a niente"),
}


class ProcessingPage(ConsolePage):
    """The register that art. 30 GDPR asks for; its entries in force stand on the public privacy page."""

    resource = PRIVACY

    @expose("/")
    def index(self) -> Answer:
        """Every entry, and the purposes for which a protected value may be opened."""
        rows = processing.entries(current.session, current.actor)
        columns = [_("A che cosa servono i dati"), _("Titolare"), _("Responsabile"), _("Base"), _("Stato")]
        caption = _("Trattamenti")
        empty = _("Il registro è vuoto: la pagina pubblica dice che titolare e tempi sono da confermare.")
        return self.page(
            _("Registro dei trattamenti"),
            lead=_(
                "Chi decide sui dati, chi li usa, perché e per quanto tempo. Chiunque lo legge alla pagina Privacy."
            ),
            primary=(_("Aggiungi un trattamento"), url_for(".create")) if self.may_manage else None,
            panels=[
                Panel(caption, "registro", table=table(columns, [_line(row) for row in rows], caption), empty=empty)
            ],
            aside=[self._purposes(), Panel(_("Pagina pubblica"), "pubblica", links=[_public_link()])],
        )

    def _purposes(self) -> Panel:
        lines = [("yes", pick(item.label, current.lang)) for item in purposes(current.session).values()]
        text = _("Chi apre un dato protetto sceglie uno di questi motivi. Il modello ne aggiunge altri.")
        return Panel(_("Motivi per aprire un dato"), "motivi", text=text, reasons=lines)

    @expose("/nuovo", methods=("GET", "POST"))
    def create(self) -> Answer:
        """A new entry."""
        if request.method == "GET":
            if not self.may_manage:
                abort(403)
            start = {"valid_from": clock.today().isoformat(), "basis": PUBLIC_TASK, "status": CONFIRMED}
            return self._form(start, Outcome(), url_for(".create"))
        outcome = attempt(lambda: processing.register(current.session, _facts(), actor=current.actor))
        if not outcome.done:
            current.session.rollback()
            return self._form(request.form, outcome, url_for(".create"))
        return done(_("Il trattamento è nel registro."), ".index")

    @expose("/<uuid:entry_id>", methods=("GET", "POST"))
    def edit(self, entry_id: UUID) -> Answer:
        """One entry, to read or to correct."""
        entry = _entry(entry_id)
        action = url_for(".edit", entry_id=entry_id)
        if request.method == "GET":
            return self._form(_values(entry), Outcome(), action, version=entry.version, aside=self._origin(entry))
        try:
            outcome = attempt(lambda: self._change(entry))
        except Conflict:
            current.session.rollback()
            problem = _("Un'altra persona ha cambiato questa voce. Qui sotto c'è quello che hai scritto: riprova.")
            fresh = _entry(entry_id)
            return self._form(request.form, Outcome(problem=problem, status=409), action, version=fresh.version)
        if not outcome.done:
            current.session.rollback()
            return self._form(request.form, outcome, action, version=_version())
        return done(_("Il trattamento è salvato."), ".index")

    @expose("/<uuid:entry_id>/modello", methods=("POST",))
    def reset(self, entry_id: UUID) -> Answer:
        """Give an entry back to the model."""
        entry = _entry(entry_id)
        processing.reset(current.session, entry, actor=current.actor, version=_version())
        return done(_("La voce è di nuovo come nel modello."), ".index")

    def _change(self, entry: Processing) -> None:
        processing.change(current.session, entry, _facts(), actor=current.actor, version=_version())

    def _origin(self, entry: Processing) -> list[Panel]:
        """Where the entry comes from, and the way back to the model."""
        title, name = _("Da dove viene"), "origine"
        if not entry.by_hand:
            return [Panel(title, name, text=_("Dal modello. Se la cambi, resta come la scrivi tu."))]
        if processing.model_entry(current.session, entry.key) is None:
            return [Panel(title, name, text=_("Scritta qui. Il modello non la conosce."))]
        text = _("Dal modello, cambiata qui: chi applica il modello la lascia com'è.")
        back = Form(
            [], url_for(".reset", entry_id=entry.id), _("Torna al modello"), hidden=_hidden(entry.version), main=False
        )
        return [Panel(title, name, text=text, form=back if self.may_manage else None)]

    def _form(
        self,
        values: Values,
        outcome: Outcome,
        action: str,
        *,
        version: int | None = None,
        aside: Sequence[Panel] = (),
    ) -> Answer:
        title = _("Trattamento nuovo") if version is None else _("Trattamento")
        fields = with_errors(_fields(values, outcome.errors), outcome.errors)
        form = Form(fields, action, _("Salva"), cancel=url_for(".index"), hidden=_hidden(version))
        panel = Panel(_("Voce del registro"), "voce", form=form if self.may_manage else None, facts=self._told(values))
        trail = [(_("Registro dei trattamenti"), url_for(".index")), (title, "")]
        return self.page(title, outcome, trail=trail, panels=[panel], aside=list(aside))

    def _told(self, values: Values) -> list[tuple[str, str]]:
        """For who may only read."""
        if self.may_manage:
            return []
        names = [("controller", _("Titolare")), ("processor", _("Responsabile")), ("articles", _("Articoli"))]
        return [(label, str(values.get(key) or "")) for key, label in names]


def _public_link() -> tuple[str, str]:
    return _("Guarda la pagina Privacy"), url_for("privacy.public")


def _line(row: Processing) -> list[Cell]:
    today = clock.today()
    if row.status != CONFIRMED:
        shown = state("soon", _("da confermare"))
    elif row.valid_from > today:
        shown = state("soon", _("dal %(day)s", day=format_date(row.valid_from)))
    elif row.valid_to is not None and row.valid_to <= today:
        shown = state("pause", _("finito"))
    else:
        shown = state("ok", _("in vigore"))
    basis = pick(BASES[row.basis].label, current.lang) if row.basis in BASES else row.basis
    title = linked(pick(row.purpose, current.lang), url_for(".edit", entry_id=row.id))
    return [title, row.controller, row.processor or "-", basis, shown]


def _entry(entry_id: UUID) -> Processing:
    rows = processing.entries(current.session, current.actor)
    return next((row for row in rows if row.id == entry_id), None) or abort(404)


def _hidden(version: int | None) -> list[tuple[str, str]]:
    return [] if version is None else [("version", str(version))]


def _version() -> int:
    text = typed("version")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _values(entry: Processing) -> dict[str, Any]:
    texts = {f"{name}__{lang}": text for name in ("purpose", "kept") for lang, text in getattr(entry, name).items()}
    return {
        **texts,
        "municipality": entry.municipality,
        "organisation_id": str(entry.organisation_id or ""),
        "controller": entry.controller,
        "processor": entry.processor,
        "dpo_contact": entry.dpo_contact,
        "basis": entry.basis,
        "articles": ", ".join(map(str, entry.articles)),
        "valid_from": entry.valid_from.isoformat(),
        "valid_to": entry.valid_to.isoformat() if entry.valid_to else "",
        "status": entry.status,
        "source": entry.source,
    }


def _fields(values: Values, errors: Mapping[str, str]) -> list[Field]:
    places = [(place.istat, place.name) for place in current.here.municipalities.values()]
    bases = [(basis.key, pick(basis.label, current.lang)) for basis in BASES.values()]
    states = [(key, str(label)) for key, label in STATES.items()]
    usual = _("Se lasci vuoto si usano quelli soliti della base scelta.")
    return [
        translated("purpose", _("A che cosa servono i dati"), _texts(values, "purpose"), errors),
        field("controller", _("Titolare: chi decide"), value=values.get("controller", ""), max_length=200),
        choice(
            "organisation_id",
            _("Ente che lavora con i dati"),
            _bodies(),
            str(values.get("organisation_id") or ""),
            optional=True,
        ),
        field(
            "processor", _("Responsabile: chi li usa per suo conto"), value=values.get("processor", ""), optional=True
        ),
        choice("municipality", _("Solo per un Comune"), places, str(values.get("municipality", "")), optional=True),
        choice("basis", _("Base giuridica"), bases, str(values.get("basis", ""))),
        field("articles", _("Articoli"), value=values.get("articles", ""), hint=usual, optional=True),
        translated("kept", _("Per quanto tempo"), _texts(values, "kept"), errors, optional=True),
        field(
            "dpo_contact",
            _("Responsabile della protezione dei dati"),
            value=values.get("dpo_contact", ""),
            optional=True,
        ),
        field("valid_from", _("Dal"), "date", values.get("valid_from", "")),
        field("valid_to", _("Fino al (escluso)"), "date", values.get("valid_to", ""), optional=True),
        field("source", _("Dove sta scritto"), value=values.get("source", ""), optional=True),
        choice("status", _("Stato"), states, str(values.get("status", ""))),
    ]


def _texts(values: Values, name: str) -> dict[str, str]:
    return {lang: str(values.get(f"{name}__{lang}", "")) for lang in LANGUAGES}


def _bodies() -> list[tuple[str, str]]:
    rows = current.session.execute(select(Organisation.id, Organisation.name).order_by(Organisation.name))
    return [(str(id_), name) for id_, name in rows]


def _facts() -> ProcessingFacts:
    start = _day("valid_from")
    if start is None:
        raise Invalid([FieldError("valid_from", _("Scrivi da quando vale."), "required")])
    return ProcessingFacts(
        purpose={lang: typed(f"purpose__{lang}") for lang in LANGUAGES},
        controller=typed("controller"),
        basis=typed("basis"),
        valid_from=start,
        municipality=typed("municipality"),
        organisation_id=_body(),
        processor=typed("processor"),
        dpo_contact=typed("dpo_contact"),
        articles=typed("articles"),
        kept={lang: typed(f"kept__{lang}") for lang in LANGUAGES},
        valid_to=_day("valid_to"),
        status=typed("status"),
        source=typed("source"),
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(typed(name)) if typed(name) else None
    except ValueError:
        raise Invalid([FieldError(name, _("Scrivi il giorno così: 2026-03-31."), "date")]) from None


def _body() -> UUID | None:
    try:
        return UUID(typed("organisation_id")) if typed("organisation_id") else None
    except ValueError:
        raise Invalid([FieldError("organisation_id", _("Scegli un ente dell'elenco."), "unknown")]) from None
