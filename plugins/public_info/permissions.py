"""Rights on the pages of the information desk."""

from __future__ import annotations

from core.toolkit import Permission

TYPES = ("service", "regulation", "course")
ACTIONS = ("read", "create", "change", "publish", "withdraw")
PERMISSIONS = tuple(Permission(type_, action) for type_ in TYPES for action in ACTIONS)
