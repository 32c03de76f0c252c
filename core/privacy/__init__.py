"""Protected fields, legal bases, notices, sharing, retention, requests of the persons concerned."""

from core.privacy.bases.notices import give_notice, has_notice, notices_given, require_notice
from core.privacy.bases.sharing import may_share, require_basis, require_basis_to_take, unshared
from core.privacy.fields.columns import DOTS, Sealed, blind_index, protected, protected_fields
from core.privacy.fields.purposes import purposes
from core.privacy.fields.reveal import reveal
from core.privacy.fields.shown import Shown, shown
from core.privacy.fields.subjects import register_subject_entity
from core.privacy.fields.values import blind, put, unsealed

__all__ = [
    "DOTS",
    "Sealed",
    "Shown",
    "blind",
    "blind_index",
    "give_notice",
    "has_notice",
    "may_share",
    "notices_given",
    "protected",
    "protected_fields",
    "purposes",
    "put",
    "register_subject_entity",
    "require_basis",
    "require_basis_to_take",
    "require_notice",
    "reveal",
    "shown",
    "unsealed",
    "unshared",
]
