"""Who may do what with persons and cases, and which of them a scope reaches."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, select

from core.toolkit import Actor, Permission, access, owned_by, privacy, register_entity, teams
from plugins.intake.models import STATES, Case, Person

PERSON, CASE = "intake.person", "intake.case"
GROUPS = ("personal", "special", "penal")
PERMISSIONS = (
    *(Permission(PERSON, action, field_groups=GROUPS) for action in ("read", "create", "change")),
    *(Permission(PERSON, action) for action in ("assign", "break_glass", "supervise", "close", "export")),
    *(Permission(CASE, action, STATES, GROUPS) for action in ("read", "create", "change")),
    *(Permission(CASE, action, STATES) for action in ("assign", "break_glass", "supervise", "close", "export")),
)


@access.registry.lasting
def own_case(actor: Actor, _now: datetime) -> ColumnElement[bool]:
    """The cases of the person who asks."""
    if actor.account_id is None:
        return false()
    return Case.person_id.in_(select(Person.id).where(Person.account_id == actor.account_id))


def through_cases(scope: Any) -> Any:
    """The persons of the cases that ``scope``, a scope of cases that looks at the grant, reaches."""

    @access.registry.lasting
    def persons(actor: Actor, now: datetime, grant: Any) -> ColumnElement[bool]:
        return Person.id.in_(select(Case.person_id).where(scope(actor, now, grant)))

    return persons


PLACED = {"team": teams.team_scope(Case, CASE), "emergency": teams.emergency_scope(Case, CASE)}

register_entity(
    Case,
    resource=CASE,
    state=Case.state,
    scopes={"own": own_case},
    placed={
        **PLACED,
        "organisation": access.registry.held_for_organisation(Case.organisation_id),
        "municipality": access.registry.held_for_municipality(Case.municipality),
    },
)
register_entity(
    Person,
    resource=PERSON,
    scopes={"own": owned_by(Person.account_id)},
    placed={
        **{name: through_cases(scope) for name, scope in PLACED.items()},
        "organisation": access.registry.held_for_organisation(Person.in_charge_organisation_id),
        "municipality": access.registry.held_for_municipality(Person.in_charge_municipality),
    },
)

teams.register_team_entity(
    Case,
    label={"it": "Percorso", "en": "Case"},
    code=lambda case: str(case.code),
    find=Case.by_code,
    subject=lambda case: case.person_id,
)
privacy.register_subject_entity(
    Person,
    resource=PERSON,
    page="intake.part",
    title=lambda person: str(person.code),
    values=lambda person: {"code": person.code, "part": "riepilogo"},
)
privacy.register_subject_entity(
    Case,
    resource=CASE,
    page="intake.part",
    subject=lambda case: UUID(str(case.person_id)),
    title=lambda case: str(case.code),
    values=lambda case: {"code": case.person_code, "part": "riepilogo"},
)
access.registry.name_resource(PERSON, {"it": "persone", "en": "persons"})
access.registry.name_resource(CASE, {"it": "casi", "en": "cases"})
