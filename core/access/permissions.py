"""What can be granted on accounts and roles, and the rights of the installation's own administrators."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.access.actor import ALL, INSTALLATION, Actor, Grant
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.registry import Permission, owned_by, register_entity, register_permissions
from core.audit.models import AccessLog

ACCOUNTS = "core.account"
ROLES = "core.role"
MANAGE = "manage"
READ = "read"

#: What a portal administrator may manage in every district: configuration only, never a record or a case.
PORTAL_RESOURCES = (
    ACCOUNTS,
    ROLES,
    "core.district",
    "core.municipality",
    "core.organisation",
    "core.parameter",
    "core.plugin",
    "core.setting",
    "core.vocabulary",
)
PORTAL_GRANTS = tuple(
    Grant(resource, action, scope=INSTALLATION, role="portal_admin", role_label={"it": "Amministrazione del portale"})
    for resource in PORTAL_RESOURCES
    for action in (READ, MANAGE)
)


def _members(actor: Actor, now: datetime) -> sa.ColumnElement[bool]:
    members = sa.select(Membership.account_id).where(Membership.member_of == actor.district_id, valid(Membership, now))
    return sa.false() if actor.district_id is None else Account.id.in_(members)


def _of_district(actor: Actor, _now: datetime) -> sa.ColumnElement[bool]:
    return sa.false() if actor.district_id is None else Membership.member_of == actor.district_id


def _log_of_district(actor: Actor, _now: datetime) -> sa.ColumnElement[bool]:
    return sa.false() if actor.district_id is None else AccessLog.about_district == actor.district_id


def valid(
    model: type[Membership | RoleHolder | RoleGrant], now: datetime | sa.BindParameter[datetime]
) -> sa.ColumnElement[bool]:
    """The rows of ``model`` in force at ``now``: from included, to not."""
    begun = sa.or_(model.valid_from.is_(None), model.valid_from <= now)
    return sa.and_(begun, sa.or_(model.valid_to.is_(None), model.valid_to > now))


#: The log of looks and acts: ``core.audit`` keeps it and lies below the access layer.
register_permissions([Permission("core.audit", READ)])
register_permissions(Permission(resource, action) for resource in PORTAL_RESOURCES for action in (READ, MANAGE))
register_entity(Account, resource=ACCOUNTS, scopes={ALL: _members, "own": owned_by(Account.id)}, visitor_scopes=())
register_entity(Membership, resource=ACCOUNTS, scopes={ALL: _of_district}, visitor_scopes=())
register_entity(AccessLog, resource=ACCOUNTS, scopes={ALL: _log_of_district}, visitor_scopes=())
register_entity(Role, resource=ROLES, visitor_scopes=())
register_entity(RoleGrant, resource=ROLES, visitor_scopes=())
register_entity(RoleHolder, resource=ROLES, visitor_scopes=())
