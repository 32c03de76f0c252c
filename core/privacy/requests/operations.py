"""Subject requests (art. 15-20 GDPR): each step checks the right, changes, is noted and told. None of them commits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core import access, audit, clock, crypto, notifications
from core.access import Actor
from core.access.models import Account
from core.db import uuid7
from core.errors import Conflict, FieldError, Invalid, Refused
from core.i18n import _
from core.privacy import codes
from core.privacy.requests import terms
from core.privacy.requests.models import SubjectRequest, SubjectRequestStep
from core.privacy.requests.permissions import DECIDE, MANAGE, REQUEST, holders
from core.privacy.requests.subjects import find_subject, subject_people

TABLE: Final = "core_subject_request"
STEP_TABLE: Final = "core_subject_request_step"
LONGEST = {"name": 200, "contact": 254, "text": 5000, "reason": 2000}
#: How often a new request looks for the next number when others are being written.
NUMBER_ATTEMPTS = 5
#: The step that leads to each closed state.
CLOSING = {terms.ANSWERED: "answer", terms.REFUSED: "refuse", terms.WITHDRAWN: "withdraw"}


# --- received --------------------------------------------------------------------------------------------------------


def submit(
    session: Session,
    kind: str,
    *,
    name: str,
    contact: str,
    text: str,
    actor: Actor,
    desk: bool = False,
    received_on: date | None = None,
    form: str = "",
) -> tuple[SubjectRequest, str]:
    """A new request and its public code, which nobody can read again.

    ``desk``: an operator writes for somebody, perhaps of an earlier day. ``form``: the mark of the form that was sent.
    Raises Invalid, AccessDenied, Conflict for a form that was sent already, Refused without the model's figures.
    """
    if desk:
        access.require(actor, MANAGE, REQUEST)
    begin = received_on or clock.today()
    values = _checked(kind, name, contact, text, begin)
    request = SubjectRequest(
        id=uuid7(),
        kind=kind,
        channel="desk" if desk else "public",
        state=terms.RECEIVED,
        received_on=begin,
        due_on=terms.last_day(begin, terms.required(session, terms.ANSWER_DAYS, begin)),
        year=begin.year,
        created_by=actor.account_id,
        form=hashlib.sha256(form.encode()).digest() if form else None,
    )
    _refuse_twice(session, request)
    for field, value in values.items():
        setattr(request, field, _seal(session, request, field, value))
    _number(session, request)
    code = codes.issue(
        session, resource=REQUEST, object_id=request.id, days=terms.required(session, terms.CODE_DAYS, begin)
    )
    _note(session, request, actor, "create", kind="create", fields=sorted(values))
    sentence = {
        "it": f"È arrivata la richiesta {request.number}. Si risponde entro il {request.due_on:%d/%m/%Y}.",
        "en": f"Request {request.number} has arrived. Answer by {request.due_on:%d/%m/%Y}.",
    }
    _tell(session, holders(session, MANAGE, REQUEST), request, sentence)
    return request, code


def _checked(kind: str, name: str, contact: str, text: str, received_on: date) -> dict[str, str]:
    values = {"name": name.strip(), "contact": contact.strip(), "text": text.strip()}
    errors = []
    if kind not in terms.KINDS:
        errors.append(FieldError("kind", _("Scegli che cosa chiedi."), "kind"))
    if not values["name"]:
        errors.append(FieldError("name", _("Scrivi nome e cognome."), "required"))
    if not values["contact"]:
        errors.append(FieldError("contact", _("Scrivi un numero di telefono o un indirizzo e-mail."), "required"))
    if kind == terms.RECTIFICATION and not values["text"]:
        errors.append(FieldError("text", _("Scrivi quale dato è sbagliato e come va corretto."), "required"))
    if received_on > clock.today():
        errors.append(FieldError("received_on", _("Il giorno di arrivo non può essere nel futuro."), "future"))
    errors += _too_long(values)
    if errors:
        raise Invalid(errors)
    return {field: value for field, value in values.items() if value}


def _too_long(values: dict[str, str]) -> Iterable[FieldError]:
    for field, value in values.items():
        if len(value) > LONGEST[field]:
            yield FieldError(field, _("Al massimo %(most)s caratteri.", most=LONGEST[field]), "length")


def _refuse_twice(session: Session, request: SubjectRequest) -> None:
    same = sa.select(SubjectRequest.id).where(SubjectRequest.form == request.form)
    if request.form is not None and session.scalar(same) is not None:
        raise Conflict("this form was sent already")


def _number(session: Session, request: SubjectRequest) -> None:
    """Add the request under the next number of its year; another process may take it meanwhile, then the next one."""
    last = sa.select(sa.func.max(SubjectRequest.serial)).where(SubjectRequest.year == request.year)
    for attempt in range(NUMBER_ATTEMPTS):
        request.serial = (session.scalar(last) or 0) + 1
        try:
            with session.begin_nested():
                session.add(request)
        except IntegrityError as error:
            if attempt == NUMBER_ATTEMPTS - 1:
                raise Conflict("the next number was just taken") from error
        else:
            return


# --- worked on -------------------------------------------------------------------------------------------------------


def assign(session: Session, request: SubjectRequest, account_id: UUID, *, actor: Actor) -> None:
    """Entrust the request to somebody who may manage requests. Raises AccessDenied, Invalid, Refused when closed."""
    _open(request, actor)
    if account_id not in holders(session, MANAGE, REQUEST):
        raise Invalid([FieldError("account", _("Questa persona non si occupa delle richieste."), "account")])
    request.assigned_to = account_id
    _done(session, request, actor, "assign", details={"account": str(account_id)})
    sentence = {
        "it": f"Ti è affidata la richiesta {request.number}. Si risponde entro il {request.due_on:%d/%m/%Y}.",
        "en": f"Request {request.number} is yours. Answer by {request.due_on:%d/%m/%Y}.",
    }
    if account_id != actor.account_id:
        _tell(session, [account_id], request, sentence)


def ask_identity(session: Session, request: SubjectRequest, *, actor: Actor, reason: str) -> None:
    """Ask for a proof of identity (art. 12.6); the clock goes on. Raises AccessDenied, Refused, Invalid."""
    _open(request, actor)
    if request.identity:
        raise Refused(_("L'identità è già stata controllata."), code="identity")
    request.state = terms.IDENTITY
    _done(session, request, actor, "ask_identity", reason=_reason(reason))


def identify(session: Session, request: SubjectRequest, *, actor: Actor, how: str) -> None:
    """Say how the office made sure who asks; always a person's act. Raises AccessDenied, Refused, Invalid."""
    _open(request, actor)
    if how not in terms.IDENTITIES:
        raise Invalid([FieldError("identity", _("Scegli come hai controllato l'identità."), "identity")])
    request.identity, request.state = how, terms.WORKING
    _done(session, request, actor, "identify", details={"how": how})


def link(session: Session, request: SubjectRequest, code: str, *, actor: Actor) -> None:
    """Say whose data the request is about, by the person's code. Raises AccessDenied, Refused, NotFound.

    It needs no grant on the person and leads to the access file: the data protection officer is told each time.
    """
    _open(request, actor)
    request.subject_resource, request.subject_id = find_subject(session, code)
    request.names_disclosed = False
    _done(session, request, actor, "link")
    sentence = {
        "it": f"La richiesta {request.number} è stata collegata a una persona: controlla che sia quella giusta.",
        "en": f"Request {request.number} was linked to a person: check that it is the right one.",
    }
    _tell(session, holders(session, DECIDE, REQUEST) - {actor.account_id}, request, sentence)


def extend(session: Session, request: SubjectRequest, *, actor: Actor, reason: str) -> None:
    """Prolong the time to answer, once, with a reason and before the first term ends (art. 12.3).

    Raises AccessDenied, Refused, Invalid.
    """
    _open(request, actor)
    text = _reason(reason)
    if request.extended_on is not None:
        raise Refused(_("Il termine è già stato prorogato: la legge lo permette una volta sola."), code="extended")
    if clock.today() > request.due_on:
        raise Refused(_("Il termine è passato: la proroga andava comunicata prima."), code="late")
    days = terms.required(session, terms.EXTENSION_DAYS, request.received_on)
    request.extended_on, request.due_on = clock.today(), terms.last_day(request.due_on, days)
    _done(session, request, actor, "extend", reason=text, tell=True)


def answer(session: Session, request: SubjectRequest, *, actor: Actor, text: str) -> None:
    """Close the request with what was answered. Raises AccessDenied, Invalid, Refused before the identity is known."""
    _open(request, actor)
    _need_identity(request)
    request.answer = _seal(session, request, "answer", _reason(text, field="answer"))
    _close(session, request, actor, terms.ANSWERED)


def refuse(session: Session, request: SubjectRequest, *, actor: Actor, reason: str) -> None:
    """Close the request without doing what it asks, with the reason that the person is told (art. 12.4)."""
    _open(request, actor)
    _close(session, request, actor, terms.REFUSED, _reason(reason))


def withdraw(session: Session, request: SubjectRequest, *, actor: Actor, reason: str) -> None:
    """Close the request because who made it said so. Raises AccessDenied, Invalid, Refused."""
    _open(request, actor)
    _close(session, request, actor, terms.WITHDRAWN, _reason(reason))


def disclose_names(session: Session, request: SubjectRequest, disclosed: bool, *, actor: Actor, reason: str) -> None:
    """The data protection officer decides whether the access file names who looked. Raises AccessDenied, Refused."""
    access.require(actor, DECIDE, REQUEST)
    _still_open(request)
    request.names_disclosed = disclosed
    _done(session, request, actor, "names", reason=_reason(reason), details={"disclosed": disclosed})


def ask_correction(session: Session, request: SubjectRequest, *, actor: Actor) -> int:
    """Send the correction as a task to whoever works with the person; how many were told. Raises Refused."""
    subject_id = workable(request, actor, {terms.RECTIFICATION})
    people = subject_people(session, request.subject_resource, subject_id)
    if not people:
        raise Refused(_("Nessuno segue questa persona adesso: affida la correzione a voce."), code="nobody")
    _done(session, request, actor, "task", details={"people": len(people)})
    sentence = {
        "it": f"Una persona che segui chiede di correggere un dato: richiesta {request.number}.",
        "en": f"Somebody you work with asks to correct a datum: request {request.number}.",
    }
    _tell(session, people, request, sentence)
    return len(people)


def workable(request: SubjectRequest, actor: Actor, kinds: Iterable[str]) -> UUID:
    """The person of a request of these kinds, whose identity is checked. Raises AccessDenied, Refused."""
    _open(request, actor)
    _need_identity(request)
    if request.kind not in kinds:
        raise Refused(_("Questa richiesta chiede un'altra cosa."), code="kind")
    if request.subject_id is None:
        raise Refused(_("Prima collega la richiesta alla persona."), code="subject")
    return request.subject_id


def _need_identity(request: SubjectRequest) -> None:
    if not request.identity:
        raise Refused(_("Prima controlla l'identità di chi chiede."), code="identity")


def _open(request: SubjectRequest, actor: Actor) -> None:
    access.check(actor, MANAGE, request)
    _still_open(request)


def _still_open(request: SubjectRequest) -> None:
    if request.state not in terms.OPEN:
        raise Refused(_("La richiesta è chiusa: non si cambia più."), code="closed")


def _close(session: Session, request: SubjectRequest, actor: Actor, state: str, reason: str = "") -> None:
    request.state, request.closed_at = state, clock.now()
    _done(session, request, actor, CLOSING[state], reason=reason, tell=True)


def _reason(text: str, *, field: str = "reason") -> str:
    found = text.strip()
    if not found:
        raise Invalid([FieldError(field, _("Scrivi il motivo.") if field == "reason" else _("Scrivi la risposta."))])
    if len(found) > LONGEST["reason"]:
        raise Invalid([FieldError(field, _("Al massimo %(most)s caratteri.", most=LONGEST["reason"]), "length")])
    return found


# --- noted and told --------------------------------------------------------------------------------------------------


def record_step(session: Session, request: SubjectRequest, actor: Actor, what: str) -> None:
    """Note a step that another part of the portal took for the request: access file, restriction, erasure."""
    _done(session, request, actor, what)


def _done(
    session: Session,
    request: SubjectRequest,
    actor: Actor,
    what: str,
    *,
    reason: str = "",
    details: dict[str, object] | None = None,
    tell: bool = False,
) -> None:
    number = request.number
    try:
        session.flush()
    except StaleDataError as error:
        raise Conflict(f"request {number} was changed by somebody else") from error
    _note(session, request, actor, what, reason=reason, details=details)
    if tell:
        _tell_person(session, request)


def _note(
    session: Session,
    request: SubjectRequest,
    actor: Actor,
    what: str,
    *,
    kind: str = "act",
    reason: str = "",
    fields: Iterable[str] = (),
    details: dict[str, object] | None = None,
) -> None:
    step = SubjectRequestStep(
        id=uuid7(),
        request_id=request.id,
        account_id=actor.account_id,
        who=actor.name[:200],
        what=what,
        state=request.state,
    )
    if reason:
        step.reason = crypto.seal(session, request.id, reason, table=STEP_TABLE, row_id=step.id, field="reason")
    session.add(step)
    session.flush()
    audit.note(
        session,
        actor,
        kind,
        resource=REQUEST,
        object_id=request.id,
        subject_id=request.subject_id,
        part=what,
        fields=tuple(fields),
        details={"number": request.number, **(details or {})},
    )


def _tell(session: Session, people: Iterable[UUID], request: SubjectRequest, sentence: dict[str, str]) -> None:
    for account_id in sorted(people):
        notifications.notice(session, account_id, sentence, url=address_of(session, request))


def address_of(session: Session, request: SubjectRequest) -> str:
    """The address of the request's page."""
    slug = terms.slug_of(session)
    return f"/{slug}/richieste/{request.id}" if slug else ""


def _tell_person(session: Session, request: SubjectRequest) -> None:
    """A mail that there is news, where an address was left; it says neither what was asked nor what was answered."""
    to = unsealed(session, request, "contact")
    if "@" not in to or " " in to:
        return
    values = {"number": request.number, "due_on": f"{request.due_on:%d/%m/%Y}"}
    notifications.mail(session, to=to, template="request_news", values=values)


# --- sealed texts ----------------------------------------------------------------------------------------------------


def _seal(session: Session, request: SubjectRequest, field: str, value: str) -> bytes:
    return crypto.seal(session, request.id, value, table=TABLE, row_id=request.id, field=field)


def unsealed(session: Session, request: SubjectRequest, field: str) -> str:
    """A text of the request, empty where there is none. The caller has checked the right and logs the look."""
    sealed: bytes | None = getattr(request, field)
    if sealed is None:
        return ""
    return crypto.unseal(session, request.id, sealed, table=TABLE, row_id=request.id, field=field).decode()


def reason_of(session: Session, step: SubjectRequestStep) -> str:
    """Why a step was taken, empty where no reason was given."""
    if step.reason is None:
        return ""
    return crypto.unseal(
        session, step.request_id, step.reason, table=STEP_TABLE, row_id=step.id, field="reason"
    ).decode()


def account_name(session: Session, account_id: UUID | None) -> str:
    """The name of an account, empty for none."""
    account = session.get(Account, account_id) if account_id else None
    return account.name if account else ""
