"""What every write on accounts, members and roles has in common: who may, who must stay, and the access log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.access.actor import Actor
from core.access.layer import require
from core.access.models import Account, Membership, RoleHolder
from core.access.permissions import ACCOUNTS, MANAGE
from core.access.queries import administrators, portal_administrators
from core.audit.models import AccessLog
from core.db import district_of
from core.errors import AccessDenied, FieldError, Invalid, Refused, TenancyError
from core.i18n import _


def own_district(session: Session, actor: Actor, resource: str) -> int:
    """The session's district, which must be the actor's. Raises TenancyError, AccessDenied."""
    require(actor, MANAGE, resource)
    district = district_of(session)
    if district is None:
        raise TenancyError("roles belong to a district: open a session of that district")
    everywhere = actor.is_system and actor.district_id is None
    if not everywhere and actor.district_id != district:
        raise AccessDenied(MANAGE, resource)
    return district


def need_portal(actor: Actor) -> None:
    """Raise AccessDenied unless the actor administers the installation."""
    if not (actor.is_system or actor.portal_admin):
        raise AccessDenied(MANAGE, ACCOUNTS)


def need_charge(session: Session, account: Account, actor: Actor) -> None:
    """An account that also works elsewhere, or administers the portal, is in the portal administrators' charge."""
    require(actor, MANAGE, ACCOUNTS)
    if actor.is_system or actor.portal_admin:
        return
    works_in = sa.select(Membership.member_of).where(Membership.account_id == account.id)
    if account.is_portal_admin or set(session.scalars(works_in)) != {actor.district_id}:
        raise AccessDenied(MANAGE, ACCOUNTS)


@contextmanager
def district_keeps_administrator(session: Session) -> Iterator[None]:
    """Refuse, and undo, a change that takes the last administrator from the session's district."""
    if district_of(session) is None:
        yield
        return
    message = _("È l'unica persona che amministra il distretto: prima dai il ruolo a qualcun altro.")
    with _keeps_some(session, administrators, message):
        yield


@contextmanager
def portal_keeps_administrator(session: Session) -> Iterator[None]:
    """Refuse, and undo, a change that takes the last administrator from the installation."""
    message = _("È l'unica persona che amministra il portale: prima nomina qualcun altro.")
    with _keeps_some(session, portal_administrators, message):
        yield


@contextmanager
def _keeps_some(session: Session, who: Callable[[Session], frozenset[UUID]], message: str) -> Iterator[None]:
    _one_at_a_time(session)
    before = who(session)
    # A savepoint: a caller that shows the refusal and goes on must not commit what was refused.
    with session.begin_nested():
        yield
        if before and not who(session):
            raise Refused(message, code="last_administrator")


#: PostgreSQL advisory lock, with the number of the district, 0 for the installation.
LEAVING = 0x6C6561


def _one_at_a_time(session: Session) -> None:
    """Two who leave at once would each see the other still there; SQLite lets only one write anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LEAVING, district_of(session) or 0)))


def roles_held(session: Session, account_id: UUID, role_id: UUID | None, now: datetime) -> list[RoleHolder]:
    """What the account holds now or later: one role, or every role for ``None``."""
    held = sa.select(RoleHolder).where(RoleHolder.account_id == account_id)
    if role_id is not None:
        held = held.where(RoleHolder.role_id == role_id)
    return list(session.scalars(held.where(sa.or_(RoleHolder.valid_to.is_(None), RoleHolder.valid_to > now))))


def end_rows(session: Session, rows: Iterable[Membership | RoleHolder], now: datetime) -> None:
    """End these rows now; what had not begun never begins."""
    for row in rows:
        row.valid_from, row.valid_to = min(row.valid_from, now), now
    session.flush()


def check_period(begin: datetime, end: datetime | None) -> None:
    """Raise Invalid for a period that ends before it begins."""
    if end is not None and end <= begin:
        raise Invalid([FieldError("valid_to", _("La fine deve venire dopo l'inizio."), "period")])


def text_of(moment: datetime | None) -> str | None:
    """A moment as the access log keeps it."""
    return moment.isoformat() if moment else None


def log(session: Session, actor: Actor, what: str, target: str, **details: Any) -> None:
    """Leave a row in the access log."""
    session.add(
        AccessLog(
            account_id=actor.account_id,
            who=actor.name[:200],
            what=what,
            target=target[:254],
            about_district=district_of(session),
            details=details,
        )
    )
    session.flush()
