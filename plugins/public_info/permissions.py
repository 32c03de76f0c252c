"""Rights on the pages of the information desk."""

from __future__ import annotations

from collections.abc import Sequence

from core.toolkit import Actor, MenuItem, Permission, access, current, pick, record_type

TYPES = ("service", "regulation", "course")
ACTIONS = ("read", "create", "change", "publish", "withdraw")
PERMISSIONS = tuple(Permission(type_, action) for type_ in TYPES for action in ACTIONS)


def staff_menu(actor: Actor) -> Sequence[MenuItem]:
    """The lists of the types that the actor may write."""
    writable = [record_type(key) for key in TYPES if access.may(actor, "change", key)]
    return [
        MenuItem(pick(item.label_plural, current.lang), "records.index", 100 + place, "staff", {"type_": item.key})
        for place, item in enumerate(writable)
    ]
