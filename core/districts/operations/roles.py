"""A role that the console changed, given back to the model."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access import Actor
from core.access.models import Role
from core.access.operations import write_model_role
from core.access.rolespecs import RoleSpec, role_specs
from core.districts.diff import current
from core.errors import Refused
from core.i18n import _


def model_role(session: Session, key: str) -> RoleSpec | None:
    """What the model of the session's district says of a role, or ``None`` when it has no such role."""
    bundle = current(session)
    found = [role for role in bundle.roles if role.key == key] if bundle else []
    return role_specs([found[0].table()], file=found[0].where.file)[0] if found else None


def reset_role(session: Session, key: str, *, actor: Actor, version: int) -> Role:
    """Return a role to what the model says. Raises Refused for a role of the console's own, Conflict, AccessDenied."""
    spec = model_role(session, key)
    if spec is None:
        raise Refused(_("Il modello non ha questo ruolo."), code="not_in_model")
    return write_model_role(session, spec, actor=actor, version=version)
