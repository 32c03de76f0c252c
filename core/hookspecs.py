"""Every hook of Innesto. A hook whose first argument is ``district`` reaches only the plugins enabled there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pluggy

if TYPE_CHECKING:
    from flask import Blueprint
    from flask_smorest import Blueprint as ApiBlueprint
    from sqlalchemy.orm import Session

    from core.access import Actor, Permission
    from core.contributions import DashboardCard, Event, MenuItem, PersonalData, SlotContent
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
def make_demonstration(district: DistrictSnapshot, session: Session) -> None:
    """Fill a demonstration with invented data by calling the plugin's own operations, in simulated time if need be.

    The district's accounts exist already. A failure stops the preparation.
    """


@hookspec
def handle_event(event: Event, session: Session) -> None:
    """Something happened in a district (``record.published``, ``plugin.enabled``): at least once, so judge by its id.

    The session is the district's, for writing; it is committed together with the mark that this plugin has the event.
    """


@hookspec
def export_personal_data(district_id: int, session: Session, subject_id: UUID) -> Sequence[PersonalData]:
    """Everything the plugin holds of a person in the district, readable, for the file that the person may ask for.

    Also where the plugin is off: what it holds must still be found. Empty where it holds nothing; a failure stops the
    whole file. Protected fields are opened: who calls has checked and writes the log.
    """


@hookspec
def erase_personal_data(session: Session, subject_id: UUID, reason: str) -> None:
    """Erase what the plugin holds of a person, in the caller's transaction; figures without a name may stay.

    Also where the plugin is off. ``reason`` is ``request`` or ``retention``. The person's key is destroyed afterwards:
    sealed values need no erasing. A failure stops the whole erasure; doing it twice does no harm.
    """
