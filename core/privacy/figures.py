"""The dated parameters that privacy reads, from inside an operation."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from core.db import district_of
from core.districts.snapshot import snapshots

REVEAL_MINUTES: Final = "privacy.reveal_minutes"
NOTICE_REQUIRED: Final = "privacy.notice_required"
NOTICE_VERSION: Final = "privacy.notice_version"
NOTICE_TEXT: Final = "privacy.notice_text"


def figure(session: Session, key: str, on: date) -> Any:
    """The value of a parameter on a day in the session's district; None where its model does not say."""
    district = district_of(session)
    snapshot = snapshots.by_id(session, district) if district is not None else None
    if snapshot is None or key not in snapshot.parameters:
        return None
    return snapshot.parameter(key, on=on)
