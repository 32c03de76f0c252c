"""What the pages about protected data share."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import Blueprint, url_for

from core import privacy
from core.access import Actor
from core.errors import AccessDenied
from core.i18n import _, pick
from core.privacy.fields.shown import Shown, readers_of
from core.privacy.fields.subjects import SubjectEntity, find, resource_of
from core.web.context import current

bp = Blueprint("privacy", __name__)


def reader() -> Actor:
    """Who asks; whoever is not signed in is led to the door. Raises AccessDenied."""
    if not current.actor.signed_in:
        raise AccessDenied("read", "core.privacy")
    return current.actor


def row_of(resource: str, row_id: UUID) -> tuple[SubjectEntity, Any]:
    """The row of the address, where the reader may open it. Raises NotFound."""
    return find(current.session, reader(), resource, row_id)


def page_of(entry: SubjectEntity, obj: Any) -> str:
    """The address one came from."""
    return entry.page(obj) if callable(entry.page) else url_for(entry.page, **entry.values(obj))


def reveal_url(obj: Any, name: str) -> str:
    """The page that asks why before it shows a field."""
    return url_for("privacy.reveal", resource=resource_of(obj), row_id=obj.id, name=name)


def masked_fields(obj: Any, names: Collection[str] = ()) -> list[dict[str, Any]]:
    """The protected fields of a row for ``macros/masked.html``, ``names`` or all that the reader may know."""
    found = privacy.shown(current.session, current.actor, obj)
    return [_masked(obj, found[name]) for name in names or found if name in found]


def _masked(obj: Any, field: Shown) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": field.label,
        "value": field.value,
        "url": reveal_url(obj, field.name) if field.revealable else None,
        "note": field.problem or ("" if field.revealable or not field.masked else _who_may(obj, field)),
    }


def _who_may(obj: Any, field: Shown) -> str:
    roles = readers_of(current.session, resource_of(obj), field.field_class)
    names = ", ".join(pick(label, current.lang) for label in roles)
    return (
        _("Lo può vedere chi ha questo ruolo: %(roles)s.", roles=names) if names else _("Nessun ruolo lo può vedere.")
    )
