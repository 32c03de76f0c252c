"""The privacy of one person: the notice that was given, the consents that the model asks for, whom the data reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

from core import access, audit, clock, privacy
from core.districts.legal import BASES
from core.districts.models import Organisation
from core.errors import FieldError, Invalid, NotFound, Refused
from core.i18n import _, pick
from core.privacy.bases.models import Consent, NoticeGiven, Sharing
from core.privacy.bases.notices import WAYS, give_notice, notice_in_force, notices_given
from core.privacy.bases.processing import registered_bodies
from core.privacy.bases.sharing import (
    consent_kinds,
    consents_of,
    end_sharing,
    give_consent,
    share,
    sharings_of,
    withdraw_consent,
)
from core.privacy.fields.subjects import SubjectEntity, resource_of, subject_of
from core.web.context import current
from core.web.dates import format_date
from core.web.privacy.common import bp, page_of, row_of
from core.web.routing import staff_route

RULE = "/scheda-privacy/<resource>/<uuid:row_id>"


@staff_route(bp, RULE, endpoint="basis", methods=["GET"])
def show(resource: str, row_id: UUID) -> Response:
    """What the person was told, allowed, and with whom the data are shared."""
    entry, obj = row_of(resource, row_id)
    audit.look(
        current.session,
        current.actor,
        resource=resource_of(obj),
        object_id=obj.id,
        subject_id=subject_of(obj),
        part="privacy",
    )
    return _page(entry, obj)


@staff_route(bp, f"{RULE}/consegna", endpoint="notice", methods=["POST"])
def notice(resource: str, row_id: UUID) -> AnyResponse:
    """The notice was given."""

    def act(obj: Any) -> None:
        how, signed = request.form.get("how", ""), request.form.get("signed") == "yes"
        give_notice(current.session, obj, actor=current.actor, how=how, signed=signed, given_on=_day("given_on"))

    return _done(resource, row_id, act)


@staff_route(bp, f"{RULE}/consenso", endpoint="consent", methods=["POST"])
def consent(resource: str, row_id: UUID) -> AnyResponse:
    """The person answered to a consent, or takes it back."""

    def act(obj: Any) -> None:
        if "withdraw" in request.form:
            withdraw_consent(current.session, obj, _consent(obj, request.form["withdraw"]), actor=current.actor)
            return
        kind, given = request.form.get("kind", ""), request.form.get("given") == "yes"
        give_consent(current.session, obj, kind, actor=current.actor, given=given, given_on=_day("given_on"))

    return _done(resource, row_id, act)


@staff_route(bp, f"{RULE}/condivisione", endpoint="share", methods=["POST"])
def sharing(resource: str, row_id: UUID) -> AnyResponse:
    """The data reach a body, or stop reaching it."""

    def act(obj: Any) -> None:
        if "end" in request.form:
            end_sharing(current.session, obj, _sharing(obj, request.form["end"]), actor=current.actor)
            return
        given = request.form.get("consent", "")
        share(
            current.session,
            obj,
            _uuid("organisation_id"),
            actor=current.actor,
            basis=request.form.get("basis", ""),
            articles=request.form.get("articles", ""),
            consent=_consent(obj, given) if given else None,
            note=request.form.get("note", ""),
            valid_to=_day("valid_to"),
        )

    return _done(resource, row_id, act)


def _done(resource: str, row_id: UUID, act: Callable[[Any], None]) -> AnyResponse:
    _entry, obj = row_of(resource, row_id)
    access.check(current.actor, "change", obj)
    try:
        act(obj)
    except Invalid as invalid:
        current.session.rollback()
        return _page(*row_of(resource, row_id), errors=[(f"f_{e.field}", e.message) for e in invalid.errors])
    except Refused as refused:
        current.session.rollback()
        return _page(*row_of(resource, row_id), problem=refused.message)
    return redirect(url_for("privacy.basis", resource=resource, row_id=row_id), 303)


def _day(name: str) -> date | None:
    text = request.form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid([FieldError(name, _("Scrivi il giorno così: 2026-03-31."), "date")]) from None


def _uuid(name: str) -> UUID:
    try:
        return UUID(request.form.get(name, ""))
    except ValueError:
        raise Invalid([FieldError(name, _("Scegli un ente."), "required")]) from None


def _sharing(obj: Any, given: str) -> Sharing:
    found = next((row for row in sharings_of(current.session, subject_of(obj)) if str(row.id) == given), None)
    if found is None:
        raise NotFound("sharing")
    return found


def _consent(obj: Any, given: str) -> Consent:
    found = next((row for row in consents_of(current.session, subject_of(obj)) if str(row.id) == given), None)
    if found is None:
        raise NotFound("consent")
    return found


def _page(
    entry: SubjectEntity, obj: Any, *, errors: list[tuple[str, str]] | None = None, problem: str = ""
) -> Response:
    session, subject_id = current.session, subject_of(obj)
    code, back = entry.title(obj), page_of(entry, obj)
    here = {"resource": resource_of(obj), "row_id": obj.id}
    in_force, proofs = notice_in_force(session), notices_given(session, subject_id)
    answers = [_answer(row) for row in consents_of(session, subject_id)]
    page = render_template(
        "privacy/basis.html",
        trail=[(_("Oggi"), url_for("staff.today")), (code or _("Scheda"), back), (_("Privacy"), "")],
        title=_("Privacy: %(code)s", code=code) if code else _("Privacy"),
        errors=errors or [],
        problems=dict(errors or []),
        typed=request.form,
        notices=[("danger", problem, "")] if problem else [],
        may_change=access.allowed(current.actor, "change", obj),
        today=clock.today().isoformat(),
        urls={name: url_for(f"privacy.{name}", **here) for name in ("notice", "consent", "share")},
        version=in_force.version,
        text=in_force.text,
        outdated=bool(proofs) and proofs[0].version != in_force.version,
        proved=privacy.has_notice(session, subject_id),
        proofs=[_proof(row) for row in proofs],
        ways=_options("how", ((key, pick(label, current.lang)) for key, label in WAYS.items())),
        kinds=_options("kind", ((k, pick(term.label, current.lang)) for k, term in consent_kinds(session).items())),
        consents=answers,
        standing=_options("consent", ((row["id"], row["label"]) for row in answers if row["standing"])),
        sharings=[_shared(row) for row in sharings_of(session, subject_id)],
        bodies=_options("organisation_id", _bodies()),
        bases=_options("basis", ((basis.key, pick(basis.label, current.lang)) for basis in BASES.values())),
    )
    return make_response(page, 422 if errors else 409 if problem else 200)


def _options(name: str, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    return [(value, label, value == request.form.get(name)) for value, label in pairs]


def _proof(row: NoticeGiven) -> dict[str, Any]:
    signed = _("firmata") if row.signed else _("non firmata")
    how = pick(WAYS[row.how], current.lang) if row.how in WAYS else row.how
    sentence = _(
        "%(who)s ha dato la scheda privacy, versione %(version)s: %(how)s, %(signed)s.",
        who=row.who,
        version=row.version,
        how=how.lower(),
        signed=signed,
    )
    return {"sentence": sentence, "when": format_date(row.given_on), "iso": row.given_on.isoformat()}


def _answer(row: Consent) -> dict[str, Any]:
    known = consent_kinds(current.session).get(row.kind)
    standing = row.given and row.withdrawn_on is None
    return {
        "id": str(row.id),
        "label": pick(known.label, current.lang) if known else row.kind,
        "standing": standing,
        "state": ("ok", _("dato")) if standing else ("pause", _("ritirato") if row.given else _("negato")),
        "when": format_date(row.withdrawn_on or row.given_on),
    }


def _shared(row: Sharing) -> dict[str, Any]:
    today = clock.today()
    runs = row.valid_to is None or row.valid_to > today
    label = pick(BASES[row.basis].label, current.lang) if row.basis in BASES else row.basis
    return {
        "id": str(row.id),
        "name": row.organisation,
        "basis": f"{label} ({', '.join(map(str, row.articles))})",
        "note": row.note,
        "start": format_date(row.valid_from),
        "end": format_date(row.valid_to) if row.valid_to else "",
        "state": ("ok", _("in corso")) if runs else ("pause", _("finita")),
        "runs": runs,
    }


def _bodies() -> list[tuple[str, str]]:
    """The bodies that need a basis of their own: those of the register work on the one that it states."""
    registered = registered_bodies(current.session)
    rows = current.session.execute(select(Organisation.id, Organisation.name).order_by(Organisation.name))
    return [(str(id_), name) for id_, name in rows if id_ not in registered]
