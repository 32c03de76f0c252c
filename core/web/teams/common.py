"""What the pages of teams share: which rows have them, how they are named, dates, fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, request, url_for

from core import access, clock, teams
from core.districts.models import Organisation
from core.errors import FieldError, Invalid, NotFound
from core.i18n import _, pick
from core.teams.registry import load
from core.web.context import current
from core.web.dates import format_date

bp = Blueprint("teams", __name__)


@dataclass(frozen=True, slots=True)
class WhyEntity:
    """How the pages name a row to those who may open it, and where its own page is."""

    title: Callable[[Any], str]
    back: Callable[[Any], str]


_shown: dict[str, WhyEntity] = {}


def register_why(entity: type[Any], *, resource: str, title: Callable[[Any], str], back: Callable[[Any], str]) -> None:
    """Tell how the pages of teams name a row of ``entity`` (registered with ``register_team_entity``).

    ``title`` is shown only to those who may read the row; ``back`` is the address to which a change returns.
    """
    _shown[resource] = WhyEntity(title, back)


@dataclass(frozen=True, slots=True)
class Shown:
    """A row with a team, as the pages of a request know it."""

    obj: Any
    entry: teams.TeamEntity
    readable: bool

    @property
    def code(self) -> str:
        return self.entry.code(self.obj)

    @property
    def label(self) -> str:
        return pick(self.entry.label, current.lang)

    @property
    def name(self) -> str:
        """The name for those who may read the row; for the others its code."""
        facts = _shown.get(self.entry.resource)
        return facts.title(self.obj) if facts and self.readable else self.code

    @property
    def back(self) -> str:
        """The row's own page, or that of its team; for those who may not read it the page that tells who does."""
        facts = _shown.get(self.entry.resource)
        if not self.readable:
            return self.url("why")
        return facts.back(self.obj) if facts else self.url("team")

    def url(self, endpoint: str, **values: Any) -> str:
        """The address of one of these pages for this row."""
        return url_for(f"teams.{endpoint}", resource=self.entry.resource, object_id=self.obj.id, **values)

    @property
    def trail(self) -> list[tuple[str, str]]:
        return [(_("Oggi"), url_for("staff.today")), (self.code, self.back)]


def shown(obj: Any) -> Shown:
    """The row as these pages know it, for who asks."""
    entry = teams.entry_of(str(access.registry.entity_access(type(obj)).fixed_resource))
    if entry is None:
        raise NotFound
    return Shown(obj, entry, access.allowed(current.actor, "read", obj))


def row_of(resource: str, object_id: UUID) -> Shown:
    """The row of an address that the actor may read. Raises NotFound: what one may not see is not there."""
    found = any_row(resource, object_id)
    if not found.readable:
        raise NotFound
    return found


def any_row(resource: str, object_id: UUID) -> Shown:
    """The row of an address, whoever asks: the caller judges. Raises NotFound."""
    obj = load(current.session, resource, object_id)
    if obj is None:
        raise NotFound
    return shown(obj)


# --- words -----------------------------------------------------------------------------------------------------------


def moment_text(moment: datetime | None) -> str:
    """A moment in words, in Italy's time."""
    if moment is None:
        return ""
    local = moment.astimezone(clock.ROME)
    return _("%(day)s alle %(time)s", day=format_date(moment), time=f"{local.hour}.{local.minute:02}")


def last_day(moment: datetime | None) -> str:
    """The last day of a period that ends before ``moment``, or the moment itself when it is not midnight."""
    if moment is None:
        return ""
    local = moment.astimezone(clock.ROME)
    return format_date(local.date() - timedelta(days=1)) if local.time() == time() else moment_text(moment)


def body_names() -> Mapping[UUID, str]:
    """The bodies of the district, by id."""
    rows = current.session.execute(sa.select(Organisation.id, Organisation.name))
    return {row.id: row.name for row in rows}


# --- forms -----------------------------------------------------------------------------------------------------------


def field(kind: str, name: str, label: str, **facts: Any) -> dict[str, Any]:
    """A control as the form macros take it, with what was typed."""
    made = {"type": kind, "name": name, "id": f"f-{name}", "label": label, "value": request.form.get(name, "")}
    return {"hint": "", "error": "", "optional": False, **made, **facts}


def with_errors(fields: list[dict[str, Any]], errors: tuple[FieldError, ...]) -> list[tuple[str, str]]:
    """Put each message at its control; the list for the summary, those of no control included."""
    by_name = {item["name"]: item for item in fields}
    lines = []
    for error in errors:
        item = by_name.get(error.field)
        if item is not None:
            item["error"] = error.message
        lines.append((item["id"] if item else "", error.message))
    return lines


def first_day(name: str) -> datetime | None:
    """The start of the day typed in a control; ``None`` for nothing or today, which is now. Raises Invalid."""
    day = _day(name)
    return None if day is None or day == clock.today() else datetime.combine(day, time(), tzinfo=clock.ROME)


def end_of_day(name: str) -> datetime | None:
    """The moment after which the day typed in a control is over; ``None`` for nothing. Raises Invalid."""
    day = _day(name)
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.ROME)


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if not 1900 < day.year < 2200:
        raise Invalid([FieldError(name, _("Scrivi il giorno così: 2026-11-22."), "date")])
    return day
