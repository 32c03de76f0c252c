"""Reads of accounts, roles and grants."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import EVERY_TYPE, Actor, Grant
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.permissions import ACCOUNTS, MANAGE, PORTAL_GRANTS, valid
from core.access.registry import covers
from core.db import DistrictKey, Key, UtcDateTime, district_of


def load_actor(
    session: Session, account_id: UUID | None, *, two_factor: bool = False, only: Iterable[str] | None = None
) -> Actor:
    """The account with the grants it holds now in the session's district, or the visitor for ``None``.

    Two statements; one for a visitor. A disabled or unknown account is a visitor. Everybody holds the visitor's
    grants as well; roles count only while the account is a member of the district. A role that demands two-factor,
    and the portal's administration, give nothing until ``two_factor`` says that the login has passed it. ``only`` (the
    scopes of a token, such as ``"service:read"`` or ``"*:read"``) takes away every grant that it does not name, and the
    portal's administration.
    """
    district = district_of(session)
    facts = {"account": account_id, "now": clock.now(), "district": district}
    row = session.execute(_ACCOUNT, facts).first() if account_id else None
    if row is None:
        return Actor.visitor(district, _narrowed(_open(_grants(session, _VISITOR_GRANTS, facts)), only))
    found = _grants(session, _MEMBER_GRANTS if row.member else _VISITOR_GRANTS, facts)
    held = tuple(grant for grant, _demands in found) if two_factor else _open(found)
    chief = row.is_portal_admin and only is None
    portal = chief and two_factor
    return Actor(
        account_id=account_id,
        name=row.name,
        kind="account",
        district_id=district,
        grants=_narrowed(held + PORTAL_GRANTS if portal else held, only),
        language=row.language,
        portal_admin=portal,
        needs_two_factor=len(held) < len(found) or (chief and not two_factor),
    )


def narrow(grants: Iterable[Grant], scopes: Iterable[str]) -> tuple[Grant, ...]:
    """What the scopes of a token leave of these grants: never more than was there."""
    wanted = [(resource, action) for resource, _colon, action in (scope.partition(":") for scope in scopes)]
    kept = (_under(g, resource) for g in grants for resource, action in wanted if resource and g.action == action)
    return tuple(dict.fromkeys(grant for grant in kept if grant is not None))


def _narrowed(grants: tuple[Grant, ...], only: Iterable[str] | None) -> tuple[Grant, ...]:
    return grants if only is None else narrow(grants, only)


def _under(grant: Grant, resource: str) -> Grant | None:
    """The grant on this resource alone, or ``None`` when it does not speak of it."""
    if resource in {EVERY_TYPE, grant.resource}:
        return grant
    return replace(grant, resource=resource) if covers(grant.resource, resource) else None


def _open(found: Iterable[tuple[Grant, bool]]) -> tuple[Grant, ...]:
    """The grants of roles that do not demand two-factor."""
    return tuple(grant for grant, demands in found if not demands)


def _grants(
    session: Session, statement: sa.Select[*tuple[Any, ...]], facts: Mapping[str, Any]
) -> list[tuple[Grant, bool]]:
    """Each grant, and whether its role demands two-factor."""
    if facts["district"] is None:
        return []
    session.flush()
    return [(_grant(*row[1:]), row[0]) for row in session.connection().execute(statement, facts)]


# Built once: every request runs them, and building costs more than asking.
_NOW = sa.bindparam("now", type_=UtcDateTime)
_WHO = sa.bindparam("account", type_=Key)
_MEMBERS = sa.select(Membership.account_id).where(
    Membership.member_of == sa.bindparam("district", type_=sa.SmallInteger), valid(Membership, _NOW)
)
_ACCOUNT = sa.select(
    Account.name, Account.language, Account.is_portal_admin, Account.id.in_(_MEMBERS).label("member")
).where(Account.id == _WHO, Account.active)
_DISTRICT = sa.bindparam("district", type_=DistrictKey)
_FACTS = (
    Role.two_factor,
    RoleGrant.resource,
    RoleGrant.action,
    RoleGrant.scope,
    # As they are stored: two requests that read the same text share what it says.
    sa.cast(RoleGrant.states, sa.Text),
    sa.cast(RoleGrant.field_groups, sa.Text),
    RoleGrant.valid_from,
    RoleGrant.valid_to,
    Role.key,
    sa.cast(Role.label, sa.Text),
    sa.cast(Role.functions, sa.Text),
)
_ROLE = sa.and_(Role.district_id == RoleGrant.district_id, Role.id == RoleGrant.role_id)
_IN_FORCE = (RoleGrant.district_id == _DISTRICT, valid(RoleGrant, _NOW))
_VISITOR_GRANTS = (
    sa.select(*_FACTS)
    .join(Role, _ROLE)
    .where(*_IN_FORCE, Role.is_visitor)
    .order_by(Role.key, RoleGrant.resource, RoleGrant.action, RoleGrant.id)
)
_HOLDER = sa.and_(
    RoleHolder.district_id == Role.district_id,
    RoleHolder.role_id == Role.id,
    RoleHolder.account_id == _WHO,
    valid(RoleHolder, _NOW),
)
_MEMBER_GRANTS = (
    sa.select(*_FACTS, RoleHolder.organisation_id, RoleHolder.municipality, RoleHolder.valid_from, RoleHolder.valid_to)
    .join(Role, _ROLE)
    .outerjoin(RoleHolder, _HOLDER)
    .where(*_IN_FORCE, sa.or_(Role.is_visitor, RoleHolder.id.is_not(None)))
    .order_by(Role.key, RoleGrant.resource, RoleGrant.action, RoleGrant.id, RoleHolder.id)
)


@lru_cache(maxsize=4096)
def _grant(  # noqa: PLR0917 - the columns of the statement, in their order
    resource: str,
    action: str,
    scope: str,
    states: str,
    field_groups: str,
    valid_from: datetime | None,
    valid_to: datetime | None,
    role: str,
    role_label: str,
    functions: str,
    organisation_id: UUID | None = None,
    municipality: str | None = None,
    held_from: datetime | None = None,
    held_to: datetime | None = None,
) -> Grant:
    """A grant as a row says it: the same row, the same object."""
    return Grant(
        resource=resource,
        action=action,
        scope=scope,
        states=tuple(json.loads(states)),
        field_groups=MappingProxyType(json.loads(field_groups)),
        role=role,
        role_label=MappingProxyType(json.loads(role_label)),
        valid_from=valid_from,
        valid_to=valid_to,
        functions=tuple(json.loads(functions)),
        organisation_id=organisation_id,
        municipality=municipality or "",
        held_from=held_from,
        held_to=held_to,
    )


def folded_email(text: str) -> str:
    """An address as it is stored and compared."""
    return unicodedata.normalize("NFC", text.strip()).casefold()


def account_by_email(session: Session, email: str) -> Account | None:
    """The account with this address, whatever its capitals."""
    return session.scalar(sa.select(Account).where(Account.email == folded_email(email)))


def accounts(session: Session) -> Sequence[Account]:
    """Every account, by address: for the installation's own administrators and the command line."""
    return session.scalars(sa.select(Account).order_by(Account.email)).all()


def roles_of(session: Session, account_id: UUID) -> Sequence[Role]:
    """The roles an account holds now in the session's district, by key."""
    held = sa.select(RoleHolder.role_id).where(RoleHolder.account_id == account_id, valid(RoleHolder, clock.now()))
    return session.scalars(sa.select(Role).where(Role.id.in_(held)).order_by(Role.key)).all()


def is_member(session: Session, account_id: UUID, district: int) -> bool:
    """Whether the account works in the district now."""
    row = sa.select(Membership.id).where(
        Membership.account_id == account_id, Membership.member_of == district, valid(Membership, clock.now())
    )
    return session.scalar(row.limit(1)) is not None


def administrators(session: Session) -> frozenset[UUID]:
    """The active members of the session's district who may manage its accounts, so give roles to others, now."""
    now = clock.now()
    managing = sa.select(RoleGrant.role_id).where(
        RoleGrant.action == MANAGE,
        RoleGrant.resource == ACCOUNTS,
        valid(RoleGrant, now),
    )
    members = sa.select(Membership.account_id).where(
        Membership.member_of == district_of(session), valid(Membership, now)
    )
    able = sa.select(Account.id).where(Account.active, Account.id.in_(members))
    held = sa.select(RoleHolder.account_id).where(
        RoleHolder.role_id.in_(managing), RoleHolder.account_id.in_(able), valid(RoleHolder, now)
    )
    return frozenset(session.scalars(held))


def portal_administrators(session: Session) -> frozenset[UUID]:
    """The active portal administrators."""
    return frozenset(session.scalars(sa.select(Account.id).where(Account.active, Account.is_portal_admin)))
