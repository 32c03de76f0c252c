"""Every write on a district's configuration: check, change, raise the version, leave a trace; none commits."""

from core.districts.operations.bundles import Applied, apply_bundle, create_district, found_district, rollback_bundle
from core.districts.operations.identity import CONTACTS, IDENTITY, set_contact, set_identity
from core.districts.operations.parameters import reset_parameter, set_parameter
from core.districts.operations.plugins import (
    disable_plugin,
    enable_plugin,
    opt_out,
    reset_plugin,
    reset_setting,
    set_setting,
)
from core.districts.operations.roles import model_role, reset_role
from core.districts.operations.synonyms import add_synonyms, remove_synonyms

__all__ = [
    "CONTACTS",
    "IDENTITY",
    "Applied",
    "add_synonyms",
    "apply_bundle",
    "create_district",
    "disable_plugin",
    "enable_plugin",
    "found_district",
    "model_role",
    "opt_out",
    "remove_synonyms",
    "reset_parameter",
    "reset_plugin",
    "reset_role",
    "reset_setting",
    "rollback_bundle",
    "set_contact",
    "set_identity",
    "set_parameter",
    "set_setting",
]
