"""The dated parameters that teams read: every number is a figure of the model."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core import clock
from core.db import district_of
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.errors import Refused
from core.i18n import _

EMERGENCY_HOURS = "access.emergency_hours"
EMERGENCIES_A_DAY = "access.emergencies_a_day"
REQUESTS_A_DAY = "access.requests_a_day"
OFFICE_OPENS, OFFICE_CLOSES = "access.office_opens", "access.office_closes"
GENERIC_PURPOSES = "access.generic_purposes"


def figure(session: Session, key: str) -> int:
    """A whole number in force today. Raises Refused, naming the parameter, where the model gives none."""
    found = optional(session, key)
    if not isinstance(found, int):
        message = _("In questo territorio manca il valore «%(key)s»: chiedi a chi lo amministra di scriverlo.", key=key)
        raise Refused(message, code="no_parameter")
    return found


def optional(session: Session, key: str) -> int | str | None:
    """The value in force today, or ``None`` where the model gives none."""
    district = here(session)
    value: int | str | None = (
        district.parameter(key, on=clock.today()) if district and key in district.parameters else None
    )
    return value


def here(session: Session) -> DistrictSnapshot | None:
    """The district of the session as it is configured now."""
    number = district_of(session)
    return None if number is None else snapshots.by_id(session, number)
