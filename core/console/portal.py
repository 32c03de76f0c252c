"""The installation's console: districts and their models, installed plugins, portal administrators, state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_admin import expose

from core import access
from core.access.models import Account
from core.access.permissions import ACCOUNTS, MANAGE, READ
from core.access.queries import account_by_email
from core.accounts import operations as accounts
from core.console.base import Answer, ConsolePage, done, typed
from core.console.people import invite
from core.console.pieces import Cell, Form, Panel, linked, state, table, with_errors
from core.console.status import faults_panel, system_panels, times
from core.console.words import moment, plugin_title
from core.districts import operations, queries
from core.districts.bundle import Bundle
from core.districts.diff import Change, describe, preview
from core.districts.info import DistrictCard
from core.districts.loading import available_models, load_model
from core.districts.models import District
from core.districts.permissions import DISTRICT, PLUGIN
from core.districts.snapshot import snapshots
from core.errors import ConfigError, FieldError, Invalid, Refused
from core.i18n import _, _l, pick
from core.web.context import current, reads
from core.web.outcomes import Outcome, attempt
from core.web.questions import choice, field


def card_of(slug: str) -> DistrictCard:
    """The district at an address; 404 for none."""
    return next((card for card in snapshots.directory(current.session) if card.slug == slug), None) or abort(404)


def load(key: str, addons: Sequence[str] = ()) -> Bundle:
    """A model as it lies in its folder. Raises Invalid for one that is not there, Refused for a broken one."""
    installation = current.installation
    if key not in available_models(installation.models_dir):
        raise Invalid([FieldError("model", _("Scegli un modello dell'elenco."), "required")])
    try:
        return load_model(installation.models_dir, key, installation.catalogue, addons=addons)
    except ConfigError as error:
        raise Refused(_("Il modello ha un errore. %(error)s", error=error), code="broken_model") from error


class DistrictsPage(ConsolePage):
    """Every district of the installation."""

    resource = DISTRICT

    @expose("/")
    def index(self) -> Answer:
        """The districts, and the way into the console of each."""
        cards = snapshots.directory(current.session)
        lines = [self._line(card) for card in cards]
        columns = [_("Distretto"), _("Indirizzo"), _("Modello"), _("Funzioni accese"), _("Stato")]
        found = table(columns, lines, _("I distretti del portale"))
        empty = _("Non c'è ancora nessun distretto.")
        return self.page(
            _("Distretti"),
            primary=(_("Crea un distretto"), url_for(".create")) if self.may_manage else None,
            panels=[Panel(_("I distretti"), "distretti", table=found, empty=empty)],
        )

    def _line(self, card: DistrictCard) -> list[Cell]:
        found = snapshots.by_id(current.session, card.id)
        problems = len(found.problems) if found else 0
        well = (
            state("soon", _("%(count)s cose da sistemare", count=problems)) if problems else state("ok", _("a posto"))
        )
        return [
            linked(pick(card.name, current.lang), url_for("console.index", district=card.slug)),
            f"/{card.slug}/",
            linked(_("%(model)s: confronta", model=card.model), url_for(".model", slug=card.slug)),
            str(len(found.enabled)) if found else "-",
            well,
        ]

    # --- a new district ---

    @expose("/nuovo", methods=("GET", "POST"))
    @reads  # the district is born in a transaction of its own
    def create(self) -> Answer:
        """Choose a model and an address, see what they bring, then create."""
        access.require(current.actor, MANAGE, DISTRICT)
        if request.method == "GET":
            return self._choose(Outcome())
        found: list[Bundle] = []
        outcome = attempt(lambda: found.append(load(typed("model"))))
        if not outcome.done:
            return self._choose(outcome)
        return self._found(found[0]) if request.form.get("confirm") else self._dry_run(found[0])

    def _choose(self, outcome: Outcome) -> Answer:
        models = [(key, key) for key in available_models(current.installation.models_dir)]
        fields = [
            {**choice("model", _("Modello"), models, typed("model")), "type": "choice"},
            field(
                "slug",
                _("Indirizzo"),
                value=typed("slug"),
                hint=_("Minuscole, cifre e trattini. Vuoto: quello proposto dal modello."),
                optional=True,
                max_length=40,
            ),
        ]
        form = Form(
            with_errors(fields, outcome.errors), url_for(".create"), _("Guarda che cosa nasce"), url_for(".index")
        )
        panels = [Panel(_("Da dove parte"), "parte", form=form)]
        return self.page(_("Crea un distretto"), outcome, trail=self._trail(_("Nuovo")), panels=panels)

    def _dry_run(self, bundle: Bundle) -> Answer:
        slug = typed("slug") or bundle.slug
        lines = [[subject, value] for subject, value in describe(bundle).items()]
        hidden = [("model", bundle.key), ("slug", slug), ("confirm", "1")]
        form = Form([], url_for(".create"), _("Sì, crea il distretto"), cancel=url_for(".create"), hidden=hidden)
        text = _("Niente è ancora scritto. Il distretto nasce all'indirizzo /%(slug)s/.", slug=slug)
        return self.page(
            _("Crea un distretto: prova"),
            trail=self._trail(_("Prova")),
            panels=[
                Panel(_("Conferma"), "conferma", text=text, form=form, key=True),
                Panel(
                    _("Che cosa porta il modello"),
                    "porta",
                    table=table([_("Che cosa"), _("Valore")], lines, bundle.key),
                ),
            ],
        )

    def _found(self, bundle: Bundle) -> Answer:
        database, slug = current.installation.database, typed("slug") or None
        outcome = attempt(lambda: operations.found_district(database, bundle, actor=current.actor, slug=slug))
        if not outcome.done:
            return self._choose(outcome)
        current.installation.wake()
        return done(
            _("Il distretto è nato. Ora aggiungi chi lo amministra."), "console.index", district=slug or bundle.slug
        )

    def _trail(self, last: str) -> list[tuple[str, str]]:
        return [(_("Distretti"), url_for(".index")), (last, "")]

    # --- the model of a district ---

    @expose("/distretti/<slug>/modello", methods=("GET", "POST"))
    @reads  # it is applied in a session of the district
    def model(self, slug: str) -> Answer:
        """What applying the model as it lies in its folder would change, and the button that applies it."""
        card = card_of(slug)
        outcome, changes = Outcome(), list[Change]()
        if request.method == "POST":
            step = STEPS.get(typed("step")) or abort(400)
            outcome = attempt(lambda: step(card))
            if outcome.done:
                current.installation.wake()
                return done(_("Fatto. Le scelte della console sono rimaste."), ".model", slug=slug)
        looked = attempt(lambda: changes.extend(differences(card)))
        return self._model(card, changes, outcome if looked.done else looked)

    def _model(self, card: DistrictCard, changes: Sequence[Change], outcome: Outcome) -> Answer:
        lines: list[list[Cell]] = [[c.subject, c.old or "-", c.new or "-"] for c in changes]
        columns = [_("Che cosa"), _("Adesso"), _("Dopo")]
        name, action = pick(card.name, current.lang), url_for(".model", slug=card.slug)
        apply = (
            Form([], action, _("Applica il modello"), hidden=[("step", "apply")])
            if changes and self.may_manage
            else None
        )
        found = table(columns, lines, _("Quello che cambia applicando il modello"))
        empty = _("Nessuna differenza tra il distretto e il suo modello.")
        return self.page(
            _("Il modello di %(name)s", name=name),
            outcome,
            lead=_("Quello che è stato cambiato nella console resta."),
            trail=self._trail(name),
            panels=[Panel(_("Differenze"), "differenze", table=found, form=apply, empty=empty)],
            aside=[self._versions(card, action)],
        )

    def _versions(self, card: DistrictCard, action: str) -> Panel:
        with current.installation.database.read(card.id) as session:
            rows = [row for row in queries.history(session) if row.rolled_back_at is None]
            facts = [
                (_("Versione %(number)s", number=row.number), f"{moment(row.applied_at)}, {row.applied_by}")
                for row in rows
            ]
        back = Form([], action, _("Torna alla versione precedente"), hidden=[("step", "rollback")], main=False)
        return Panel(
            _("Versioni applicate"), "versioni", facts=facts, form=back if len(facts) > 1 and self.may_manage else None
        )


def differences(card: DistrictCard) -> Sequence[Change]:
    """What applying the model would change. Raises Refused for a model that is gone or broken."""
    with current.installation.database.read(card.id) as session:
        row = session.get_one(District, card.id)
        return preview(session, _model_of(row))


def _model_of(row: District) -> Bundle:
    try:
        return load(row.model, row.addons)
    except Invalid:
        raise Refused(_("La cartella del modello «%(key)s» non c'è più.", key=row.model), code="model_gone") from None


def _apply(card: DistrictCard) -> None:
    with current.installation.database.write(card.id) as session:
        operations.apply_bundle(session, _model_of(session.get_one(District, card.id)), actor=current.actor)


def _rollback(card: DistrictCard) -> None:
    with current.installation.database.write(card.id) as session:
        operations.rollback_bundle(session, actor=current.actor, catalogue=current.installation.catalogue)


STEPS = {"apply": _apply, "rollback": _rollback}


class InstalledPage(ConsolePage):
    """Every plugin of the installation."""

    resource = PLUGIN

    @expose("/")
    def index(self) -> Answer:
        """Version, requirements and districts of each plugin; what is broken, at which stage and why."""
        host = current.installation.host
        found = [s for card in snapshots.directory(current.session) if (s := snapshots.by_id(current.session, card.id))]
        lines: list[list[Cell]] = [
            [
                plugin_title(p.name),
                p.manifest.version,
                ", ".join(map(plugin_title, p.manifest.requires)) or "-",
                ", ".join(f"/{segment}/" for segment in p.manifest.segments) or "-",
                ", ".join(s.slug for s in found if s.has(p.name)) or _("in nessun distretto"),
            ]
            for p in host.plugins
        ]
        columns = [_("Funzione"), _("Versione"), _("Ha bisogno di"), _("Indirizzi"), _("Accesa in")]
        panels = [
            Panel(_("Funzioni installate"), "installate", table=table(columns, lines, _("In ordine di caricamento"))),
            self._faults(),
        ]
        return self.page(_("Funzioni"), panels=panels)

    def _faults(self) -> Panel:
        problems = list(current.installation.host.hooks.problems)
        lines: list[list[Cell]] = [[p.plugin, p.stage, p.error, times(p.times), moment(p.last)] for p in problems]
        columns = [_("Funzione"), _("Fase"), _("Errore"), _("Quante volte"), _("L'ultima")]
        found = table(columns, lines, _("Da quando il portale è partito"))
        return Panel(_("Errori"), "errori", table=found, empty=_("Nessuna funzione ha dato errori."))


class AdministratorsPage(ConsolePage):
    """Who administers the installation."""

    resource = ACCOUNTS

    @expose("/")
    def index(self) -> Answer:
        """The portal administrators."""
        lines = [self._line(row) for row in administrators()]
        columns = [_("Nome"), _("E-mail"), _("Ultimo accesso"), _("Azione")]
        return self.page(
            _("Amministratori"),
            lead=_("Chi crea i distretti e nomina chi li amministra. Non vede i dati dei distretti."),
            primary=(_("Aggiungi una persona"), url_for(".add")) if self.may_manage else None,
            panels=[
                Panel(
                    _("Chi amministra il portale"), "chi", table=table(columns, lines, _("Amministratori del portale"))
                )
            ],
        )

    def _line(self, row: Account) -> list[Cell]:
        leave = linked(_("Togli %(name)s", name=row.name), url_for(".remove", account_id=row.id))
        return [row.name, row.email, moment(row.last_login_at), leave if self.may_manage else "-"]

    @expose("/nuovo", methods=("GET", "POST"))
    def add(self) -> Answer:
        """Give the administration to an account, made now where there is none with that address."""
        access.require(current.actor, MANAGE, ACCOUNTS)
        outcome = Outcome()
        if request.method == "POST":
            outcome = attempt(add_administrator)
            if outcome.done:
                return done(
                    _("La persona amministra il portale. Se non aveva un account, riceve un invito per e-mail."),
                    ".index",
                )
        names = (("email", _l("E-mail"), "email"), ("name", _l("Nome e cognome"), "text"))
        fields = [field(n, str(label), kind, typed(n), autocomplete="off") for n, label, kind in names]
        form = Form(with_errors(fields, outcome.errors), url_for(".add"), _("Salva"), cancel=url_for(".index"))
        trail = [(_("Amministratori"), url_for(".index")), (_("Persona nuova"), "")]
        return self.page(_("Aggiungi una persona"), outcome, trail=trail, panels=[Panel(_("Chi è"), "chi", form=form)])

    @expose("/<uuid:account_id>/togli", methods=("GET", "POST"))
    def remove(self, account_id: UUID) -> Answer:
        """Ask, then take the administration from somebody; the account stays."""
        access.require(current.actor, MANAGE, ACCOUNTS)
        account = next((row for row in administrators() if row.id == account_id), None) or abort(404)
        outcome = Outcome()
        if request.method == "POST":
            outcome = attempt(lambda: accounts.set_portal_admin(current.session, account, False, actor=current.actor))
            if outcome.done:
                return done(_("%(name)s non amministra più il portale.", name=account.name), ".index")
        form = Form([], url_for(".remove", account_id=account_id), _("Sì, togli"), cancel=url_for(".index"))
        text = _("L'account resta, con i ruoli che ha nei distretti.")
        return self.page(
            _("Togliere l'amministrazione a %(name)s?", name=account.name),
            outcome,
            trail=[(_("Amministratori"), url_for(".index")), (_("Togli"), "")],
            panels=[Panel(_("Conferma"), "conferma", text=text, form=form, key=True)],
        )


def administrators() -> Sequence[Account]:
    """The accounts that administer the portal, by name."""
    reachable: sa.Select[Any] = access.select(current.actor, Account, READ)
    return current.session.scalars(reachable.where(Account.is_portal_admin).order_by(Account.name)).all()


def add_administrator() -> None:
    """From the form. Raises Invalid."""
    email, name = typed("email"), typed("name")
    found = account_by_email(current.session, email)
    if found is not None:
        accounts.set_portal_admin(current.session, found, True, actor=current.actor)
        return
    made = accounts.create_account(current.session, email=email, name=name, actor=current.actor, portal_admin=True)
    invite(made)


class PortalStatusPage(ConsolePage):
    """The state of the installation."""

    resource = DISTRICT

    @expose("/")
    def index(self) -> Answer:
        """Version, database, faults of plugins, and the index of each district."""
        cards = snapshots.directory(current.session)
        lines = [self._line(card) for card in cards]
        columns = [_("Distretto"), _("Schede nell'indice"), _("Da indicizzare"), _("Indice")]
        found = table(columns, lines, _("La ricerca, distretto per distretto"))
        return self.page(
            _("Stato"),
            panels=[Panel(_("Ricerca"), "ricerca", table=found, empty=_("Nessun distretto.")), faults_panel()],
            aside=system_panels(),
        )

    def _line(self, card: DistrictCard) -> list[Cell]:
        status = current.installation.search.status(card.id)
        well = state("late", status.rebuild) if status.rebuild else state("ok", _("a posto"))
        name = linked(pick(card.name, current.lang), url_for("console_status.index", district=card.slug))
        return [name, str(status.documents), str(status.pending), well]
