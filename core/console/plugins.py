"""Functions: which plugins are on in the district, what needs what, and switching one on or off."""

from __future__ import annotations

from flask import abort, request, url_for
from flask_admin import expose
from sqlalchemy import func, select

from core import access
from core.console.base import Answer, ConsolePage, done
from core.console.pieces import Cell, Form, Panel, linked, state, table
from core.console.words import plugin_title
from core.districts import operations, queries
from core.districts.catalogue import dependants
from core.districts.permissions import PLUGIN, READ
from core.districts.settings import setting_fields
from core.i18n import _, ngettext, pick
from core.loader import Host
from core.records.definitions import record_types
from core.records.models import Record
from core.web.context import current
from core.web.outcomes import Outcome, attempt

SWITCHES = {"accendi": operations.enable_plugin, "spegni": operations.disable_plugin}


def host() -> Host:
    """The installed plugins."""
    return current.installation.host


class PluginsPage(ConsolePage):
    """What the district can do."""

    resource = PLUGIN

    @expose("/")
    def index(self) -> Answer:
        """Every installed plugin with its state, and those that the district wants but that do not work."""
        lines = [self._line(name) for name in sorted(host().names, key=plugin_title)]
        columns = [_("Funzione"), _("Adesso"), _("Chi lo decide"), _("Ha bisogno di"), _("Serve a")]
        return self.page(
            _("Funzioni"),
            lead=_("Accendi quello che il tuo servizio offre. Spegnere nasconde e non cancella niente."),
            panels=[
                Panel(_("Le funzioni installate"), "funzioni", table=table(columns, lines, _("Apri una funzione"))),
                *self._broken(),
            ],
        )

    def _line(self, name: str) -> list[Cell]:
        needs = ", ".join(map(plugin_title, host().requires(name))) or "-"
        users = ", ".join(plugin_title(p.name) for p in host().plugins if name in p.manifest.requires) or "-"
        title = linked(plugin_title(name), url_for(".show", name=name))
        return [title, state_of(name), decided_by(name), needs, users]

    def _broken(self) -> list[Panel]:
        wanted = {n for n, s in queries.plugin_states(current.session).items() if queries.enabled_of(s)}
        absent = [("no", _("«%(name)s» è richiesta ma non funziona.", name=n)) for n in sorted(wanted - host().names)]
        faults = [("half", f"{plugin_title(p.plugin)}: {p.stage}: {p.error}") for p in host().hooks.problems]
        found = [*absent, *faults]
        return [Panel(_("Che cosa non va"), "guasti", reasons=found)] if found else []

    @expose("/<name>/")
    def show(self, name: str) -> Answer:
        """One plugin: what it does, where it shows, and the way to switch it."""
        return self._show(known(name), Outcome())

    def _show(self, name: str, outcome: Outcome) -> Answer:
        manifest = host().manifest(name)
        on = name in current.here.enabled
        facts = [
            (_("Adesso"), _("accesa") if on else _("spenta")),
            (_("Chi lo decide"), decided_by(name)),
            (_("Versione"), manifest.version),
            (_("Pagine"), ", ".join(f"/{current.here.slug}/{segment}/" for segment in manifest.segments)),
            (_("Ha bisogno di"), ", ".join(map(plugin_title, manifest.requires))),
        ]
        links = [
            (_("Spegni") if on else _("Accendi"), url_for(".confirm", name=name, step="spegni" if on else "accendi"))
        ]
        if setting_fields(manifest.settings):
            links.append((_("Impostazioni"), url_for("console_settings.show", name=name)))
        faults = [("half", f"{p.stage}: {p.error}") for p in host().hooks.problems.of(name)]
        panels = [Panel(_("Com'è adesso"), "stato", facts=facts, links=links if self.may_manage else links[1:])]
        panels += [Panel(_("Che cosa non va"), "guasti", reasons=faults)] if faults else []
        return self.page(
            plugin_title(name),
            outcome,
            lead=pick(manifest.description, current.lang),
            trail=[(_("Funzioni"), url_for(".index")), (plugin_title(name), "")],
            panels=panels,
        )

    @expose("/<name>/<any(accendi, spegni):step>", methods=("GET", "POST"))
    def confirm(self, name: str, step: str) -> Answer:
        """Say what appears or disappears, and switch after a yes; a refusal says why."""
        known(name)
        if not self.may_manage:
            abort(404)
        outcome = Outcome()
        if request.method == "POST":
            switch = SWITCHES[step]
            outcome = attempt(lambda: switch(current.session, name, actor=current.actor, catalogue=host()))
            if outcome.done:
                text = _("«%(name)s» è accesa.") if step == "accendi" else _("«%(name)s» è spenta.")
                return done(text % {"name": plugin_title(name)}, ".index")
        return self._confirm(name, step, outcome)

    def _confirm(self, name: str, step: str, outcome: Outcome) -> Answer:
        off = step == "spegni"
        title = plugin_title(name)
        submit = _("Sì, spegni") if off else _("Sì, accendi")
        question = _("Spegnere «%(name)s»?", name=title) if off else _("Accendere «%(name)s»?", name=title)
        form = Form([], url_for(".confirm", name=name, step=step), submit, cancel=url_for(".show", name=name))
        panels = [
            Panel(_("Che cosa succede"), "effetti", reasons=effects(name) if off else gains(name)),
            Panel(_("Conferma"), "conferma", form=form, key=True),
        ]
        trail = [(_("Funzioni"), url_for(".index")), (title, url_for(".show", name=name)), (_("Conferma"), "")]
        return self.page(question, outcome, trail=trail, panels=panels)


def known(name: str) -> str:
    """The name of a plugin that works here; 404 for any other."""
    if name not in host().names:
        abort(404)
    return name


def state_of(name: str) -> Cell:
    """On, off, or on but held back by something that it needs."""
    if name in current.here.enabled:
        return state("ok", _("accesa"))
    row = queries.plugin_states(current.session).get(name)
    return (
        state("late", _("ferma: le manca qualcosa")) if row and queries.enabled_of(row) else state("pause", _("spenta"))
    )


def decided_by(name: str) -> str:
    """Whether the model or the console decides."""
    row = queries.plugin_states(current.session).get(name)
    return str(_("la console") if row and row.enabled is not None else _("il modello"))


def effects(name: str) -> list[tuple[str, str]]:
    """What disappears when the plugin is switched off here, and what stays."""
    pages = [f"/{current.here.slug}/{segment}/" for segment in host().manifest(name).segments]
    users = dependants(name, current.here.enabled, host())
    found = (
        [("no", _("Serve a: %(names)s. Spegni prima quelle.", names=", ".join(map(plugin_title, users))))]
        if users
        else []
    )
    if pages:
        found.append(("half", _("Spariscono le pagine %(pages)s e le voci di menu.", pages=", ".join(pages))))
    for label, count in contents(name):
        text = ngettext(
            "%(num)s %(label)s non si trova più", "%(num)s %(label)s non si trovano più", count, label=label
        )
        found.append(("half", text))
    return [*found, ("yes", _("I dati e le impostazioni restano: quando riaccendi ritrovi tutto."))]


def gains(name: str) -> list[tuple[str, str]]:
    """What appears when the plugin is switched on here."""
    missing = [plugin_title(n) for n in host().requires(name) if n not in current.here.enabled]
    found = [("no", _("Prima accendi: %(names)s.", names=", ".join(missing)))] if missing else []
    pages = [f"/{current.here.slug}/{segment}/" for segment in host().manifest(name).segments]
    if pages:
        found.append(("yes", _("Compaiono le pagine %(pages)s.", pages=", ".join(pages))))
    found += [
        ("yes", _("Si ritrovano: %(label)s (%(count)s).", label=label, count=count)) for label, count in contents(name)
    ]
    return found or [("yes", _("Vale dalla prossima pagina che qualcuno apre."))]


def contents(name: str) -> list[tuple[str, int]]:
    """Name and number of the plugin's records that the reader may see here, type by type."""
    visible = access.criterion(current.actor, Record, READ)
    rows = current.session.execute(select(Record.type, func.count(Record.id)).where(visible).group_by(Record.type))
    counted = {row[0]: row[1] for row in rows}
    own = [item for item in record_types() if item.plugin == name and counted.get(item.key)]
    return [(pick(item.label_plural, current.lang).lower(), counted[item.key]) for item in own]
