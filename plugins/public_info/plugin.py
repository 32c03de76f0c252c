"""Wiring of the information desk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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
    SlotContent,
    _,
    hookimpl,
)
from plugins.public_info import permissions, settings

manifest = Manifest(
    name="public_info",
    title={"it": "Sportello informativo", "en": "Information desk"},
    description={
        "it": "Servizi, regole e corsi, con una ricerca che capisce anche chi sbaglia a scrivere.",
        "en": "Services, rules and courses, with a search that forgives misspelling.",
    },
    segments=("servizi", "regole", "corsi", "cerca"),
    settings=settings.Settings,
)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from plugins.public_info.views import bp

    return [bp]


@hookimpl
def register_api() -> Sequence[ApiBlueprint]:
    from plugins.public_info.api import bp

    return [bp]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def register_record_types() -> Path:
    return Path(__file__).parent


@hookimpl
def menu_items(district: DistrictSnapshot, actor: Actor) -> Sequence[MenuItem]:
    return [
        MenuItem(_("Servizi"), "public_info.services", order=100),
        MenuItem(_("Corsi"), "public_info.courses", order=200),
        MenuItem(_("Regole"), "public_info.regulations", order=300),
        MenuItem(_("Cerca"), "public_info.search", area="search"),
        *permissions.staff_menu(actor),
    ]


@hookimpl
def dashboard_cards(district: DistrictSnapshot, session: Session, actor: Actor) -> Sequence[DashboardCard]:
    from plugins.public_info import queries

    return queries.staff_cards(session, actor)


@hookimpl
def render_slot(district: DistrictSnapshot, session: Session, actor: Actor, slot: str) -> Sequence[SlotContent]:
    from plugins.public_info import queries

    return queries.home(district, session, actor) if slot == "district_home" else ()
