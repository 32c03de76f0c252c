"""Records of any type: read, created, changed and moved on, under the rights of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, jsonify, request, url_for
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, RAISE

from core import access
from core.api.answers import cached_json
from core.api.recordschemas import (
    ChangeSchema,
    CreateHeaders,
    CreateSchema,
    FireSchema,
    ListArguments,
    RecordListSchema,
    RecordSchema,
    StepListSchema,
)
from core.errors import Conflict
from core.i18n import _, pick
from core.records import operations, queries
from core.records.creations import create_once
from core.records.definitions import RecordType, record_types
from core.records.models import Record
from core.records.permissions import CHANGE, CREATE, READ
from core.records.sealing import note_look, visible_answers
from core.web.context import current
from core.web.errors import problem

bp = Blueprint("records_api", __name__, description="Records of every type of the district.")


@bp.route("/<type_>")
class Records(MethodView):
    """The records of one type."""

    @bp.arguments(ListArguments, location="query", unknown=RAISE)
    @bp.response(200, RecordListSchema)
    def get(self, wanted: dict[str, Any], type_: str) -> Any:
        """Records of a type, last changed first."""
        item = _type(type_, READ)
        listing = queries.Listing(**wanted)
        page = queries.listing(current.session, current.actor, item.key, listing)
        return cached_json(
            {"items": [_shown(r, "api.list") for r in page.items], "page": page.page, "has_more": page.has_more}
        )

    @bp.arguments(CreateHeaders, location="headers", unknown=EXCLUDE)
    @bp.arguments(CreateSchema, unknown=RAISE)
    @bp.response(201, RecordSchema)
    def post(self, headers: dict[str, str], wanted: dict[str, Any], type_: str) -> Any:
        """Create a record in the first state of its workflow, or in another that the asker may bring it to."""
        item, word = _type(type_, CREATE), headers.get("word")
        if word is None or current.token is None:
            return _written(_create(item, wanted), 201)
        asked = {"type": item.key, "body": request.get_json()}
        record, _new = create_once(current.session, current.token.token_id, word, asked, lambda: _create(item, wanted))
        return _written(record, 201)


@bp.route("/<type_>/<ref>")
class OneRecord(MethodView):
    """One record."""

    @bp.response(200, RecordSchema)
    def get(self, type_: str, ref: str) -> Any:
        """A record by its id."""
        item = _type(type_, READ)
        record = queries.by_ref(current.session, current.actor, ref, type_=item.key) or abort(404)
        return cached_json(_shown(record))

    @bp.arguments(ChangeSchema, unknown=RAISE)
    @bp.response(200, RecordSchema)
    def patch(self, wanted: dict[str, Any], type_: str, ref: str) -> Any:
        """Change some answers, or from when to when it holds; refused where somebody was faster."""
        record = _record(_type(type_, CHANGE), ref)
        version = wanted["version"]
        try:
            changed = operations.change_record(current.session, record, actor=current.actor, partial=True, **wanted)
        except Conflict:
            return _too_late(type_, ref, version)
        return _written(changed, 200)


@bp.route("/<type_>/<ref>/transitions")
class Transitions(MethodView):
    """The steps of a record's workflow."""

    @bp.response(200, StepListSchema)
    def get(self, type_: str, ref: str) -> Any:
        """The steps that start where the record stands."""
        item = _type(type_, READ)
        record = queries.by_ref(current.session, current.actor, ref, type_=item.key) or abort(404)
        steps = operations.transitions_of(current.session, record, actor=current.actor)
        items = [
            {"transition": step.key, "label": pick(step.label, current.lang), "to": step.target, "blocked": why}
            for step, why in steps
        ]
        return cached_json({"items": items})

    @bp.arguments(FireSchema, unknown=RAISE)
    @bp.response(200, RecordSchema)
    def post(self, wanted: dict[str, Any], type_: str, ref: str) -> Any:
        """Take one step."""
        record = _record(_type(type_, ""), ref)
        step, version = wanted["transition"], wanted["version"]
        try:
            moved = operations.fire(current.session, record, step, actor=current.actor, version=version)
        except Conflict:
            return _too_late(type_, ref, version)
        return _written(moved, 200)


def _type(key: str, action: str) -> RecordType:
    """The type, where its plugin is on; ``action``: what the asker must hold for any of its records."""
    known = (item for item in record_types() if item.plugin in current.active_plugins and item.key == key)
    item = next(known, None) or abort(404)
    if action:
        access.require(current.actor, action, item.key)
    return item


def _record(item: RecordType, ref: str) -> Record:
    """The record to be written; to who may neither read nor change it, it is not there."""
    reached = (queries.by_ref(current.session, current.actor, ref, action=a, type_=item.key) for a in (READ, CHANGE))
    return next((record for record in reached if record is not None), None) or abort(404)


def _create(item: RecordType, wanted: Mapping[str, Any]) -> Record:
    return operations.create_record(
        current.session,
        item.key,
        wanted["answers"],
        actor=current.actor,
        ref=wanted.get("id"),
        state=wanted.get("state"),
        valid_from=wanted.get("valid_from"),
        valid_to=wanted.get("valid_to"),
    )


def _too_late(type_: str, ref: str, version: int) -> Response:
    """409 with the version that was sent and the one that is stored."""
    current.session.rollback()
    record = _record(_type(type_, ""), ref)
    detail = _("La scheda è cambiata nel frattempo: rileggila e ripeti la modifica.")
    return problem(409, detail, more={"version": version, "current_version": record.version})


def _written(record: Record, status: int) -> Response:
    """The record as it is now, as far as who wrote it may read it."""
    readable = access.allowed(current.actor, READ, record)
    response = jsonify(_shown(record) if readable else _frame(record))
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if status == 201:
        response.headers["Location"] = _address(record)
    return response


def _shown(record: Record, part: str = "api") -> dict[str, Any]:
    """The record as far as the asker sees it; protected answers that leave the house leave an entry in the audit."""
    visible = visible_answers(current.session, current.actor, record)
    note_look(current.session, current.actor, record, visible.answers, part)
    return {**_frame(record), "answers": visible.answers, "masked": list(visible.masked)}


def _frame(record: Record) -> dict[str, Any]:
    """Everything but the answers."""
    return {
        "id": record.ref,
        "type": record.type,
        "slug": record.slug,
        "state": record.state,
        "version": record.version,
        "form_version": record.form_version,
        "valid_from": _iso(record.valid_from),
        "valid_to": _iso(record.valid_to),
        "updated_at": _iso(record.updated_at),
        "answers": {},
        "masked": [],
        "self_url": _address(record),
    }


def _address(record: Record) -> str:
    return url_for("records_api.OneRecord", type_=record.type, ref=record.ref)


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
