"""On whose behalf a role may be held: bodies and municipalities of the district."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import audit
from core.access.operations import register_place_check
from core.districts.models import DistrictMunicipality, Organisation
from core.errors import FieldError, Invalid
from core.i18n import _


def check_place(session: Session, organisation_id: UUID | None, municipality: str) -> None:
    """Raise Invalid for a body or a municipality that the session's district does not have."""
    errors = []
    bodies = select(Organisation.id).where(Organisation.id == organisation_id)
    if organisation_id is not None and session.scalar(bodies) is None:
        errors.append(FieldError("organisation", _("Questo ente non è nel distretto."), "organisation"))
    places = select(DistrictMunicipality.id).where(DistrictMunicipality.istat == municipality)
    if municipality and session.scalar(places) is None:
        errors.append(FieldError("municipality", _("Questo Comune non è nel distretto."), "municipality"))
    if errors:
        raise Invalid(errors)


def body_names(session: Session, ids: frozenset[UUID]) -> str:
    """The names of the bodies of the session's district, in their order."""
    return ", ".join(session.scalars(select(Organisation.name).where(Organisation.id.in_(ids)).order_by("name")))


register_place_check(check_place)
audit.name_bodies(body_names)
