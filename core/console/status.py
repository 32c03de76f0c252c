"""How the system is: faults of plugins, the search index, the database, what waits to be done."""

from __future__ import annotations

from collections.abc import Sequence

from flask_admin import expose
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core import __version__
from core.console.base import Answer, ConsolePage
from core.console.pieces import Panel, table
from core.console.post import mail_panel
from core.console.words import moment, plugin_title
from core.districts.permissions import DISTRICT
from core.errors import ConfigError
from core.events.models import OutboxEvent
from core.i18n import _, ngettext
from core.web.context import current

#: How many waiting events are listed.
MOST = 20


class StatusPage(ConsolePage):
    """The state of one district."""

    resource = DISTRICT

    @expose("/")
    def index(self) -> Answer:
        """Whether everything works and, where not, what exactly."""
        return self.page(
            _("Stato"),
            panels=[self._settings(), search_panel(current.here.id), events_panel(current.session)],
            aside=[*system_panels(), faults_panel()],
        )

    def _settings(self) -> Panel:
        found = [("half", text) for text in current.here.problems]
        working = [("yes", _("La configurazione del distretto è a posto."))]
        return Panel(_("Configurazione"), "configurazione", reasons=found or working)


def faults_panel() -> Panel:
    """Faults of plugins since this process started: stage, error, how often, when last."""
    problems = sorted(current.installation.host.hooks.problems, key=lambda p: p.last, reverse=True)
    reasons = [
        ("no", f"{plugin_title(p.plugin)}: {p.stage}: {p.error} ({times(p.times)}, {moment(p.last)})") for p in problems
    ]
    return Panel(_("Funzioni"), "guasti", reasons=reasons or [("yes", _("Nessuna funzione ha dato errori."))])


def times(count: int) -> str:
    """How often."""
    return str(ngettext("%(num)s volta", "%(num)s volte", count))


def search_panel(district_id: int) -> Panel:
    """How the index of a district stands."""
    status = current.installation.search.status(district_id)
    reasons = [("yes", ngettext("%(num)s scheda nell'indice", "%(num)s schede nell'indice", status.documents))]
    if status.rebuild:
        reasons.append(("no", _("L'indice va rifatto: %(why)s.", why=status.rebuild)))
    if status.pending:
        text = ngettext("%(num)s cambiamento da indicizzare", "%(num)s cambiamenti da indicizzare", status.pending)
        reasons.append(("half", text))
    return Panel(_("Ricerca"), "ricerca", reasons=reasons)


def events_panel(session: Session) -> Panel:
    """Events that wait for a plugin, with the last error of each."""
    waiting = select(OutboxEvent).where(OutboxEvent.delivered_at.is_(None)).order_by(OutboxEvent.id)
    rows = session.scalars(waiting.limit(MOST)).all()
    count = session.scalar(select(func.count(OutboxEvent.id)).where(OutboxEvent.delivered_at.is_(None))) or 0
    lines = [[row.name, moment(row.happened_at), str(row.tries), row.last_error or "-"] for row in rows]
    columns = [_("Evento"), _("Da quando"), _("Tentativi"), _("Ultimo errore")]
    text = ngettext("%(num)s evento aspetta", "%(num)s eventi aspettano", count) if count else ""
    empty = _("Niente aspetta di essere fatto.")
    return Panel(_("Lavori"), "lavori", text=text, table=table(columns, lines, _("I primi in attesa")), empty=empty)


def system_panels() -> list[Panel]:
    """Version and database of the installation."""
    facts = [
        (_("Versione"), __version__),
        (_("Database"), current.installation.database.dialect),
        (_("Funzioni installate"), str(len(current.installation.host.names))),
    ]
    portal = Panel(_("Il portale"), "portale", facts=facts, reasons=migrations())
    return [portal, mail_panel(current.session)]


def migrations() -> Sequence[tuple[str, str]]:
    """Whether the tables are those of this version."""
    # Alembic takes as long to import as all the rest of the console, and this page alone needs it.
    from core.db.migrate import pending

    try:
        steps = pending(current.installation.database, current.installation.migration_owners)
    except ConfigError as error:
        return [("no", str(error))]
    if steps:
        return [("no", _("Le tabelle vanno aggiornate: %(steps)s.", steps=", ".join(steps)))]
    return [("yes", _("Le tabelle sono aggiornate."))]
