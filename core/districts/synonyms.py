"""Synonyms of a district: groups of words and phrases that search treats as one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.districts.models import SynonymGroup


def groups(session: Session) -> tuple[tuple[str, ...], ...]:
    """All groups of the session's district: those of the model first, then those added in the console."""
    rows = session.scalars(
        select(SynonymGroup).order_by(SynonymGroup.from_model.desc(), SynonymGroup.position, SynonymGroup.id)
    )
    return tuple(tuple(row.words) for row in rows)
