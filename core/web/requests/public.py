"""The form with which anybody exercises a right over the own data, and the page that tells how the request stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from core.errors import Conflict, Invalid
from core.i18n import _, pick
from core.privacy.requests import operations as requests
from core.privacy.requests import queries as requests_queries
from core.privacy.requests.terms import KINDS, STATES
from core.web.context import current, reads
from core.web.dates import format_date
from core.web.requests import guard
from core.web.routing import public_route

bp = Blueprint("requests_public", __name__)
bp.url_value_preprocessor(guard.limit_body)
FORM, CODE = "subject-request", "request-code"
#: How many in a quarter of an hour one address may send, and how many codes it may try.
FORMS_PER_ADDRESS, CODES_PER_ADDRESS = 10, 20
CONFLICT, UNPROCESSABLE = 409, 422
FIELDS = ("kind", "name", "contact", "text")


@bp.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps a page on which somebody writes about themselves."""
    response.headers["Cache-Control"] = "no-store"
    return response


@public_route(bp, "/privacy/richiesta", endpoint="form", methods=["GET"])
def form() -> str:
    """The empty form."""
    return _form({})


@public_route(bp, "/privacy/richiesta", endpoint="send", methods=["POST"])
def send() -> Response:
    """Take the request and tell its code, once; else the form again with what is wrong."""
    mark, problem, refused = guard.sent(FORM, per_address=FORMS_PER_ADDRESS)
    if not mark:
        return _again(problem, refused)
    try:
        found, code = requests.submit(current.session, actor=current.actor, form=mark, **_typed())
    except Invalid as error:
        return make_response(_form({e.field: e.message for e in error.errors}), UNPROCESSABLE)
    except Conflict:
        return _again(_("Questa richiesta è già arrivata: non serve inviarla di nuovo."), CONFLICT)
    page = render_template(
        "requests/receipt.html",
        trail=_trail(_("Richiesta ricevuta")),
        number=found.number,
        code=code,
        due=format_date(found.due_on),
        status_url=url_for("requests_public.status"),
    )
    return make_response(page, 201)


@public_route(bp, "/privacy/richiesta/stato", endpoint="status", methods=["GET"])
def status() -> str:
    """Ask for the code. It is never part of an address."""
    return _status()


@public_route(bp, "/privacy/richiesta/stato", endpoint="ask", methods=["POST"])
@reads
def ask() -> Response:
    """How the request stands. A wrong code and an expired one get the same answer."""
    mark, problem, refused = guard.sent(CODE, per_address=CODES_PER_ADDRESS)
    if not mark:
        return make_response(_status(problem), refused)
    found = requests_queries.status_by_code(current.session, request.form.get("code", ""))
    if found is None:
        return make_response(_status(_("Il codice non è giusto, oppure è scaduto.")), UNPROCESSABLE)
    facts = [
        (_("Numero"), found.number),
        (_("Che cosa hai chiesto"), str(KINDS[found.kind])),
        (_("A che punto è"), str(STATES[found.state])),
        (_("Rispondiamo entro"), format_date(found.deadline.due_on) if found.deadline.open else ""),
    ]
    title = _("La tua richiesta")
    page = render_template(
        "requests/found.html", trail=_trail(title), title=title, facts=facts, deadline=found.deadline
    )
    return make_response(page)


def _typed() -> dict[str, Any]:
    """What was written, without the control characters that PostgreSQL refuses."""
    return {name: "".join(c for c in request.form.get(name, "") if c.isprintable() or c in "\n\r") for name in FIELDS}


def _again(problem: str, code: int) -> Response:
    return make_response(_form({"": problem}), code)


def _form(errors: Mapping[str, str]) -> str:
    values = _typed() if request.method == "POST" else dict.fromkeys(FIELDS, "")
    return render_template(
        "requests/form.html",
        trail=_trail(_("Chiedi dei tuoi dati")),
        action=url_for("requests_public.send"),
        token=guard.form_token(FORM),
        fields=request_fields(values, errors),
        errors=list(errors.items()),
        status_url=url_for("requests_public.status"),
    )


def request_fields(values: Mapping[str, str], errors: Mapping[str, str], *, desk: bool = False) -> list[dict[str, Any]]:
    """The questions of a request, to who makes it or, at the ``desk``, to who writes it down."""
    what = _("Che cosa chiede la persona?") if desk else _("Che cosa chiedi?")
    answer = _("Come le rispondiamo?") if desk else _("Come ti rispondiamo?")
    more = _("Che cosa c’è da sapere") if desk else _("Spiega meglio")
    kinds = [(key, str(label), key == values["kind"]) for key, label in KINDS.items()]
    contact = _("Un numero di telefono o un indirizzo e-mail.")
    text = _("Serve solo per correggere un dato. Non scrivere più di quello che serve.")
    found: list[dict[str, Any]] = [
        {"name": "kind", "type": "choice", "label": what, "options": kinds},
        {"name": "name", "type": "text", "label": _("Nome e cognome"), "autocomplete": "name", "max_length": 200},
        {"name": "contact", "type": "text", "label": answer, "hint": contact, "max_length": 254},
        {"name": "text", "type": "long_text", "label": more, "hint": text, "max_length": 5000},
    ]
    found[-1]["optional"] = True
    return [{"id": f["name"], "value": values[f["name"]], "error": errors.get(f["name"], ""), **f} for f in found]


def _status(problem: str = "") -> str:
    label = _("Codice della richiesta")
    field = {"name": "code", "id": "code", "type": "text", "label": label, "max_length": 60, "autocomplete": "off"}
    return render_template(
        "requests/status.html",
        trail=_trail(_("Segui la tua richiesta")),
        action=url_for("requests_public.ask"),
        token=guard.form_token(CODE),
        field={**field, "value": "", "error": problem},
        errors=[("code", problem)] if problem else [],
        form_url=url_for("requests_public.form"),
    )


def _trail(page: str) -> list[tuple[str, str]]:
    return [(pick(current.here.name, current.lang), url_for("district.home")), (page, "")]
