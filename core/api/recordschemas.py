"""What the resources of records take and give."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from core.api.words import ApiSchema
from core.forms.types.lists import REF_LENGTH
from core.records import queries
from core.records.creations import LONGEST_WORD

LARGEST_PAGE, LONGEST_KEY = 100, 50


class ListArguments(ApiSchema):
    """How a list is cut."""

    class Meta:
        register = False

    page = fields.Integer(load_default=1, validate=validate.Range(1, queries.MAX_PAGE))
    page_size = fields.Integer(load_default=20, validate=validate.Range(1, LARGEST_PAGE))
    public = fields.Boolean(
        load_default=True,
        metadata={"description": "Only what visitors see now; `false`: everything that the reader may read."},
    )


class RecordSchema(ApiSchema):
    """One record: its public id, where it stands, what it says. A masked answer is absent and named in ``masked``."""

    class Meta:
        register = False

    id = fields.String(required=True)
    type = fields.String(required=True)
    slug = fields.String(required=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True, metadata={"description": "Goes up with every change; a change names it."})
    form_version = fields.Integer(required=True)
    valid_from = fields.AwareDateTime(allow_none=True)
    valid_to = fields.AwareDateTime(allow_none=True)
    updated_at = fields.AwareDateTime(required=True)
    answers = fields.Dict(required=True)
    masked = fields.List(fields.String(), required=True)
    self_url = fields.String(required=True)


class RecordListSchema(ApiSchema):
    """A page of records."""

    class Meta:
        register = False

    items = fields.List(fields.Nested(RecordSchema), required=True)
    page = fields.Integer(required=True)
    has_more = fields.Boolean(required=True)


def answers() -> Any:
    """Answers by the key of their question; an answer of null empties it."""
    return fields.Dict(
        keys=fields.String(),
        values=fields.Raw(allow_none=True),
        required=True,
        metadata={"description": 'Answers by question. Texts by language are objects: {"it": …}. null empties one.'},
    )


class CreateSchema(ApiSchema):
    """A new record."""

    class Meta:
        register = False

    id = fields.String(
        validate=validate.Length(1, REF_LENGTH), metadata={"description": "Public id; one is made without it."}
    )
    state = fields.String(validate=validate.Length(1, LONGEST_KEY))
    valid_from = fields.AwareDateTime(allow_none=True)
    valid_to = fields.AwareDateTime(allow_none=True)
    answers = answers()


class CreateHeaders(ApiSchema):
    """The word under which a creation is asked for: asked again within a day, it is done once."""

    class Meta:
        register = False

    word = fields.String(data_key="Idempotency-Key", validate=validate.Length(1, LONGEST_WORD))


class ChangeSchema(ApiSchema):
    """A change of some answers; the others stay as they are."""

    class Meta:
        register = False

    version = fields.Integer(required=True, strict=True, metadata={"description": "The version that was read."})
    valid_from = fields.AwareDateTime(allow_none=True)
    valid_to = fields.AwareDateTime(allow_none=True)
    answers = answers()


class FireSchema(ApiSchema):
    """A step of the workflow."""

    class Meta:
        register = False

    transition = fields.String(required=True, validate=validate.Length(1, LONGEST_KEY))
    version = fields.Integer(required=True, strict=True, metadata={"description": "The version that was read."})


class StepSchema(ApiSchema):
    """A step that starts where the record stands; ``blocked`` says why it cannot be taken, and is empty when it can."""

    class Meta:
        register = False

    transition = fields.String(required=True)
    label = fields.String(required=True)
    to = fields.String(required=True)
    blocked = fields.String(required=True)


class StepListSchema(ApiSchema):
    """The steps of a record."""

    class Meta:
        register = False

    items = fields.List(fields.Nested(StepSchema), required=True)
