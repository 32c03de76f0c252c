"""Who holds a role, for which body or municipality, from a moment to another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import Actor
from core.access.functions import MUNICIPALITY
from core.access.guards import (
    check_period,
    district_keeps_administrator,
    end_rows,
    own_district,
    roles_held,
    text_of,
)
from core.access.members import add_membership
from core.access.models import Account, Function, Membership, Role, RoleHolder
from core.access.operations.trail import trail
from core.access.permissions import ACCOUNTS, valid
from core.access.queries import is_member
from core.access.rolerows import role_by_key
from core.db import district_of
from core.errors import FieldError, Invalid, NotFound, Refused
from core.i18n import _

PlaceCheck = Callable[[Session, UUID | None, str], None]
_place_checks: list[PlaceCheck] = []


def register_place_check(check: PlaceCheck) -> None:
    """Let whoever knows bodies and municipalities refuse (Invalid) those that the district does not have."""
    if check not in _place_checks:
        _place_checks.append(check)


def give_role(
    session: Session,
    account: Account,
    role_key: str,
    *,
    actor: Actor,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    organisation_id: UUID | None = None,
    municipality: str = "",
) -> RoleHolder:
    """Give a role of the session's district to the account, which becomes a member if it was not.

    ``organisation_id`` and ``municipality`` (ISTAT) say on whose behalf it is held. Giving what is held already returns
    what is there. Where one person alone may hold the role in a municipality (LEG-086) a second one is refused: see
    ``hand_over_role``. Nobody gives a role to herself. Raises NotFound, Invalid, Refused, AccessDenied.
    """
    role, begin = _giving(session, account, role_key, actor=actor, begin=valid_from)
    check_period(begin, valid_to)
    _check_place(session, role, organisation_id, municipality)
    held = [
        row
        for row in roles_held(session, account.id, role.id, clock.now())
        if (row.organisation_id, row.municipality) == (organisation_id, municipality)
    ]
    if held and valid_from is None and valid_to is None:
        return held[0]
    _check_alone(session, role, account, municipality, begin, valid_to)
    return _add_holder(session, role, account, actor, begin, valid_to, organisation_id, municipality)


def hand_over_role(
    session: Session,
    account: Account,
    role_key: str,
    *,
    actor: Actor,
    municipality: str,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    organisation_id: UUID | None = None,
) -> RoleHolder:
    """Give a role to the account and end, at the same moment, whoever holds it for the municipality (LEG-086)."""
    role, begin = _giving(session, account, role_key, actor=actor, begin=valid_from)
    check_period(begin, valid_to)
    _check_place(session, role, organisation_id, municipality)
    with district_keeps_administrator(session):
        for row in _overlapping(session, role, municipality, begin, valid_to):
            row.valid_from, row.valid_to = min(row.valid_from, begin), begin
        session.flush()
    return _add_holder(session, role, account, actor, begin, valid_to, organisation_id, municipality)


def take_role(session: Session, account: Account, role_key: str, *, actor: Actor) -> None:
    """Take a role of the session's district from the account, now, for whatever body or municipality it is held.

    Raises NotFound when it does not hold it, Refused for the last administrator of the district.
    """
    own_district(session, actor, ACCOUNTS)
    now = clock.now()
    role = role_by_key(session, role_key)
    held = roles_held(session, account.id, role.id, now)
    if not held:
        raise NotFound(_("L'account non ha il ruolo «%(role)s».", role=role_key))
    with district_keeps_administrator(session):
        end_rows(session, held, now)
    trail(session, actor, "take_role", account.email, role, account=str(account.id))


def end_holder(session: Session, holder: RoleHolder, *, actor: Actor) -> None:
    """Take one holding of a role, now; those for other bodies or municipalities stay.

    Raises NotFound when it has ended, Refused for the last administrator of the district.
    """
    own_district(session, actor, ACCOUNTS)
    now = clock.now()
    if holder.valid_to is not None and holder.valid_to <= now:
        raise NotFound(_("Questo incarico è già finito."))
    role = session.get_one(Role, (holder.district_id, holder.role_id))
    with district_keeps_administrator(session):
        end_rows(session, [holder], now)
    account = session.get_one(Account, holder.account_id)
    place = _place(holder.organisation_id, holder.municipality)
    trail(session, actor, "take_role", account.email, role, account=str(account.id), **place)


def _giving(
    session: Session, account: Account, role_key: str, *, actor: Actor, begin: datetime | None
) -> tuple[Role, datetime]:
    """The role, locked until the end of the transaction, and the moment from which it is given."""
    own_district(session, actor, ACCOUNTS)
    role = role_by_key(session, role_key)
    if role.is_visitor:
        raise Refused(_("Questo ruolo vale già per tutti: non si assegna."), code="visitor_role")
    if role.retired_at is not None:
        raise Refused(_("Questo ruolo non si usa più: non si assegna."), code="retired_role")
    if actor.account_id == account.id:
        raise Refused(_("Non puoi dare un ruolo a te: chiedilo a un'altra persona che amministra."), code="own_role")
    session.execute(sa.select(Role.id).where(Role.id == role.id).with_for_update())
    return role, begin or clock.now()


def _check_place(session: Session, role: Role, organisation_id: UUID | None, municipality: str) -> None:
    if is_unique_in_municipality(session, role) and not municipality:
        message = _("Questo ruolo vale per un solo Comune: scegli quale.")
        raise Invalid([FieldError("municipality", message, "required")])
    for check in _place_checks:
        check(session, organisation_id, municipality)


def is_unique_in_municipality(session: Session, role: Role) -> bool:
    """Whether one person alone may hold the role for a municipality at a time."""
    unique = sa.select(Function.key).where(Function.unique_in == MUNICIPALITY, Function.key.in_(role.functions))
    return bool(role.functions) and session.scalar(unique.limit(1)) is not None


def _check_alone(  # noqa: PLR0917 - facts of one holding
    session: Session, role: Role, account: Account, municipality: str, begin: datetime, end: datetime | None
) -> None:
    if not is_unique_in_municipality(session, role):
        return
    for row in _overlapping(session, role, municipality, begin, end):
        name = session.get_one(Account, row.account_id).name
        message = _("Questo Comune ha già una persona con questo ruolo: %(name)s. Può solo subentrare.", name=name)
        raise Refused(message, code="taken" if row.account_id != account.id else "held")


def municipalities_held(session: Session, role: Role) -> frozenset[str]:
    """The municipalities (ISTAT) for which somebody who can sign in and works here holds the role now (LEG-086)."""
    now = clock.now()
    members = sa.select(Membership.account_id).where(
        Membership.member_of == district_of(session), valid(Membership, now)
    )
    able = sa.select(Account.id).where(Account.active, Account.id.in_(members))
    held = sa.select(RoleHolder.municipality).where(
        RoleHolder.role_id == role.id, RoleHolder.account_id.in_(able), valid(RoleHolder, now)
    )
    return frozenset(session.scalars(held)) - {""}


def _overlapping(
    session: Session, role: Role, municipality: str, begin: datetime, end: datetime | None
) -> list[RoleHolder]:
    """Who holds the role for the municipality at some moment of the period."""
    rows = sa.select(RoleHolder).where(
        RoleHolder.role_id == role.id,
        RoleHolder.municipality == municipality,
        sa.or_(RoleHolder.valid_to.is_(None), RoleHolder.valid_to > begin),
        RoleHolder.valid_to.is_(None) | (RoleHolder.valid_to > RoleHolder.valid_from),
    )
    if end is not None:
        rows = rows.where(RoleHolder.valid_from < end)
    return list(session.scalars(rows))


def _add_holder(  # noqa: PLR0917 - the columns of the row
    session: Session,
    role: Role,
    account: Account,
    actor: Actor,
    begin: datetime,
    end: datetime | None,
    organisation_id: UUID | None,
    municipality: str,
) -> RoleHolder:
    if not is_member(session, account.id, role.district_id):
        add_membership(session, account, actor=actor)
    holder = RoleHolder(account_id=account.id, role_id=role.id, valid_from=begin, valid_to=end)
    holder.organisation_id, holder.municipality = organisation_id, municipality
    session.add(holder)
    session.flush()
    place = _place(organisation_id, municipality)
    trail(session, actor, "give_role", account.email, role, account=str(account.id), until=text_of(end), **place)
    return holder


def _place(organisation_id: UUID | None, municipality: str) -> dict[str, str]:
    """On whose behalf, as the logs keep it."""
    known = {"organisation": str(organisation_id or ""), "municipality": municipality}
    return {name: value for name, value in known.items() if value}
