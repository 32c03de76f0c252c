"""Erase a person: through every plugin, then the data key, so that backups say nothing either. A tombstone stays."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, clock, crypto
from core.access import Actor
from core.errors import Refused
from core.hooks import Hooks
from core.i18n import _, _l
from core.privacy.codes import PublicCode
from core.privacy.requests.models import SubjectRequest, SubjectRequestStep
from core.privacy.requests.operations import record_step, workable
from core.privacy.requests.permissions import MANAGE, REQUEST
from core.privacy.requests.terms import ERASURE, OPEN
from core.privacy.retention.holds import hold_of, restriction_of
from core.privacy.retention.holds import reason_of as hold_reason
from core.privacy.retention.models import Erasure
from core.privacy.retention.operations import Chosen, RetentionRule, duties, register_rule
from core.privacy.retention.permissions import RETENTION


def erase_for_request(session: Session, request: SubjectRequest, *, actor: Actor, hooks: Hooks) -> Erasure:
    """Erase the person of an erasure request.

    Raises AccessDenied, and Refused under a legal hold or while a retention rule asks to keep the data, saying which.
    """
    subject_id = workable(request, actor, {ERASURE})
    reasons = duties(session, subject_id)
    if reasons:
        why = " ".join(reasons)
        raise Refused(_("Non si può ancora cancellare. %(why)s", why=why), code="duty")
    found = _erase(session, subject_id, actor=actor, hooks=hooks, cause="request", cause_id=request.id)
    record_step(session, request, actor, "erase")
    return found


def erase_for_retention(session: Session, subject_id: UUID, *, actor: Actor, hooks: Hooks) -> Erasure:
    """Erase a person whose time of keeping has passed; called by the rules of those who keep persons.

    Raises AccessDenied, Refused under a legal hold.
    """
    access.require(actor, MANAGE, RETENTION)
    return _erase(session, subject_id, actor=actor, hooks=hooks, cause="retention", cause_id=None)


def erasure_of(session: Session, subject_id: UUID) -> Erasure | None:
    """The tombstone of a person, or ``None``."""
    return session.scalar(sa.select(Erasure).where(Erasure.subject_id == subject_id))


def _erase(
    session: Session, subject_id: UUID, *, actor: Actor, hooks: Hooks, cause: str, cause_id: UUID | None
) -> Erasure:
    _refuse_kept(session, subject_id)
    hooks.demand("erase_personal_data", session=session, subject_id=subject_id, reason=cause)
    crypto.destroy_key(session, subject_id, reason=cause)
    restriction = restriction_of(session, subject_id)
    if restriction is not None:
        restriction.ended_at = clock.now()
    tombstone = Erasure(
        subject_id=subject_id, account_id=actor.account_id, who=actor.name[:200], cause=cause, cause_id=cause_id
    )
    session.add(tombstone)
    session.flush()
    resource = REQUEST if cause == "request" else RETENTION
    audit.note(session, actor, "act", resource=resource, object_id=cause_id, subject_id=subject_id, part="erase")
    return tombstone


def _refuse_kept(session: Session, subject_id: UUID) -> None:
    hold = hold_of(session, subject_id)
    if hold is not None:
        why = hold_reason(session, hold)
        message = _("Non si può cancellare: c'è un blocco messo da %(who)s. %(why)s", who=hold.who, why=why)
        raise Refused(message, code="hold")
    if erasure_of(session, subject_id) is not None:
        raise Refused(_("I dati di questa persona sono già cancellati."), code="erased")


# --- the rule of the requests themselves -----------------------------------------------------------------------------


def _closed_requests() -> Chosen:
    return sa.select(
        SubjectRequest.id.label("id"),
        SubjectRequest.subject_id.label("subject_id"),
        SubjectRequest.closed_at.label("happened_at"),
    )


def _erase_requests(session: Session, ids: Sequence[UUID], _hooks: Hooks, _actor: Actor) -> None:
    for request_id in ids:
        crypto.destroy_key(session, request_id, reason="retention")
    session.execute(sa.delete(PublicCode).where(PublicCode.object_id.in_(ids)))
    session.execute(sa.delete(SubjectRequestStep).where(SubjectRequestStep.request_id.in_(ids)))
    session.execute(sa.delete(SubjectRequest).where(SubjectRequest.id.in_(ids), SubjectRequest.state.not_in(OPEN)))


register_rule(
    RetentionRule(
        key="core.request",
        resource=REQUEST,
        field_class="special",
        parameter="retention.request_months",
        label=_l("Richieste sui propri dati"),
        event=_l("giorno in cui la richiesta è stata chiusa"),
        rows=_closed_requests,
        erase=_erase_requests,
        # The office's proof of its own answer: it keeps no other data of the person alive.
        duty=False,
    )
)
