"""What waits to be sent by mail, for the status pages."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.console.pieces import Panel, table
from core.console.words import moment
from core.i18n import _, ngettext
from core.notifications.queries import mail_count, mails

MOST = 20


def mail_panel(session: Session) -> Panel:
    """Mails of the installation that were given up, and how many wait. Of an address only its hint is shown."""
    waiting, lost = mail_count(session, "waiting"), mail_count(session, "given_up")
    reasons = [("yes", _("La posta parte."))] if not waiting and not lost else []
    if waiting:
        reasons.append(("half", ngettext("%(num)s messaggio aspetta", "%(num)s messaggi aspettano", waiting)))
    if lost:
        told = ngettext("%(num)s messaggio non è partito", "%(num)s messaggi non sono partiti", lost)
        reasons.append(("no", _("%(lost)s. Trovata la causa, si manda di nuovo con: innesto mail retry", lost=told)))
    rows = mails(session, "given_up", limit=MOST)
    lines = [[row.template, row.hint, moment(row.created_at), str(row.tries), row.last_error] for row in rows]
    columns = [_("Messaggio"), _("Per"), _("Da quando"), _("Tentativi"), _("Ultimo errore")]
    return Panel(_("Posta"), "posta", reasons=reasons, table=table(columns, lines, _("I primi non partiti")))
