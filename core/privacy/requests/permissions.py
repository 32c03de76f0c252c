"""What may be granted on the requests of the persons concerned; who holds it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access import Permission, registry
from core.access.models import Account, Membership, RoleGrant, RoleHolder
from core.access.permissions import valid
from core.access.registry import owned_by
from core.db import district_of
from core.privacy.requests.models import SubjectRequest

REQUEST = "core.request"
READ, MANAGE = "read", "manage"
#: The decision of the data protection officer that an access file names who looked.
DECIDE = "decide"

PERMISSIONS = (
    Permission(REQUEST, READ),
    Permission(REQUEST, MANAGE),
    Permission(REQUEST, DECIDE),
)
registry.register_permissions(PERMISSIONS)
registry.register_entity(
    SubjectRequest,
    resource=REQUEST,
    state=SubjectRequest.state,
    scopes={"own": owned_by(SubjectRequest.assigned_to)},
    visitor_scopes=(),
)


def holders(session: Session, action: str, resource: str) -> frozenset[UUID]:
    """The active members of the session's district that may do ``action`` on ``resource`` now."""
    now = clock.now()
    granting = sa.select(RoleGrant.role_id).where(
        RoleGrant.action == action, RoleGrant.resource == resource, valid(RoleGrant, now)
    )
    members = sa.select(Membership.account_id).where(
        Membership.member_of == district_of(session), valid(Membership, now)
    )
    able = sa.select(Account.id).where(Account.active, Account.id.in_(members))
    held = sa.select(RoleHolder.account_id).where(
        RoleHolder.role_id.in_(granting), RoleHolder.account_id.in_(able), valid(RoleHolder, now)
    )
    return frozenset(session.scalars(held))
