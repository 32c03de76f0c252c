"""Wiring of persons and cases: what the plugin is called, and which function answers which hook."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint
from flask_smorest import Blueprint as ApiBlueprint
from sqlalchemy.orm import Session

from core.toolkit import (
    Actor,
    DashboardCard,
    DistrictSnapshot,
    Manifest,
    MenuItem,
    Permission,
    PersonalData,
    _,
    hookimpl,
)
from plugins.intake import permissions, queries, retention, settings, subjects

#: Loaded for what it declares to the core.
DECLARED = (retention.__name__,)

manifest = Manifest(
    name="intake",
    title={"it": "Persone e percorsi", "en": "Persons and cases"},
    description={
        "it": "La scheda di ogni persona, il suo percorso, la squadra che la segue.",
        "en": "The file of each person, the case, the team that follows it.",
    },
    segments=("persone", "il-mio-percorso"),
    settings=settings.Settings,
)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from plugins.intake.views import bp

    return [bp]


@hookimpl
def register_api() -> Sequence[ApiBlueprint]:
    from plugins.intake.api import bp

    return [bp]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def menu_items(district: DistrictSnapshot, actor: Actor) -> Sequence[MenuItem]:
    staff = [
        MenuItem(_("Persone"), "intake.persons", order=10, area="staff"),
        MenuItem(_("Cerca una persona o un codice"), "intake.persons", area="find"),
    ]
    own = [MenuItem(_("Il mio percorso"), "intake.mine", order=20, area="staff")]
    return [
        *(staff if queries.works_with_persons(actor) else ()),
        *(own if queries.has_own_path(actor) else ()),
    ]


@hookimpl
def dashboard_cards(district: DistrictSnapshot, session: Session, actor: Actor) -> Sequence[DashboardCard]:
    return queries.staff_cards(session, actor)


@hookimpl
def export_personal_data(district_id: int, session: Session, subject_id: UUID) -> Sequence[PersonalData]:
    return subjects.personal_data(district_id, session, subject_id)


@hookimpl
def erase_personal_data(session: Session, subject_id: UUID, reason: str) -> None:
    subjects.forget(session, subject_id)


@hookimpl
def make_demonstration(district: DistrictSnapshot, session: Session) -> None:
    from plugins.intake.demo import make

    make(district, session)
