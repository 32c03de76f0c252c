"""Reads of subject requests: the queue, one request, what its public code tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, clock
from core.access import Actor
from core.errors import NotFound
from core.privacy import codes
from core.privacy.requests.models import SubjectRequest, SubjectRequestStep
from core.privacy.requests.permissions import READ, REQUEST
from core.privacy.requests.terms import OPEN, Deadline, deadline_of

PAGE = 50


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of requests, the most urgent first, with how many there are."""

    items: Sequence[SubjectRequest]
    total: int
    late: int


def queue(session: Session, actor: Actor, *, closed: bool = False, page: int = 1) -> Queue:
    """The requests that the actor may read: open ones by their last day, closed ones the latest first."""
    mine = access.select(actor, SubjectRequest, READ)
    wanted = SubjectRequest.state.not_in(OPEN) if closed else SubjectRequest.state.in_(OPEN)
    order = (
        [SubjectRequest.closed_at.desc(), SubjectRequest.id.desc()]
        if closed
        else [SubjectRequest.due_on, SubjectRequest.id]
    )
    some = mine.where(wanted)
    rows = session.scalars(some.order_by(*order).limit(PAGE).offset((page - 1) * PAGE)).all()
    return Queue(rows, _count(session, some), 0 if closed else late(session, actor))


def late(session: Session, actor: Actor) -> int:
    """How many open requests that the actor may read are past their last day."""
    mine = access.select(actor, SubjectRequest, READ)
    return _count(session, mine.where(SubjectRequest.state.in_(OPEN), SubjectRequest.due_on < clock.today()))


def _count(session: Session, statement: sa.Select[SubjectRequest]) -> int:
    return session.scalar(statement.with_only_columns(sa.func.count(), maintain_column_froms=True).order_by(None)) or 0


def request_of(session: Session, actor: Actor, request_id: UUID) -> SubjectRequest:
    """One request. Raises NotFound alike where there is none and where the actor may not read it."""
    found = session.scalar(access.select(actor, SubjectRequest, READ).where(SubjectRequest.id == request_id))
    if found is None:
        raise NotFound(f"request {request_id}")
    return found


def steps_of(session: Session, request: SubjectRequest) -> Sequence[SubjectRequestStep]:
    """What was done with the request, the latest first."""
    steps = sa.select(SubjectRequestStep).where(SubjectRequestStep.request_id == request.id)
    return session.scalars(steps.order_by(SubjectRequestStep.at.desc(), SubjectRequestStep.id.desc())).all()


@dataclass(frozen=True, slots=True)
class Status:
    """What whoever holds the code may know: no name, no text, no answer."""

    number: str
    kind: str
    state: str
    deadline: Deadline


def status_by_code(session: Session, code: str) -> Status | None:
    """How the request of a public code stands; ``None`` for a code that is wrong, revoked or expired alike."""
    found = codes.find(session, code, resource=REQUEST)
    request = session.get(SubjectRequest, (session.info["district"], found)) if found else None
    return Status(request.number, request.kind, request.state, deadline_of(request)) if request else None
