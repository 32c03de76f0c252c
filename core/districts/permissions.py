"""What may be granted on a district's configuration."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import access
from core.access import Actor, Permission
from core.db import district_of
from core.errors import AccessDenied

DISTRICT = "core.district"
PLUGIN = "core.plugin"
SETTING = "core.setting"
PARAMETER = "core.parameter"
MANAGE = "manage"
READ = "read"

PERMISSIONS = tuple(
    Permission(resource, action) for resource in (DISTRICT, PLUGIN, SETTING, PARAMETER) for action in (READ, MANAGE)
)
access.registry.register_permissions(PERMISSIONS)


def demand(session: Session, actor: Actor, resource: str) -> None:
    """Raise AccessDenied unless the actor may manage the resource in the session's district.

    An actor of another district is refused whatever its grants are; one of the installation (``district_id`` is
    ``None``) administers every district.
    """
    if actor.district_id not in (None, district_of(session)):
        raise AccessDenied(MANAGE, resource)
    access.require(actor, MANAGE, resource)
