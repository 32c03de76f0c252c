"""Who may see and do what: accounts, roles, grants, and the one SQL criterion under every face."""

from core.access import registry
from core.access.actor import Actor, FieldRight, Grant
from core.access.explanation import Explanation
from core.access.layer import (
    FieldFlags,
    allowed,
    branches,
    check,
    criterion,
    explain,
    field_flags,
    fields,
    may,
    require,
    select,
)
from core.access.queries import load_actor
from core.access.registry import Permission

__all__ = [
    "Actor",
    "Explanation",
    "FieldFlags",
    "FieldRight",
    "Grant",
    "Permission",
    "allowed",
    "branches",
    "check",
    "criterion",
    "explain",
    "field_flags",
    "fields",
    "load_actor",
    "may",
    "registry",
    "require",
    "select",
]
