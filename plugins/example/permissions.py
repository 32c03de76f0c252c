"""Who may read and write notices."""

from __future__ import annotations

from core.toolkit import Permission, owned_by, register_entity
from plugins.example.models import Notice

RESOURCE = "example.notice"
PERMISSIONS = (Permission(RESOURCE, "read"), Permission(RESOURCE, "create"), Permission(RESOURCE, "remove"))

register_entity(Notice, resource=RESOURCE, scopes={"public": Notice.is_current, "own": owned_by(Notice.created_by)})
