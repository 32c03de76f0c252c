"""Break-glass: access in an emergency, with a reason, for some hours, before the eyes of those who supervise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, clock
from core.access import Actor
from core.access.models import Account
from core.access.registry import covers
from core.errors import AccessDenied, Refused
from core.i18n import _
from core.teams import checks, settings
from core.teams.addresses import why_address
from core.teams.models import EMERGENCY, UNKNOWN, AccessRequest, TeamPlace
from core.teams.operations import SUPERVISE, add_place
from core.teams.queries import who_can
from core.teams.registry import entry_of
from core.teams.rows import TeamRow
from core.teams.scopes import in_force

BREAK_GLASS = "break_glass"

_OPENED = {
    "it": "%(who)s ha aperto %(code)s in emergenza. Guarda il motivo.",
    "en": "%(who)s opened %(code)s in an emergency. See the reason.",
}


def break_glass(session: Session, obj: Any, *, actor: Actor, reason: str) -> TeamPlace:
    """Open ``obj`` for the actor for ``access.emergency_hours`` and tell those who supervise it at once.

    Raises AccessDenied without the right; Invalid for a reason that says too little; Refused where the actor has used
    up ``access.emergencies_a_day`` or has the row open already, where no role of the actor gives anything in an
    emergency, and where nobody supervises the row.
    """
    row = TeamRow.of(session, obj)
    access.check(actor, BREAK_GLASS, obj)
    account_id = _account_of(actor, row.resource)
    words = checks.reason_text(reason, needed=True)
    hours = settings.figure(session, settings.EMERGENCY_HOURS)
    _check_sense(row.resource, actor)
    _check_day(session, account_id)
    row.lock()
    _check_running(row, account_id)
    watching = _supervisors(session, obj, account_id)
    if not watching:
        # Or nobody would ever look at the reason.
        raise Refused(_("Nessuno controlla gli accessi d'emergenza qui: telefona a chi amministra."), code="unwatched")
    now = clock.now()
    place = TeamPlace(account_id=account_id, kind=EMERGENCY, function="", valid_from=now)
    place.valid_to = now + timedelta(hours=hours)
    add_place(row, place, actor=actor, reason=words, what=BREAK_GLASS)
    url = why_address(session, row.resource, obj.id)
    for account in watching:
        row.tell(account.id, _OPENED, url=url, kind="late", who=actor.name)
    return place


def break_glass_by_code(session: Session, resource: str, code: str, *, actor: Actor, reason: str) -> TeamPlace | None:
    """Open the row of that code, or answer ``None``: whether it does not exist or is not the actor's to open.

    The two are never told apart; a try without result counts as one of the day's and is in the audit log. Whatever can
    be refused is refused before the code is looked at. Raises what ``break_glass`` raises.
    """
    entry = entry_of(resource)
    access.require(actor, BREAK_GLASS, resource)
    account_id = _account_of(actor, resource)
    checks.reason_text(reason, needed=True)
    settings.figure(session, settings.EMERGENCY_HOURS)
    _check_sense(resource, actor)
    _check_day(session, account_id)
    obj = entry.find(session, code) if entry else None
    if obj is not None and access.allowed(actor, BREAK_GLASS, obj) and _supervisors(session, obj, account_id):
        return break_glass(session, obj, actor=actor, reason=reason)
    attempt = AccessRequest(resource=resource, account_id=account_id, urgent=True, state=UNKNOWN)
    attempt.decided_at = clock.now()
    session.add(attempt)
    session.flush()
    audit.note(session, actor, "refused", resource=resource, details={"what": BREAK_GLASS})
    return None


def emergencies_left(session: Session, actor: Actor) -> int:
    """How many times the actor may still do it today."""
    if actor.account_id is None:
        return 0
    most = settings.figure(session, settings.EMERGENCIES_A_DAY)
    return max(0, most - _used_today(session, actor.account_id))


def start_of_day() -> datetime:
    """The moment at which this day began in Italy."""
    return datetime.combine(clock.today(), time(), tzinfo=clock.ROME)


def _account_of(actor: Actor, resource: str) -> UUID:
    if actor.account_id is None:
        raise AccessDenied(BREAK_GLASS, resource)
    return actor.account_id


def _check_day(session: Session, account_id: UUID) -> None:
    """Raise Refused when the day's times are used up. Two tabs of one person do not share the last one."""
    session.execute(sa.select(Account.id).where(Account.id == account_id).with_for_update())
    most = settings.figure(session, settings.EMERGENCIES_A_DAY)
    if _used_today(session, account_id) >= most:
        message = _(
            "Oggi hai già usato l'accesso d'emergenza %(count)s volte. Telefona a chi coordina il servizio.", count=most
        )
        raise Refused(message, code="used_up")


def _used_today(session: Session, account_id: UUID) -> int:
    since = start_of_day()
    opened = sa.select(sa.func.count()).where(
        TeamPlace.account_id == account_id, TeamPlace.kind == EMERGENCY, TeamPlace.given_at >= since
    )
    tried = sa.select(sa.func.count()).where(
        AccessRequest.account_id == account_id, AccessRequest.urgent, AccessRequest.asked_at >= since
    )
    return (session.scalar(opened) or 0) + (session.scalar(tried) or 0)


def _check_sense(resource: str, actor: Actor) -> None:
    if not any(g.scope == EMERGENCY and g.action == "read" and covers(g.resource, resource) for g in actor.grants):
        raise Refused(_("Nessuno dei tuoi ruoli apre qualcosa in emergenza: chiedi a chi coordina."), code="no_grant")


def _check_running(row: TeamRow, account_id: UUID) -> None:
    running = sa.select(TeamPlace.id).where(
        TeamPlace.resource == row.resource,
        TeamPlace.object_id == row.obj.id,
        TeamPlace.account_id == account_id,
        TeamPlace.kind == EMERGENCY,
        in_force(clock.now()),
    )
    if row.session.scalar(running.limit(1)) is not None:
        raise Refused(_("Hai già un accesso d'emergenza aperto per questa scheda."), code="already")


def _supervisors(session: Session, obj: Any, account_id: UUID) -> Sequence[Account]:
    """Who is told: everybody who may supervise the row, the actor apart."""
    return [account for account, _actor in who_can(session, SUPERVISE, obj) if account.id != account_id]
