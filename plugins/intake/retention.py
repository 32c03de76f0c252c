"""How requests find a person, and how long a person is kept after the last case was closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from core.toolkit import (
    Actor,
    Hooks,
    RetentionRule,
    _l,
    erase_for_retention,
    register_retention_rule,
    register_subjects,
    teams,
)
from plugins.intake.models import CLOSED, Case, Person
from plugins.intake.permissions import PERSON


def find(session: Session, code: str) -> UUID | None:
    """The person with this code, or with a case of this code."""
    wanted = code.strip().upper()
    found = session.scalar(select(Person.id).where(Person.code == wanted))
    if found is not None:
        return found
    met = Case.by_code(session, wanted)
    return met.person_id if met else None


def label(session: Session, person_id: UUID) -> str:
    """The code of a person."""
    return session.scalar(select(Person.code).where(Person.id == person_id)) or ""


def people(session: Session, person_id: UUID) -> Iterable[UUID]:
    """The team of the person's current case."""
    current = session.scalars(select(Case).where(Case.person_id == person_id, Case.is_current)).first()
    return [place.account_id for place in teams.team_of(session, current)] if current else []


def rows() -> Select[Any]:
    """Persons with a case; the time runs once the current one is closed."""
    closed = case((Case.state == CLOSED, Case.closed_at)).label("happened_at")
    current = (Case.district_id == Person.district_id) & (Case.person_id == Person.id) & Case.is_current
    chosen = select(Person.id.label("id"), Person.id.label("subject_id"), closed).join(Case, current)
    return chosen.where(Person.erased_at.is_(None))


def erase(session: Session, ids: Sequence[UUID], hooks: Hooks, actor: Actor) -> None:
    """Erase each person everywhere, not only here."""
    for person_id in ids:
        erase_for_retention(session, person_id, actor=actor, hooks=hooks)


register_subjects(PERSON, find=find, label=label, people=people)
register_retention_rule(
    RetentionRule(
        key=PERSON,
        resource=PERSON,
        field_class="special",
        parameter="retention.person_months",
        label=_l("Schede delle persone e percorsi"),
        event=_l("giorno in cui l'ultimo percorso è stato chiuso"),
        rows=rows,
        erase=erase,
    )
)
