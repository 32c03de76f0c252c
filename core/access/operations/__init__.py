"""Every write on roles: it checks the permission, changes, flushes and leaves a row in the access log."""

from core.access.operations.holders import (
    end_holder,
    give_role,
    hand_over_role,
    is_unique_in_municipality,
    municipalities_held,
    register_place_check,
    take_role,
)
from core.access.operations.model import RoleChanges, replace_roles
from core.access.operations.roles import change_role, make_role, retire_role, write_model_role

__all__ = [
    "RoleChanges",
    "change_role",
    "end_holder",
    "give_role",
    "hand_over_role",
    "is_unique_in_municipality",
    "make_role",
    "municipalities_held",
    "register_place_check",
    "replace_roles",
    "retire_role",
    "take_role",
    "write_model_role",
]
