"""Reads of mails and notices."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.notifications.models import Mail, Notice

#: Where a mail stands.
STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    "waiting": (Mail.sent_at.is_(None), Mail.given_up_at.is_(None)),
    "given_up": (Mail.sent_at.is_(None), Mail.given_up_at.is_not(None)),
    "sent": (Mail.sent_at.is_not(None),),
}


def notices(
    session: Session, account_id: UUID, *, unread: bool = False, limit: int = 50, offset: int = 0
) -> Sequence[Notice]:
    """The notices of an account in the session's district, newest first."""
    chosen = [Notice.read_at.is_(None)] if unread else []
    found = select(Notice).where(Notice.account_id == account_id, *chosen)
    return session.scalars(found.order_by(Notice.created_at.desc(), Notice.id.desc()).limit(limit).offset(offset)).all()


def notice_count(session: Session, account_id: UUID) -> int:
    """How many notices the account has, read or not."""
    return session.scalar(select(func.count(Notice.id)).where(Notice.account_id == account_id)) or 0


def unread_count(session: Session, account_id: UUID) -> int:
    """How many of them are unread."""
    unread = Notice.account_id == account_id, Notice.read_at.is_(None)
    return session.scalar(select(func.count(Notice.id)).where(*unread)) or 0


def mails(session: Session, state: str = "waiting", *, limit: int = 50) -> Sequence[Mail]:
    """Mails of the installation by state (``waiting``, ``given_up``, ``sent``), oldest first; the sent newest first."""
    order = Mail.sent_at.desc() if state == "sent" else Mail.created_at
    return session.scalars(select(Mail).where(*STATES[state]).order_by(order).limit(limit)).all()


def mail_count(session: Session, state: str) -> int:
    """How many mails are in that state."""
    return session.scalar(select(func.count(Mail.id)).where(*STATES[state])) or 0
