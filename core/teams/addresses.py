"""Where the pages of a team are: notices lead there, and operations know no request."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.teams.settings import here

TEAM, WHY, REQUESTS = "squadra", "perche", "richieste"


def team_address(session: Session, resource: str, object_id: UUID) -> str:
    """The page of a row's team."""
    return _under(session, f"{TEAM}/{resource}/{object_id}/")


def why_address(session: Session, resource: str, object_id: UUID) -> str:
    """The page that tells who sees a row, and why."""
    return _under(session, f"{WHY}/{resource}/{object_id}")


def requests_address(session: Session) -> str:
    """The page of the requests that wait for an answer."""
    return _under(session, f"{TEAM}/{REQUESTS}")


def _under(session: Session, path: str) -> str:
    district = here(session)
    return f"/{district.slug}/{path}" if district else ""
