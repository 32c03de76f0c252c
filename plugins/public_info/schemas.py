"""What the search resource takes and gives."""

from __future__ import annotations

from marshmallow import Schema, fields


class ItemSchema(Schema):
    """One hit."""

    class Meta:
        register = False

    id = fields.String(required=True, metadata={"description": "Public id: the one of import and export."})
    type = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    lang = fields.String(required=True, metadata={"description": "Language of title and summary."})
    url = fields.String(required=True)
    excerpt = fields.String(required=True)
    matched_by = fields.List(fields.String(), required=True, metadata={"description": "Synonyms that found it."})
    updated_at = fields.AwareDateTime(required=True)


class FacetValueSchema(Schema):
    """One value of a facet and how many hits choosing it would show."""

    class Meta:
        register = False

    value = fields.String(required=True)
    label = fields.String(required=True)
    count = fields.Integer(required=True)


class SearchSchema(Schema):
    """A page of hits."""

    class Meta:
        register = False

    items = fields.List(fields.Nested(ItemSchema), required=True)
    total = fields.Integer(required=True)
    page = fields.Integer(required=True)
    page_size = fields.Integer(required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(FacetValueSchema)), required=True)
    suggestion = fields.String(required=True, allow_none=True)
    corrected = fields.Boolean(
        required=True, metadata={"description": "The items are the hits of the suggestion: the words had none."}
    )
