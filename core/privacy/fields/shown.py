"""What of a row's protected fields an actor sees: at once, after saying why, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import access, crypto
from core.access import Actor
from core.access.models import Role, RoleGrant
from core.i18n import DEFAULT, Texts, pick
from core.privacy.fields.columns import ProtectedField
from core.privacy.fields.subjects import reader_of, resource_of

log = logging.getLogger(__name__)

#: Field rights under which a value may be seen, at once or after saying why.
SEEING: Final = frozenset({"read", "write"})


@dataclass(frozen=True, slots=True)
class Shown:
    """A protected field as one actor sees it.

    ``value`` is there only where it may be shown without asking. ``masked``: dots are shown. ``revealable``: it is
    shown to who says why. ``problem``: why it cannot be read now, in plain words.
    """

    name: str
    label: str
    field_class: str
    value: str | None
    masked: bool
    revealable: bool
    writable: bool = False
    problem: str = ""


def label_of(item: ProtectedField, lang: str) -> str:
    """The label in a language: of columns by the catalogue, of answers by their form."""
    return pick(item.label, lang) if isinstance(item.label, Mapping) else str(item.label)


def shown(session: Session, actor: Actor, obj: Any) -> dict[str, Shown]:
    """The protected fields of ``obj`` as ``actor`` sees them; those of a class without a right are left out.

    Whether a field behind dots holds anything is not told: that a penal note exists is a penal fact.
    """
    rights = access.fields(actor, obj)
    found: dict[str, Shown] = {}
    for name, item in reader_of(obj).fields(session, obj).items():
        right = rights.get(item.field_class, "none")
        if right != "none":
            found[name] = _shown(session, obj, item, right, actor.language or DEFAULT)
    return found


def _shown(session: Session, obj: Any, item: ProtectedField, right: str, lang: str) -> Shown:
    label, writable = label_of(item, lang), right == "write"
    if right not in SEEING or item.asked:
        return Shown(item.name, label, item.field_class, None, True, right in SEEING, writable)
    try:
        value = reader_of(obj).value(session, obj, item.name)
    except crypto.Unreadable as error:
        log.warning("unreadable field %s of %s %s: %s", item.name, resource_of(obj), obj.id, error)
        return Shown(item.name, label, item.field_class, None, True, False, writable, error.message)
    return Shown(item.name, label, item.field_class, value or "", False, False, writable)


def readers_of(session: Session, resource: str, field_class: str) -> list[Texts]:
    """The labels of the roles that may see fields of a class: for the note beside dots that cannot be opened."""
    rows = session.execute(
        select(Role.label, RoleGrant.field_groups)
        .join(RoleGrant, (RoleGrant.district_id == Role.district_id) & (RoleGrant.role_id == Role.id))
        .where(RoleGrant.resource == resource, RoleGrant.action.in_(["read", "change"]))
        .order_by(Role.key)
    )
    found: dict[str, Texts] = {}
    for label, groups in rows:
        if (groups or {}).get(field_class) in SEEING:
            found.setdefault(pick(label, DEFAULT), label)
    return list(found.values())
