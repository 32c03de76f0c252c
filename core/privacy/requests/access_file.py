"""The access file (art. 15 and 20): everything the portal holds of a person, why, with whom, and who looked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import audit, clock
from core.access import Actor
from core.audit.models import AuditEntry
from core.contributions import PersonalData
from core.db import district_of
from core.districts.legal import BASES
from core.districts.models import CONFIRMED, Processing
from core.hooks import Hooks
from core.i18n import DEFAULT, _, pick
from core.privacy.bases.models import Consent, NoticeGiven, Sharing
from core.privacy.bases.notices import WAYS
from core.privacy.looks import LOOKS, Told, together, told
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.operations import record_step, workable
from core.privacy.requests.permissions import REQUEST
from core.privacy.requests.subjects import subject_label
from core.privacy.requests.terms import ACCESS, KINDS, PORTABILITY, STATES

FORMAT: Final = "innesto-access-file/1"
#: Entries of the audit read at a time.
BATCH = 500


@dataclass(frozen=True, slots=True)
class AccessFile:
    """One file: ``data`` by plugin, then the core's own parts; each part may be empty and says so."""

    number: str
    made_at: datetime
    person: str
    data: tuple[PersonalData, ...]
    parts: tuple[PersonalData, ...]

    def as_json(self) -> dict[str, Any]:
        """The same for a program (art. 20)."""
        return {
            "format": FORMAT,
            "request": self.number,
            "made_at": self.made_at.isoformat(),
            "person": self.person,
            "data": [_plain(part) for part in self.data],
            "processing": [_plain(part) for part in self.parts],
        }


def _plain(part: PersonalData) -> dict[str, Any]:
    return {**asdict(part), "rows": [dict(row) for row in part.rows]}


def make(session: Session, request: SubjectRequest, *, actor: Actor, hooks: Hooks) -> AccessFile:
    """Gather the file of the person whom a request is about; making it is a step of the request and is noted.

    A part that fails stops it: half a file would be a wrong answer. Raises AccessDenied, Refused, PluginError.
    """
    subject_id = workable(request, actor, {ACCESS, PORTABILITY})
    found = AccessFile(
        request.number,
        clock.now(),
        subject_label(session, request.subject_resource, subject_id),
        tuple(_data(session, hooks, subject_id)),
        (
            _processings(session),
            _notices(session, subject_id),
            _consents(session, subject_id),
            _sharings(session, subject_id),
            _requests(session, subject_id),
            _looks(session, subject_id, names=request.names_disclosed),
        ),
    )
    audit.note(
        session,
        actor,
        "export",
        resource=REQUEST,
        object_id=request.id,
        subject_id=subject_id,
        part="access_file",
        purpose="access_request",
        details={"parts": [part.source for part in found.data]},
    )
    record_step(session, request, actor, "file")
    return found


def _data(session: Session, hooks: Hooks, subject_id: UUID) -> Iterator[PersonalData]:
    facts: dict[str, Any] = {"district_id": district_of(session), "session": session, "subject_id": subject_id}
    for _plugin, parts in hooks.demand("export_personal_data", **facts):
        yield from parts


def _processings(session: Session) -> PersonalData:
    rows = [
        {
            _("Perché"): pick(row.purpose, DEFAULT),
            _("Chi decide"): row.controller,
            _("Chi tratta i dati per suo conto"): row.processor,
            _("Base giuridica"): _basis(row),
            _("Per quanto tempo"): pick(row.kept, DEFAULT),
            _("Responsabile della protezione dei dati"): row.dpo_contact,
            _("Periodo"): _period(row.valid_from, row.valid_to),
            _("Stato"): "" if row.status == CONFIRMED else _("da confermare"),
        }
        for row in session.scalars(sa.select(Processing).order_by(Processing.valid_from, Processing.id))
    ]
    return PersonalData("core.processing", _("Perché e su quale base usiamo i dati"), _filled(rows))


def _notices(session: Session, subject_id: UUID) -> PersonalData:
    given = sa.select(NoticeGiven).where(NoticeGiven.subject_id == subject_id)
    rows = [
        {
            _("Giorno"): _day(row.given_on),
            _("Versione"): row.version,
            _("Come"): pick(WAYS.get(row.how), DEFAULT) or row.how,
        }
        for row in session.scalars(given.order_by(NoticeGiven.given_on, NoticeGiven.id))
    ]
    return PersonalData("core.notice", _("Schede privacy consegnate"), _filled(rows))


def _consents(session: Session, subject_id: UUID) -> PersonalData:
    asked = sa.select(Consent).where(Consent.subject_id == subject_id)
    rows = [
        {
            _("Consenso"): row.kind,
            _("Risposta"): _("sì") if row.given else _("no"),
            _("Giorno"): _day(row.given_on),
            _("Ritirato"): _day(row.withdrawn_on),
        }
        for row in session.scalars(asked.order_by(Consent.given_on, Consent.id))
    ]
    return PersonalData("core.consent", _("Consensi"), _filled(rows))


def _sharings(session: Session, subject_id: UUID) -> PersonalData:
    shared = sa.select(Sharing).where(Sharing.subject_id == subject_id)
    rows = [
        {
            _("Ente"): row.organisation,
            _("Base giuridica"): _basis(row),
            _("Periodo"): _period(row.valid_from, row.valid_to),
        }
        for row in session.scalars(shared.order_by(Sharing.valid_from, Sharing.id))
    ]
    return PersonalData("core.sharing", _("Enti con cui condividiamo i dati"), _filled(rows))


def _requests(session: Session, subject_id: UUID) -> PersonalData:
    made = sa.select(SubjectRequest).where(SubjectRequest.subject_id == subject_id)
    rows = [
        {
            _("Numero"): row.number,
            _("Richiesta"): str(KINDS[row.kind]),
            _("Arrivata"): _day(row.received_on),
            _("Stato"): str(STATES[row.state]),
        }
        for row in session.scalars(made.order_by(SubjectRequest.received_on, SubjectRequest.id))
    ]
    return PersonalData("core.request", _("Richieste sui propri dati"), _filled(rows))


def _looks(session: Session, subject_id: UUID, *, names: bool) -> PersonalData:
    """Who looked: day, body, function, purpose; the name only where the data protection officer decided so."""
    lines = together(told(session, _entries(session, subject_id), DEFAULT))
    return PersonalData("core.look", _("Chi ha guardato i dati"), _filled([_look(line, names=names) for line in lines]))


def _look(line: Told, *, names: bool) -> dict[str, str]:
    entry = line.entry
    row = {
        _("Quando"): _moment(entry.at),
        _("Che cosa"): line.what,
        _("Quante volte"): str(line.count) if line.count > 1 else "",
        _("La prima volta"): _moment(line.first) if line.count > 1 else "",
        _("Ente"): entry.organisation,
        _("Funzione"): entry.function,
        _("Motivo"): line.purpose,
    }
    return {**row, _("Chi"): entry.who} if names else row


def _moment(at: datetime) -> str:
    return f"{at.astimezone(clock.ROME):%d/%m/%Y %H:%M}"


def _entries(session: Session, subject_id: UUID) -> Iterator[AuditEntry]:
    before: UUID | None = None
    while found := audit.entries(session, subject_id=subject_id, kinds=LOOKS, limit=BATCH, before=before):
        yield from found
        before = found[-1].id


def _filled(rows: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, str], ...]:
    """The rows as texts, without the values that are empty."""
    return tuple({label: str(value) for label, value in row.items() if value} for row in rows)


def _basis(row: Processing | Sharing) -> str:
    """The legal basis in words, with its articles."""
    label = pick(BASES[row.basis].label, DEFAULT) if row.basis in BASES else row.basis
    articles = ", ".join(map(str, row.articles))
    return _("%(basis)s (art. %(articles)s)", basis=label, articles=articles) if articles else label


def _day(day: date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _period(begin: date, end: date | None) -> str:
    if end is None:
        return _("dal %(day)s", day=_day(begin))
    return _("dal %(day)s al %(end)s", day=_day(begin), end=_day(end))
