"""What waits in the core's own queues for who looks at the first page, and the ways there."""

from __future__ import annotations

from collections.abc import Iterator

from flask import url_for

from core import access, teams
from core.access.permissions import ACCOUNTS, MANAGE
from core.accounts import registrations
from core.contributions import DashboardCard
from core.i18n import _, ngettext
from core.privacy.bases.permissions import PRIVACY
from core.privacy.requests import queries as requests
from core.privacy.requests.permissions import READ, REQUEST
from core.privacy.retention.permissions import RETENTION
from core.web.context import current

#: Before what plugins tell, which begins at 10: here somebody else waits for an answer.
FIRST = 1


def cards() -> list[DashboardCard]:
    """One card for each queue in which something waits for an answer of this actor."""
    return [*_access_requests(), *_data_requests(), *_companies()]


def ways() -> list[tuple[str, str, str]]:
    """What the menu does not name: (title, address, text)."""
    return [*_team_ways(), *_company_ways(), *_privacy_ways()]


def supervises() -> bool:
    """Whether the actor may answer who asks for access."""
    return any(access.may(current.actor, teams.SUPERVISE, entry.resource) for entry in teams.team_entities())


def _access_requests() -> Iterator[DashboardCard]:
    count = len(teams.open_requests(current.session, current.actor)) if supervises() else 0
    if count:
        text = ngettext(
            "%(num)s persona chiede di vedere una scheda.", "%(num)s persone chiedono di vedere una scheda.", count
        )
        yield DashboardCard(_("Richieste di accesso"), text, url_for("teams.requests"), _("Rispondi"), FIRST, "soon")


def _data_requests() -> Iterator[DashboardCard]:
    if not access.may(current.actor, READ, REQUEST):
        return
    found = requests.queue(current.session, current.actor)
    if not found.total:
        return
    text = ngettext("%(num)s richiesta da chiudere.", "%(num)s richieste da chiudere.", found.total)
    if found.late:
        text = f"{text} {ngettext('%(num)s è in ritardo.', '%(num)s sono in ritardo.', found.late)}"
    kind = "late" if found.late else "info"
    yield DashboardCard(_("Richieste sui dati"), text, url_for("requests.index"), _("Apri l’elenco"), FIRST, kind)


def _companies() -> Iterator[DashboardCard]:
    if not access.may(current.actor, MANAGE, ACCOUNTS):
        return
    count = len(registrations.waiting(current.session, actor=current.actor))
    if count:
        text = ngettext("%(num)s azienda aspetta una risposta.", "%(num)s aziende aspettano una risposta.", count)
        yield DashboardCard(_("Aziende da approvare"), text, url_for("register.index"), _("Decidi"), FIRST)


def _team_ways() -> Iterator[tuple[str, str, str]]:
    if supervises():
        text = _("Rispondi a chi chiede di vedere una scheda.")
        yield _("Richieste di accesso"), url_for("teams.requests"), text
    entries = teams.team_entities()
    if any(teams.may_ask(current.actor, entry.resource) for entry in entries) and not supervises():
        yield _("Chiedi l’accesso a una scheda"), url_for("teams.ask"), _("Serve il codice. Risponde chi coordina.")
    if any(access.may(current.actor, teams.BREAK_GLASS, entry.resource) for entry in entries):
        text = _("Quando non c’è tempo di chiedere: chi coordina lo sa subito.")
        yield _("Apri una scheda in emergenza"), url_for("teams.emergency"), text


def _company_ways() -> Iterator[tuple[str, str, str]]:
    if access.may(current.actor, MANAGE, ACCOUNTS):
        text = _("Le aziende che hanno chiesto un account.")
        yield _("Aziende da approvare"), url_for("register.index"), text


def _privacy_ways() -> Iterator[tuple[str, str, str]]:
    """For who works with these pages of the console and does not administer the district, whose menu leads there."""
    if access.may(current.actor, READ, "core.district"):
        return
    if access.may(current.actor, MANAGE, PRIVACY):
        text = _("Chi decide sui dati, chi li usa, perché e per quanto tempo.")
        yield _("Registro dei trattamenti"), url_for("console_processing.index"), text
    if access.may(current.actor, READ, RETENTION):
        text = _("Che cosa va cancellato, quando, e che cosa è bloccato.")
        yield _("Conservazione dei dati"), url_for("console_retention.index"), text
