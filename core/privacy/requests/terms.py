"""Words and calendar of subject requests: kinds, states, the last day to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from core import clock
from core.db import district_of
from core.districts.snapshot import snapshots
from core.errors import Refused
from core.i18n import _, _l, ngettext
from core.privacy.figures import figure
from core.privacy.requests.models import SubjectRequest

ACCESS, PORTABILITY, RECTIFICATION, ERASURE, RESTRICTION = (
    "access",
    "portability",
    "rectification",
    "erasure",
    "restriction",
)
KINDS = {
    ACCESS: _l("Sapere quali dati avete su di me"),
    PORTABILITY: _l("Avere i miei dati in un file"),
    RECTIFICATION: _l("Correggere un dato"),
    ERASURE: _l("Cancellare i miei dati"),
    RESTRICTION: _l("Fermare l'uso dei miei dati"),
}
RECEIVED, IDENTITY, WORKING, ANSWERED, REFUSED, WITHDRAWN = (
    "received",
    "identity",
    "working",
    "answered",
    "refused",
    "withdrawn",
)
STATES = {
    RECEIVED: _l("ricevuta"),
    IDENTITY: _l("aspetta la prova dell'identità"),
    WORKING: _l("in lavorazione"),
    ANSWERED: _l("risposta data"),
    REFUSED: _l("respinta"),
    WITHDRAWN: _l("ritirata"),
}
OPEN = (RECEIVED, IDENTITY, WORKING)
#: How the office made sure who asks.
IDENTITIES = {
    "document": _l("Ha mostrato un documento"),
    "known": _l("L'ufficio la conosce di persona"),
    "delegate": _l("Chi la rappresenta ha mostrato delega e documenti"),
    "digital": _l("È entrata con SPID o CIE"),
}
#: What was done with a request, as its history tells it.
STEPS = {
    "create": _l("Richiesta ricevuta."),
    "assign": _l("Affidata a chi se ne occupa."),
    "ask_identity": _l("Chiesta una prova dell'identità."),
    "identify": _l("Identità controllata."),
    "link": _l("Collegata alla persona."),
    "extend": _l("Termine prorogato."),
    "answer": _l("Risposta data."),
    "refuse": _l("Richiesta respinta."),
    "withdraw": _l("Richiesta ritirata da chi l'ha fatta."),
    "names": _l("Deciso se il fascicolo dice i nomi di chi ha guardato."),
    "file": _l("Preparato il fascicolo di accesso."),
    "restrict": _l("Dati bloccati: si leggono e non si cambiano."),
    "release": _l("Blocco dei dati tolto."),
    "erase": _l("Dati cancellati."),
    "task": _l("Chiesta la correzione a chi segue la persona."),
    "remind": _l("Ricordato che il termine si avvicina."),
    "overdue": _l("Ricordato che il termine è passato."),
}
ANSWER_DAYS, EXTENSION_DAYS, CODE_DAYS = "privacy.answer_days", "privacy.extension_days", "privacy.code_days"
#: Days before the last day on which who works a request off is reminded of it.
REMINDER_DAYS = "privacy.reminder_days"


def required(session: Session, key: str, on: date) -> int:
    """A number of the model on a day. Raises Refused naming the parameter where the district has not set it."""
    value = figure(session, key, on)
    if not isinstance(value, int):
        message = _("Nella configurazione del distretto manca il parametro «%(key)s».", key=key)
        raise Refused(message, code="parameter")
    return value


@dataclass(frozen=True, slots=True)
class Deadline:
    """How a request stands on a day; ``left`` are the calendar days to the last day to answer, negative when past."""

    due_on: date
    left: int
    open: bool
    extended: bool

    @property
    def late(self) -> bool:
        """Whether the last day has passed without an answer."""
        return self.open and self.left < 0

    @property
    def kind(self) -> str:
        """The kind of state that lists show."""
        return "ok" if not self.open else "late" if self.left < 0 else "soon" if self.left <= 7 else "info"

    def sentence(self) -> str:
        """The same in words."""
        if not self.open:
            return _("chiusa")
        if self.left < 0:
            return ngettext("in ritardo di %(num)s giorno", "in ritardo di %(num)s giorni", -self.left)
        if self.left == 0:
            return _("scade oggi")
        return ngettext("manca %(num)s giorno", "mancano %(num)s giorni", self.left)


def last_day(begin: date, days: int) -> date:
    """The last day to answer: calendar days, the day of the request not counted (Reg. 1182/71)."""
    return begin + timedelta(days=days)


def deadline_of(request: SubjectRequest, on: date | None = None) -> Deadline:
    """Where the request stands today, or on the day given."""
    left = (request.due_on - (on or clock.today())).days
    return Deadline(request.due_on, left, request.state in OPEN, request.extended_on is not None)


def slug_of(session: Session) -> str:
    """The first part of the addresses of the session's district."""
    district = district_of(session)
    snapshot = snapshots.by_id(session, district) if district is not None else None
    return snapshot.slug if snapshot else ""
