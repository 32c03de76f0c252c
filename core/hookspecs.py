"""Every hook of Innesto. A hook whose first argument is ``district`` reaches only the plugins enabled there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from flask import Blueprint
    from flask_smorest import Blueprint as ApiBlueprint
    from sqlalchemy.orm import Session

    from core.access import Actor, Permission
    from core.contributions import DashboardCard, Event, MenuItem, SlotContent
    from core.districts.snapshot import DistrictSnapshot

PROJECT = "innesto"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_blueprints() -> Sequence[Blueprint]:
    """Pages of the plugin; each blueprint is named after the plugin."""


@hookspec
def register_api() -> Sequence[ApiBlueprint]:
    """Resources under ``/api/v1/<district>/<plugin>/``."""


@hookspec
def register_permissions() -> Sequence[Permission]:
    """Rights that a role may be granted."""


@hookspec
def register_record_types() -> Path:
    """Folder that holds ``forms/``, ``workflows/`` and ``record_types/``."""


@hookspec
def menu_items(district: DistrictSnapshot, actor: Actor) -> Sequence[MenuItem]:
    """Entries of the district's menus."""


@hookspec
def dashboard_cards(district: DistrictSnapshot, session: Session, actor: Actor) -> Sequence[DashboardCard]:
    """Panels of the first page of the staff."""


@hookspec
def render_slot(district: DistrictSnapshot, session: Session, actor: Actor, slot: str) -> Sequence[SlotContent]:
    """Pieces for a named place of a page: ``district_home``."""


@hookspec
def handle_event(event: Event, session: Session) -> None:
    """Something happened in a district (``record.published``, ``plugin.enabled``): at least once, so judge by its id.

    The session is the district's, for writing; it is committed together with the mark that this plugin has the event.
    """
