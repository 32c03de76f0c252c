"""Records of any type: lists and items, read under the reader's own rights."""

from __future__ import annotations

from typing import Any

from flask import abort, url_for
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from core import access
from core.api.answers import cached_json
from core.records import queries
from core.records.definitions import RecordType, record_types
from core.records.models import Record
from core.records.permissions import VISIBLE_NOW
from core.web.context import current

bp = Blueprint("records_api", __name__, description="Records of every type that the district publishes.")
LARGEST_PAGE = 100


class ListArguments(Schema):
    """How a list is cut."""

    class Meta:
        register = False

    page = fields.Integer(load_default=1, validate=validate.Range(1, queries.MAX_PAGE))
    page_size = fields.Integer(load_default=20, validate=validate.Range(1, LARGEST_PAGE))


class RecordSchema(Schema):
    """One record: its public id, where it stands, what it says."""

    class Meta:
        register = False

    id = fields.String(required=True)
    type = fields.String(required=True)
    slug = fields.String(required=True)
    state = fields.String(required=True)
    form_version = fields.Integer(required=True)
    valid_from = fields.AwareDateTime(allow_none=True)
    valid_to = fields.AwareDateTime(allow_none=True)
    updated_at = fields.AwareDateTime(required=True)
    answers = fields.Dict(required=True)
    self_url = fields.String(required=True)


class RecordListSchema(Schema):
    """A page of records."""

    class Meta:
        register = False

    items = fields.List(fields.Nested(RecordSchema), required=True)
    page = fields.Integer(required=True)
    has_more = fields.Boolean(required=True)


@bp.route("/<type_>")
class Records(MethodView):
    """The records of one type."""

    @bp.arguments(ListArguments, location="query", unknown=RAISE)
    @bp.response(200, RecordListSchema)
    def get(self, wanted: dict[str, int], type_: str) -> Any:
        """Public records of a type, last changed first."""
        item = _type(type_)
        listing = queries.Listing(public=True, page=wanted["page"], page_size=wanted["page_size"])
        page = queries.listing(current.session, current.actor, item.key, listing)
        return cached_json({"items": [_shown(r) for r in page.items], "page": page.page, "has_more": page.has_more})


@bp.route("/<type_>/<ref>")
class OneRecord(MethodView):
    """One record."""

    @bp.response(200, RecordSchema)
    def get(self, type_: str, ref: str) -> Any:
        """A public record by its id."""
        item = _type(type_)
        visible = access.select(current.actor, Record, "read", item.key).where(VISIBLE_NOW)
        record = current.session.scalars(visible.where(Record.ref == ref)).one_or_none() or abort(404)
        return cached_json(_shown(record))


def _type(key: str) -> RecordType:
    known = (item for item in record_types() if item.plugin in current.active_plugins and item.key == key)
    item = next(known, None) or abort(404)
    access.require(current.actor, "read", item.key)
    return item


def _shown(record: Record) -> dict[str, Any]:
    return {
        "id": record.ref,
        "type": record.type,
        "slug": record.slug,
        "state": record.state,
        "form_version": record.form_version,
        "valid_from": _iso(record.valid_from),
        "valid_to": _iso(record.valid_to),
        "updated_at": _iso(record.updated_at),
        "answers": record.answers,
        "self_url": url_for("records_api.OneRecord", type_=record.type, ref=record.ref),
    }


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment else None
