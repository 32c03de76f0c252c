"""A record as the staff sees it, and the steps that may be taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core import access
from core.errors import Conflict, Refused
from core.forms.definition import Field, Form
from core.forms.lookups import Lookups
from core.forms.validation import display, missing_complete
from core.i18n import LANGUAGES, _, pick
from core.records import operations, queries
from core.records.definitions import RecordType, form_of, workflow_of
from core.records.lookups import lookups_of
from core.records.models import Record
from core.records.permissions import CHANGE, READ
from core.records.sealing import note_look
from core.web.context import current
from core.web.privacy.common import masked_fields
from core.web.records.common import bp, moment_text, posted_version, record_of, record_url, state_of, title_of, type_of
from core.web.references import TYPE as REFERENCES
from core.web.references import titles_of
from core.web.routing import staff_route


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/", endpoint="show", methods=["GET"])
def show(type_: str, record_id: UUID) -> str:
    """The record as the staff sees it: answers, state with its steps, history."""
    item = type_of(type_)
    return show_page(item, record_of(item, record_id, READ))


def show_page(item: RecordType, record: Record, problem: str = "") -> str:
    form = form_of(current.session, record)
    title, plural = title_of(item, record), pick(item.label_plural, current.lang)
    may_change = access.allowed(current.actor, CHANGE, record)
    return render_template(
        "records/show.html",
        trail=[(_("Oggi"), url_for("staff.today")), (plural, url_for("records.index", type_=item.key)), (title, "")],
        record={
            "title": title,
            "type": pick(item.label, current.lang),
            "state": tuple(state_of(item, record)[key] for key in ("state", "text")),
            "ref": record.ref,
            "version": record.version,
        },
        facts=[pick(item.label, current.lang), _("aggiornata il %(when)s", when=moment_text(record.updated_at))],
        public_url=public_url(item, record),
        edit_url=record_url("edit", record) if may_change else None,
        missing=[
            (pick(f.label, current.lang), f"{record_url('edit', record)}#f_{f.key}")
            for f in missing_complete(form, record.answers)
        ],
        untranslated=_untranslated(item, record),
        fire_url=record_url("fire", record),
        transitions=_steps(record),
        sections=_answers(form, record),
        history=[
            {"sentence": line.text, "when": moment_text(line.at), "iso": line.at.isoformat()}
            for line in queries.history(current.session, current.actor, record, current.lang)
        ],
        notices=[("danger", problem, "")] if problem else [],
    )


def public_url(item: RecordType, record: Record) -> str | None:
    """Where visitors read the record, when they do."""
    endpoint = f"{item.plugin}.{item.key}"
    if not record.public or endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, slug=record.slug)


def _untranslated(item: RecordType, record: Record) -> list[str]:
    texts = record.answers.get(item.title_field, {})
    return [LANGUAGES[code] for code in current.here.languages if code in LANGUAGES and not texts.get(code)]


def _steps(record: Record) -> list[dict[str, Any]]:
    states = workflow_of(current.session, record).by_state
    found = operations.transitions_of(current.session, record, actor=current.actor)
    first = next((step.key for step, reason in found if not reason), None)
    return [
        {
            "key": step.key,
            "label": pick(step.label, current.lang),
            "allowed": not reason,
            "reasons": [reason] if reason else [],
            "primary": step.key == first,
            # Who may not take the step is told that, not what the page lacks.
            "incomplete": bool(reason) and step.complete and access.allowed(current.actor, step.permission, record),
            "confirm": _("Chi visita il sito non la troverà più. Potrai pubblicarla di nuovo.")
            if record.public and not states[step.target].public
            else "",
        }
        for step, reason in found
    ]


def _answers(form: Form, record: Record) -> list[dict[str, Any]]:
    """The sections that hold an answer."""
    lookups = lookups_of(current.session, [form], current.lang)
    masks = {mask["name"]: mask for mask in masked_fields(record)} if form.protected else {}
    shown_at_once = [name for name, mask in masks.items() if mask["value"]]
    note_look(current.session, current.actor, record, shown_at_once, "scheda")
    sections = [(section, _shown(form, record, section.key, lookups, masks)) for section in form.sections]
    return [{"title": pick(section.label, current.lang), "answers": shown} for section, shown in sections if shown]


def _shown(
    form: Form, record: Record, section: str, lookups: Lookups, masks: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    fields = [(field, _answer(form, record, field, lookups, masks)) for field in form.in_section(section)]
    return [(pick(field.label, current.lang), text) for field, text in fields if text]


def _answer(form: Form, record: Record, field: Field, lookups: Lookups, masks: Mapping[str, Any]) -> Any:
    """The answer as text; a protected one as ``macros/masked.html`` takes it, or nothing where it is hidden."""
    if field.key in form.protected:
        return masks.get(field.key)
    if field.type == REFERENCES:
        return titles_of(field, record.answers.get(field.key) or ())
    return display(form, field.key, record.answers, lookups)


@staff_route(bp, "/schede/<type_>/<uuid:record_id>/passaggio", endpoint="fire", methods=["POST"])
def fire(type_: str, record_id: UUID) -> Response | tuple[str, int]:
    """Take a step; a refusal says why on the record's own page."""
    item = type_of(type_)
    record = record_of(item, record_id, READ)
    try:
        operations.fire(
            current.session, record, request.form.get("transition", ""), actor=current.actor, version=posted_version()
        )
    except Refused as error:
        return show_page(item, record, error.message), 409
    except Conflict:
        current.session.rollback()
        message = _("Un'altra persona ha cambiato la scheda. Guarda com'è adesso e riprova.")
        return show_page(item, record_of(item, record_id, READ), message), 409
    return redirect(record_url("show", record), 303)
