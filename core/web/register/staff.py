"""Who administers the accounts of the district decides on companies that asked for one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core.accounts import registrations
from core.accounts.links import Link
from core.accounts.registration_models import CompanyRegistration
from core.accounts.sessions import account_settings
from core.errors import Invalid, Refused
from core.i18n import _
from core.web.context import current
from core.web.dates import format_date
from core.web.routing import staff_route

bp = Blueprint("register", __name__)
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422


@bp.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps who asked."""
    response.headers["Cache-Control"] = "no-store"
    return response


@staff_route(bp, "/registrazioni", endpoint="index", methods=["GET"])
def index() -> str:
    """The companies that wait."""
    return _index()


@staff_route(bp, "/registrazioni/<uuid:row_id>", endpoint="decide", methods=["POST"])
def decide(row_id: UUID) -> AnyResponse:
    """Approve one, or refuse it with a reason."""
    row = registrations.registration_of(current.session, row_id, actor=current.actor)
    try:
        if request.form.get("decision") == "approve":
            registrations.approve(current.session, row, actor=current.actor, link=_invitation())
            said = _("L'azienda è approvata: il referente riceve l'invito.")
        else:
            registrations.refuse(current.session, row, actor=current.actor, reason=request.form.get("reason", ""))
            said = _("La richiesta è respinta. Telefona all'azienda e di' il motivo.")
    except Invalid as error:
        return _problem(" ".join(e.message for e in error.errors), UNPROCESSABLE)
    except Refused as error:
        return _problem(error.message, CONFLICT)
    flash(said, "success")
    return redirect(url_for("register.index"), SEE_OTHER)


def _invitation() -> Link:
    """Where the mail to the contact person leads."""
    origin = current.installation.settings.origin
    return Link(lambda code: origin + url_for("account.invitation", code=code), account_settings().invitation_lifetime)


def _problem(text: str, status: int) -> Response:
    current.session.rollback()
    return make_response(_index(text), status)


def _index(problem: str = "") -> str:
    rows = registrations.waiting(current.session, actor=current.actor)
    return render_template("register/queue.html", items=[_item(row) for row in rows], problem=problem)


def _item(row: CompanyRegistration) -> dict[str, Any]:
    name, email = registrations.contact_of(current.session, row)
    known = registrations.known_company(current.session, row) is not None
    facts = [
        (_("Partita IVA"), row.vat_number),
        (_("Referente"), name),
        (_("E-mail, confermata"), email),
        (_("Arrivata"), format_date(row.created_at)),
    ]
    return {
        "id": row.id,
        "company": row.company,
        "facts": facts,
        "known": known,
        "reason": {
            "name": "reason",
            "id": f"reason-{row.id}",
            "type": "long_text",
            "label": _("Motivo"),
            "hint": _("L'e-mail non lo dice: telefona all'azienda."),
            "max_length": 500,
            "value": "",
        },
    }
