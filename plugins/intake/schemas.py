"""What the resources of persons and cases take and give."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from core.toolkit import ApiSchema
from plugins.intake.models import STATES

LARGEST_PAGE, LAST_PAGE, LONGEST = 100, 2_000, 200


class PersonArguments(ApiSchema):
    """How the list is narrowed and cut."""

    class Meta:
        register = False

    q = fields.String(load_default="", validate=validate.Length(max=LONGEST))
    state = fields.String(load_default="", validate=validate.OneOf(["", *STATES]))
    municipality = fields.String(load_default="", validate=validate.Length(max=6))
    mine = fields.Boolean(load_default=False)
    page = fields.Integer(load_default=1, validate=validate.Range(1, LAST_PAGE))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, LARGEST_PAGE))


class PersonSchema(Schema):
    """A person. Special and penal data have no place here; a masked field is absent and named in ``masked``."""

    class Meta:
        register = False

    code = fields.String(required=True)
    given_name = fields.String()
    family_name = fields.String()
    birth_date = fields.Date(allow_none=True)
    sex = fields.String(allow_none=True)
    municipality = fields.String(allow_none=True, metadata={"description": "ISTAT code."})
    other_municipality = fields.String(
        allow_none=True, metadata={"description": "Residence outside the district, as it was written."}
    )
    citizenship = fields.String(allow_none=True)
    tax_code_kind = fields.String(allow_none=True)
    tax_code = fields.String(allow_none=True)
    tax_code_reason = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    case_code = fields.String()
    state = fields.String(validate=validate.OneOf(STATES))
    registered_on = fields.Date(allow_none=True)
    opened_on = fields.Date(allow_none=True)
    closed_on = fields.Date(allow_none=True)
    masked = fields.List(fields.String(), required=True)


class PersonListSchema(Schema):
    """A page of persons."""

    class Meta:
        register = False

    items = fields.List(fields.Nested(PersonSchema), required=True)
    page = fields.Integer(required=True)
    has_more = fields.Boolean(required=True)
    withheld = fields.Integer(
        required=True, metadata={"description": "Left out: the reader's body has no basis for these data."}
    )


class CaseArguments(ApiSchema):
    """How the list of cases is narrowed and cut."""

    class Meta:
        register = False

    state = fields.String(load_default="", validate=validate.OneOf(["", *STATES]))
    page = fields.Integer(load_default=1, validate=validate.Range(1, LAST_PAGE))
    page_size = fields.Integer(load_default=50, validate=validate.Range(1, LARGEST_PAGE))


class CaseSchema(Schema):
    """A case, by code; the person by code as well, where the reader may see the person."""

    class Meta:
        register = False

    code = fields.String(required=True)
    person = fields.String(allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    municipality = fields.String(required=True)
    organisation = fields.String(required=True)
    registered_at = fields.AwareDateTime(required=True)
    opened_at = fields.AwareDateTime(allow_none=True)
    closed_at = fields.AwareDateTime(allow_none=True)
    close_reason = fields.String(required=True)


class CaseListSchema(Schema):
    """A page of cases."""

    class Meta:
        register = False

    items = fields.List(fields.Nested(CaseSchema), required=True)
    page = fields.Integer(required=True)
    has_more = fields.Boolean(required=True)
    withheld = fields.Integer(
        required=True, metadata={"description": "Left out: the reader's body has no basis for these data."}
    )
