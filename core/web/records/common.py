"""What the pages of records share: which record is meant, and how it is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, request, url_for

from core import access, clock
from core.forms.definition import Form
from core.forms.posted import apply_row_action, read_posted, read_row_action
from core.i18n import _, pick
from core.records.definitions import RecordType, record_types, workflow_of
from core.records.models import Record
from core.records.permissions import CHANGE
from core.web.context import current
from core.web.dates import format_date
from core.web.references import posted_references, wants_search

bp = Blueprint("records", __name__)
#: Name of the button that asks for the form again after signing in anew.
RESUME = "resume"
#: How a state looks: what is public is well, what waits is for somebody to look at.
PUBLIC, WAITING = "ok", "info"
Typed = Mapping[str, Any]


def active_types() -> list[RecordType]:
    """Types of the plugins that are on here."""
    return [item for item in record_types() if item.plugin in current.active_plugins]


def type_of(key: str) -> RecordType:
    return next((item for item in active_types() if item.key == key), None) or abort(404)


def record_of(item: RecordType, record_id: UUID, action: str) -> Record:
    """The record, if the actor may ``action`` it; who may do nothing here learns nothing of it."""
    access.require(current.actor, CHANGE, item.key)
    statement = access.select(current.actor, Record, action, item.key).where(Record.id == record_id)
    return current.session.scalars(statement).one_or_none() or abort(404)


def state_of(item: RecordType, record: Record) -> dict[str, str]:
    state = workflow_of(current.session, record).by_state.get(record.state)
    label = pick(state.label, current.lang) if state else record.state
    return {"text": label, "state": PUBLIC if record.public else WAITING}


def record_url(endpoint: str, record: Record) -> str:
    return url_for(f"records.{endpoint}", type_=record.type, record_id=record.id)


def posted_version() -> int:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def typed_answers(form: Form) -> tuple[dict[str, Any], bool]:
    """What was typed, and whether a button for rows, for a search, or for going on asks for the form again."""
    typed = {**read_posted(form, request.form), **posted_references(form)}
    action = read_row_action(form, request.form)
    if action:
        return apply_row_action(typed, action), True
    return typed, wants_search(form) or RESUME in request.form


def short(value: Any) -> str:
    if isinstance(value, Mapping):
        value = pick({k: str(v) for k, v in value.items() if v}, current.lang)
    if isinstance(value, list):
        value = ", ".join(short(part) for part in value)
    text = str(value or "")
    return text if len(text) < 300 else f"{text[:300]}…"


def moment_text(moment: Any) -> str:
    local = moment.astimezone(clock.ROME)
    return _("%(day)s alle %(time)s", day=format_date(moment), time=f"{local.hour}.{local.minute:02}")


def title_of(item: RecordType, record: Record) -> str:
    return pick(record.answers.get(item.title_field), current.lang)
