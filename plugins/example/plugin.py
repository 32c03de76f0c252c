"""Wiring of the noticeboard: what it is called, and which function answers which hook."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from sqlalchemy.orm import Session

from core.toolkit import (
    Actor,
    DashboardCard,
    DistrictSnapshot,
    Event,
    Manifest,
    MenuItem,
    Permission,
    SlotContent,
    _,
    hookimpl,
)
from plugins.example import operations, permissions, queries, settings

manifest = Manifest(
    name="example",
    title={"it": "Bacheca", "en": "Noticeboard"},
    description={"it": "Avvisi brevi sulla pagina del distretto.", "en": "Short notices on the district's page."},
    segments=("bacheca",),
    settings=settings.Settings,
)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from plugins.example.views import bp

    return [bp]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return permissions.PERMISSIONS


@hookimpl
def menu_items(district: DistrictSnapshot, actor: Actor) -> Sequence[MenuItem]:
    return [MenuItem(_("Bacheca"), "example.board", order=700)]


@hookimpl
def dashboard_cards(district: DistrictSnapshot, session: Session, actor: Actor) -> Sequence[DashboardCard]:
    return queries.staff_cards(session, actor)


@hookimpl
def render_slot(district: DistrictSnapshot, session: Session, actor: Actor, slot: str) -> Sequence[SlotContent]:
    return queries.home_notices(district, session, actor) if slot == "district_home" else ()


@hookimpl
def handle_event(event: Event, session: Session) -> None:
    handle = operations.EVENTS.get(event.name)
    if handle:
        handle(session, event)
