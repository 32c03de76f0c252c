"""The form of a record: new, changed, and two people at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from core import access
from core.errors import Conflict, FieldError, Invalid, Refused
from core.forms.definition import Form
from core.forms.html import bind
from core.forms.posted import to_inputs
from core.i18n import _, pick
from core.records import operations, queries
from core.records.definitions import RecordType, current_form, form_of
from core.records.lookups import lookups_of
from core.records.models import Record
from core.records.permissions import CHANGE, CREATE
from core.records.sealing import answers_for_edit, asked, note_look, rights_on, rights_to_create
from core.web.context import current
from core.web.formview import errors_of, sections_of
from core.web.records.common import (
    Typed,
    bp,
    moment_text,
    posted_version,
    record_of,
    record_url,
    short,
    title_of,
    type_of,
    typed_answers,
)
from core.web.records.protected import answers_of, form_for
from core.web.references import pickers
from core.web.routing import staff_route


@staff_route(bp, "/schede/<type_>/nuova", endpoint="new", methods=["GET"])
def new(type_: str) -> str:
    """An empty form."""
    item = type_of(type_)
    access.require(current.actor, CREATE, item.key)
    rights = rights_to_create(current.actor, item.key, item.form)
    form = form_for(item.form, rights, stored=False)
    return form_page(item, form, {}, action=url_for("records.create", type_=type_))


@staff_route(bp, "/schede/<type_>/nuova", endpoint="create", methods=["POST"])
def create(type_: str) -> Response | tuple[str, int]:
    """Save a new record; a row button gives the form back with one row more or less."""
    item = type_of(type_)
    access.require(current.actor, CREATE, item.key)
    whole = current_form(current.session, item).definition
    rights = rights_to_create(current.actor, item.key, whole)
    form = form_for(whole, rights, stored=False)
    typed, again = typed_answers(form)
    action = url_for("records.create", type_=type_)
    if again:
        return form_page(item, form, typed, action=action), 200
    try:
        answers = answers_of(whole, rights, typed, stored=False)
        record = operations.create_record(current.session, item.key, answers, actor=current.actor)
    except Invalid as error:
        return form_page(item, form, typed, action=action, errors=error.errors), 422
    return redirect(record_url("show", record), 303)


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/modifica", endpoint="edit", methods=["GET"])
def edit(type_: str, record_id: UUID) -> str:
    """The form with the record's answers."""
    item = type_of(type_)
    record = record_of(item, record_id, CHANGE)
    whole, rights, form = _forms(record)
    answers = answers_for_edit(current.session, record, whole, rights)
    note_look(current.session, current.actor, record, answers, "modifica")
    return form_page(item, form, to_inputs(form, answers), record=record, action=record_url("save", record))


def _forms(record: Record) -> tuple[Form, Mapping[str, str], Form]:
    """The record's form, the rights on its protected questions, and the form as the editor meets it."""
    whole = form_of(current.session, record)
    rights = rights_on(current.actor, record, whole)
    return whole, rights, form_for(whole, rights, stored=True)


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/modifica", endpoint="save", methods=["POST"])
def save(type_: str, record_id: UUID) -> Response | tuple[str, int]:
    """Save changes; when somebody was faster, both versions are shown and nothing typed is lost."""
    item = type_of(type_)
    record = record_of(item, record_id, CHANGE)
    (whole, rights, form), action = _forms(record), record_url("save", record)
    typed, again = typed_answers(form)
    if again:
        return form_page(item, form, typed, record=record, action=action, version=posted_version()), 200
    try:
        answers = answers_of(whole, rights, typed, stored=True)
        operations.change_record(current.session, record, answers, actor=current.actor, version=posted_version())
    except Invalid as error:
        return form_page(
            item, form, typed, record=record, action=action, errors=error.errors, version=posted_version()
        ), 422
    except Refused as error:
        found = [FieldError("", error.message, error.code)]
        return form_page(item, form, typed, record=record, action=action, errors=found, version=posted_version()), 409
    except Conflict:
        current.session.rollback()
        fresh = record_of(item, record_id, CHANGE)
        return form_page(item, form, typed, record=fresh, action=action, conflict=_conflict(form, fresh, typed)), 409
    return redirect(record_url("show", record), 303)


def form_page(
    item: RecordType,
    form: Form,
    typed: Typed,
    *,
    action: str,
    record: Record | None = None,
    errors: Sequence[FieldError] = (),
    conflict: Mapping[str, Any] | None = None,
    version: int | None = None,
    notices: Sequence[tuple[str, str, str]] = (),
) -> str:
    lookups = lookups_of(current.session, [form], current.lang)
    bound = bind(form, typed, lang=current.lang, lookups=lookups, errors=errors)
    plural = pick(item.label_plural, current.lang)
    title = title_of(item, record) if record else _("Scheda nuova: %(type)s", type=pick(item.label, current.lang))
    index_url = url_for("records.index", type_=item.key)
    return render_template(
        "records/edit.html",
        trail=[(_("Oggi"), url_for("staff.today")), (plural, index_url), (title, "")],
        title=title,
        lead=_("Quando salvi, la scheda pubblicata cambia subito.") if record and record.public else "",
        action=action,
        version=version if version is not None else record.version if record else "",
        sections=sections_of(bound, pickers(form, typed, record.ref if record else "")),
        notices=notices,
        errors=errors_of(bound),
        saved_at=moment_text(record.updated_at) if record else "",
        conflict=conflict,
        cancel_url=record_url("show", record) if record else index_url,
    )


def _conflict(form: Form, record: Record, typed: Typed) -> dict[str, Any]:
    """What differs between the record as it is now and what was typed."""
    whole, rights, _form = _forms(record)
    theirs = to_inputs(form, answers_for_edit(current.session, record, whole, rights))
    lines = queries.history(current.session, current.actor, record, current.lang)
    differing = [
        field
        for field in form.fields
        if field.key in whole.by_key and theirs.get(field.key) != typed.get(field.key) and not asked(field)
    ]
    return {
        "who": _("Un'altra persona"),
        "when": moment_text(lines[0].at if lines else record.updated_at),
        "changes": [
            [pick(f.label, current.lang), short(theirs.get(f.key)), short(typed.get(f.key))] for f in differing
        ],
    }
