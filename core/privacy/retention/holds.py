"""What keeps data as they are: a legal hold forbids erasing them, a restriction (art. 18) forbids changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, clock, crypto
from core.access import Actor
from core.db import uuid7
from core.errors import FieldError, Invalid, NotFound, Refused
from core.i18n import _
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.operations import record_step, workable
from core.privacy.requests.terms import RESTRICTION
from core.privacy.retention.models import LegalHold, Restriction
from core.privacy.retention.permissions import HOLD, MANAGE

TABLE = LegalHold.__tablename__
LONGEST_REASON = 300


def require_unrestricted(session: Session, subject_id: UUID) -> None:
    """For every operation that changes a person's data. Raises Refused while their use is restricted (art. 18)."""
    found = restriction_of(session, subject_id)
    if found is not None:
        day = f"{found.since.astimezone(clock.ROME):%d/%m/%Y}"
        message = _("Dal %(day)s i dati di questa persona si leggono e non si cambiano: lo ha chiesto lei.", day=day)
        raise Refused(message, code="restricted")


def restriction_of(session: Session, subject_id: UUID) -> Restriction | None:
    """The restriction in force on a person's data, or ``None``."""
    running = sa.select(Restriction).where(Restriction.subject_id == subject_id, Restriction.ended_at.is_(None))
    return session.scalar(running)


def restrict(session: Session, request: SubjectRequest, *, actor: Actor) -> Restriction:
    """Restrict the use of the data that a request is about. Raises AccessDenied, Refused."""
    subject_id = workable(request, actor, {RESTRICTION})
    if restriction_of(session, subject_id) is not None:
        raise Refused(_("I dati di questa persona sono già bloccati."), code="restricted")
    found = Restriction(subject_id=subject_id, request_id=request.id, account_id=actor.account_id, who=actor.name[:200])
    session.add(found)
    record_step(session, request, actor, "restrict")
    return found


def end_restriction(session: Session, request: SubjectRequest, *, actor: Actor) -> None:
    """Let the data be changed again; the person is told beforehand, by who does it (art. 18.3).

    It may be done also after the request was closed. Raises AccessDenied, Refused.
    """
    access.check(actor, MANAGE, request)
    found = restriction_of(session, request.subject_id) if request.subject_id else None
    if found is None:
        raise Refused(_("I dati di questa persona non sono bloccati."), code="unrestricted")
    found.ended_at = clock.now()
    record_step(session, request, actor, "release")


def place_hold(session: Session, subject_id: UUID, *, actor: Actor, reason: str) -> LegalHold:
    """Forbid erasing anything of a person, with a reason. Raises AccessDenied, Invalid, Refused for a second one."""
    access.require(actor, MANAGE, HOLD)
    text = reason.strip()
    if not 0 < len(text) <= LONGEST_REASON:
        message = _("Scrivi il motivo, al massimo %(most)s caratteri.", most=LONGEST_REASON)
        raise Invalid([FieldError("reason", message, "reason")])
    if hold_of(session, subject_id) is not None:
        raise Refused(_("C'è già un blocco della cancellazione per questa persona."), code="hold")
    found = LegalHold(id=uuid7(), subject_id=subject_id, account_id=actor.account_id, who=actor.name[:200])
    found.reason = crypto.seal(session, subject_id, text, table=TABLE, row_id=found.id, field="reason")
    session.add(found)
    session.flush()
    audit.note(session, actor, "act", resource=HOLD, object_id=found.id, subject_id=subject_id, part="place")
    return found


def reason_of(session: Session, hold: LegalHold) -> str:
    """The reason of a hold, for who may read holds. Raises crypto.Unreadable."""
    where: dict[str, Any] = {"table": TABLE, "row_id": hold.id, "field": "reason"}
    return crypto.unseal(session, hold.subject_id, hold.reason, **where).decode()


def release_hold(session: Session, hold_id: UUID, *, actor: Actor) -> None:
    """End a legal hold. Raises AccessDenied, NotFound."""
    access.require(actor, MANAGE, HOLD)
    running = sa.select(LegalHold).where(LegalHold.id == hold_id, LegalHold.released_at.is_(None))
    found = session.scalar(running)
    if found is None:
        raise NotFound(f"legal hold {hold_id}")
    found.released_at, found.released_by = clock.now(), actor.name[:200]
    session.flush()
    audit.note(session, actor, "act", resource=HOLD, object_id=found.id, subject_id=found.subject_id, part="release")


def hold_of(session: Session, subject_id: UUID) -> LegalHold | None:
    """The hold in force on a person, or ``None``."""
    running = sa.select(LegalHold).where(LegalHold.subject_id == subject_id, LegalHold.released_at.is_(None))
    return session.scalars(running.limit(1)).first()


def held_subjects() -> sa.Select[UUID]:
    """The persons on hold now, for the criterion of a list."""
    return sa.select(LegalHold.subject_id).where(LegalHold.released_at.is_(None))


def holds(session: Session, actor: Actor) -> Sequence[LegalHold]:
    """The holds that the actor may read, those in force first.."""
    order = LegalHold.released_at.is_not(None), LegalHold.since.desc(), LegalHold.id
    return session.scalars(access.select(actor, LegalHold, "read").order_by(*order)).all()
