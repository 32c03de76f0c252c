"""Reads of accounts, roles and grants."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import Actor, Grant
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.permissions import MANAGE, PORTAL_GRANTS, valid
from core.db import DistrictKey, Key, UtcDateTime, district_of

#: Who manages anything of the core in a district administers it; no role has a name for it.
ADMINISTRATION = "core."


def load_actor(session: Session, account_id: UUID | None) -> Actor:
    """The account with the grants it holds now in the session's district, or the visitor for ``None``.

    Two statements; one for a visitor. A disabled or unknown account is a visitor. Everybody holds the visitor's
    grants as well; roles count only while the account is a member of the district.
    """
    district = district_of(session)
    facts = {"account": account_id, "now": clock.now(), "district": district}
    row = session.execute(_ACCOUNT, facts).first() if account_id else None
    if row is None:
        return Actor.visitor(district, _grants(session, _VISITOR_GRANTS, facts))
    grants = _grants(session, _MEMBER_GRANTS if row.member else _VISITOR_GRANTS, facts)
    return Actor(
        account_id=account_id,
        name=row.name,
        kind="account",
        district_id=district,
        grants=grants + PORTAL_GRANTS if row.is_portal_admin else grants,
        language=row.language,
        portal_admin=row.is_portal_admin,
    )


def _grants(session: Session, statement: sa.Select[*tuple[Any, ...]], facts: Mapping[str, Any]) -> tuple[Grant, ...]:
    if facts["district"] is None:
        return ()
    session.flush()
    return tuple(_grant(*row) for row in session.connection().execute(statement, facts))


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
_GRANTS = (
    sa.select(
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
    )
    .join(Role, sa.and_(Role.district_id == RoleGrant.district_id, Role.id == RoleGrant.role_id))
    .where(RoleGrant.district_id == _DISTRICT, valid(RoleGrant, _NOW))
    .order_by(Role.key, RoleGrant.resource, RoleGrant.action, RoleGrant.id)
)
_HELD = sa.select(RoleHolder.role_id).where(
    RoleHolder.district_id == _DISTRICT, RoleHolder.account_id == _WHO, valid(RoleHolder, _NOW)
)
_VISITOR_GRANTS = _GRANTS.where(Role.is_visitor)
_MEMBER_GRANTS = _GRANTS.where(sa.or_(Role.is_visitor, Role.id.in_(_HELD)))


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
    """The active members of the session's district who may manage something of its configuration now."""
    now = clock.now()
    managing = sa.select(RoleGrant.role_id).where(
        RoleGrant.action == MANAGE,
        RoleGrant.resource.startswith(ADMINISTRATION, autoescape=True),
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
