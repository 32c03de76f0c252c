"""``/api/v1/<district>/intake/persons`` and ``/cases``: read under the reader's own rights, each look in the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, jsonify
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE

from core.toolkit import access, audit, clean_text, current, privacy
from plugins.intake import exports, queries
from plugins.intake.models import Case
from plugins.intake.permissions import CASE, PERSON
from plugins.intake.queries import Looker, Wanted
from plugins.intake.schemas import (
    CaseArguments,
    CaseListSchema,
    CaseSchema,
    PersonArguments,
    PersonListSchema,
    PersonSchema,
)

bp = Blueprint("intake_api", __name__, description="Persons and their cases.")


@bp.route("/persons")
class Persons(MethodView):
    """The persons that the reader may see."""

    @bp.arguments(PersonArguments, location="query", unknown=RAISE)
    @bp.response(200, PersonListSchema)
    def get(self, wanted: dict[str, Any]) -> Any:
        """A page of persons; masked fields are absent and named."""
        access.require(current.actor, "read", PERSON)
        wanted["words"] = clean_text(wanted.pop("q"))
        page = queries.listing(current.session, current.actor, Wanted(**wanted))
        who = queries.looker(current.session, current.actor)
        withheld = without_basis(PERSON, [row.person.id for row in page.rows])
        rows = [row for row in page.rows if row.person.id not in withheld]
        items = [exports.taken(current.session, who, row, "view", "api.list") for row in rows]
        return private({"items": items, "page": page.page, "has_more": page.has_more, "withheld": len(withheld)})


@bp.route("/persons/<code>")
class OnePerson(MethodView):
    """One person."""

    @bp.response(200, PersonSchema)
    def get(self, code: str) -> Any:
        """A person by code."""
        access.require(current.actor, "read", PERSON)
        person = queries.person_by_code(current.session, current.actor, clean_text(code))
        privacy.require_basis_to_take(current.session, current.actor, "read", PERSON, [person.id])
        row = queries.row_of(current.session, current.actor, person)
        who = queries.looker(current.session, current.actor)
        return private(exports.taken(current.session, who, row, "view", "api"))


@bp.route("/cases")
class Cases(MethodView):
    """The cases that the reader may see."""

    @bp.arguments(CaseArguments, location="query", unknown=RAISE)
    @bp.response(200, CaseListSchema)
    def get(self, wanted: dict[str, Any]) -> Any:
        """A page of cases, newest first."""
        access.require(current.actor, "read", CASE)
        cases, has_more = queries.cases(current.session, current.actor, **wanted)
        who = queries.looker(current.session, current.actor)
        withheld = without_basis(CASE, [case.person_id for case in cases])
        told = [case for case in cases if case.person_id not in withheld]
        for case in told:
            looked(who, case, "api.list")
        count = len(cases) - len(told)
        return private({"items": shown(told), "page": wanted["page"], "has_more": has_more, "withheld": count})


@bp.route("/cases/<code>")
class OneCase(MethodView):
    """One case."""

    @bp.response(200, CaseSchema)
    def get(self, code: str) -> Any:
        """A case by code."""
        access.require(current.actor, "read", CASE)
        case = queries.case_by_code(current.session, current.actor, clean_text(code))
        privacy.require_basis_to_take(current.session, current.actor, "read", CASE, [case.person_id])
        looked(queries.looker(current.session, current.actor), case, "api")
        return private(shown([case])[0])


def without_basis(resource: str, person_ids: Sequence[UUID]) -> frozenset[UUID]:
    """The persons whose data the reader's body may not take away: they are counted as withheld."""
    return privacy.unshared(current.session, current.actor, "read", resource, person_ids)


def looked(who: Looker, case: Case, part: str) -> None:
    """The entry in the audit of a case that leaves by the API."""
    audit.look(
        current.session,
        who,
        resource=CASE,
        object_id=case.id,
        subject_id=case.person_id,
        part=part,
        purpose="work",
    )


def private(body: Mapping[str, Any]) -> Response:
    """JSON that no cache keeps."""
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response


def shown(cases: list[Case]) -> list[dict[str, Any]]:
    """Cases as the API gives them."""
    codes = queries.codes_of(current.session, current.actor, [case.person_id for case in cases])
    bodies = queries.organisation_names(current.session, [case.organisation_id for case in cases])
    return [
        {
            "code": case.code,
            "person": codes.get(case.person_id),
            "state": case.state,
            "municipality": case.municipality,
            "organisation": bodies.get(case.organisation_id, ""),
            "registered_at": case.registered_at.isoformat(),
            "opened_at": case.opened_at.isoformat() if case.opened_at else None,
            "closed_at": case.closed_at.isoformat() if case.closed_at else None,
            "close_reason": case.close_reason,
        }
        for case in cases
    ]
