"""Read the audit. Who may is judged by the caller."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core.audit.models import AuditEntry


def entries(
    session: Session,
    *,
    subject_id: UUID | None = None,
    object_id: UUID | None = None,
    since: datetime | None = None,
    kinds: Collection[str] | None = None,
    limit: int,
    before: UUID | None = None,
) -> list[AuditEntry]:
    """Entries of the session's district, newest first, at most ``limit``; ``before`` is the id of the last one seen."""
    found = select(AuditEntry).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)
    conditions = _conditions(subject_id, object_id, since, kinds)
    found = found.where(*conditions)
    if before is not None:
        found = found.where(_older_than(session, before))
    return list(session.scalars(found))


def _conditions(
    subject_id: UUID | None, object_id: UUID | None, since: datetime | None, kinds: Collection[str] | None
) -> Iterator[ColumnElement[bool]]:
    if subject_id is not None:
        yield AuditEntry.subject_id == subject_id
    if object_id is not None:
        yield AuditEntry.object_id == object_id
    if since is not None:
        yield AuditEntry.at >= since
    if kinds is not None:
        yield AuditEntry.kind.in_(kinds)


def _older_than(session: Session, entry_id: UUID) -> ColumnElement[bool]:
    at = session.scalars(select(AuditEntry.at).where(AuditEntry.id == entry_id)).one_or_none()
    if at is None:
        return AuditEntry.id < entry_id
    return or_(AuditEntry.at < at, and_(AuditEntry.at == at, AuditEntry.id < entry_id))
