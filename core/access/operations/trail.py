"""What every change of a role leaves behind: a row in the access log and one in the district's audit."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core import audit
from core.access.actor import Actor
from core.access.guards import log
from core.access.models import Role
from core.access.permissions import ROLES


def trail(session: Session, actor: Actor, what: str, target: str, role: Role | None, **details: Any) -> None:
    """Say who changed what. ``target`` (a role's key, an account's address, a file) is not repeated in the audit."""
    log(session, actor, what, target, **details)
    named = {"role": role.key} if role else {}
    object_id = role.id if role else None
    audit.note(session, actor, "act", resource=ROLES, object_id=object_id, part=what, details={**named, **details})
