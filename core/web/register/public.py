"""A company registers itself: a form, a link in a mail, then the district decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from core.accounts import registrations
from core.errors import Invalid, Refused
from core.i18n import _, pick
from core.web.context import current
from core.web.requests import guard
from core.web.routing import public_route

bp = Blueprint("register_public", __name__)
bp.url_value_preprocessor(guard.limit_body)
FORM, LINK = "company-registration", "company-link"
#: How many in a quarter of an hour one address may send, and how many links it may try.
FORMS_PER_ADDRESS, LINKS_PER_ADDRESS = 5, 20
CONFLICT, UNPROCESSABLE = 409, 422
FIELDS = ("vat_number", "company", "name", "email")


@bp.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps what a company wrote."""
    response.headers["Cache-Control"] = "no-store"
    return response


@public_route(bp, "/registrazione-azienda", endpoint="form", methods=["GET"])
def form() -> str:
    """The empty form."""
    return _form({})


@public_route(bp, "/registrazione-azienda", endpoint="send", methods=["POST"])
def send() -> Response:
    """Take the form; the answer is the same for a company that is known and for one that is not."""
    mark, problem, code = guard.sent(FORM, per_address=FORMS_PER_ADDRESS)
    if not mark:
        return _again(problem, code)
    try:
        registrations.register(current.session, link=_link, **_typed())
    except Invalid as error:
        return make_response(_form({e.field: e.message for e in error.errors}), UNPROCESSABLE)
    text = _("Ti abbiamo mandato un'e-mail: segui il collegamento per confermare l'indirizzo. Vale tre giorni.")
    return make_response(_told(_("Controlla la posta"), text), 201)


@public_route(bp, "/registrazione-azienda/conferma/<code>", endpoint="link", methods=["GET"])
def link(code: str) -> str:
    """Ask for a press: programs that look into mails follow links, people press buttons."""
    return _link_page(code)


@public_route(bp, "/registrazione-azienda/conferma/<code>", endpoint="confirm", methods=["POST"])
def confirm(code: str) -> Response:
    """Confirm the address."""
    mark, problem, status = guard.sent(LINK, per_address=LINKS_PER_ADDRESS)
    if not mark:
        return make_response(_link_page(code, problem), status)
    try:
        registrations.confirm(current.session, code, url=url_for("register.index"))
    except Refused as error:
        return make_response(_link_page(code, error.message), CONFLICT)
    text = _("Ora il servizio controlla i dati dell'azienda. Ti scriviamo quando ha deciso.")
    return make_response(_told(_("Indirizzo confermato"), text))


def _link(code: str) -> str:
    return current.installation.settings.origin + url_for("register_public.link", code=code)


def _typed() -> dict[str, str]:
    return {name: "".join(c for c in request.form.get(name, "") if c.isprintable()) for name in FIELDS}


def _again(problem: str, code: int) -> Response:
    return make_response(_form({"": problem}), code)


def _form(errors: Mapping[str, str]) -> str:
    values = _typed() if request.method == "POST" else dict.fromkeys(FIELDS, "")
    return render_template(
        "register/form.html",
        trail=_trail(),
        action=url_for("register_public.send"),
        token=guard.form_token(FORM),
        fields=_fields(values, errors),
        errors=list(errors.items()),
    )


def _fields(values: Mapping[str, str], errors: Mapping[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": "vat_number", "type": "text", "label": _("Partita IVA"), "hint": _("Undici cifre."), "max_length": 20},
        {"name": "company", "type": "text", "label": _("Nome dell'azienda"), "max_length": 200},
        {"name": "name", "type": "text", "label": _("Nome e cognome del referente"), "max_length": 120},
        {"name": "email", "type": "email", "label": _("E-mail"), "max_length": 254, "autocomplete": "email"},
    ]
    found[1]["autocomplete"], found[2]["autocomplete"] = "organization", "name"
    return [{"id": f["name"], "value": values[f["name"]], "error": errors.get(f["name"], ""), **f} for f in found]


def _link_page(code: str, problem: str = "") -> str:
    return render_template(
        "register/link.html",
        trail=_trail(),
        action=url_for("register_public.confirm", code=code),
        token=guard.form_token(LINK),
        problem=problem,
        form_url=url_for("register_public.form"),
    )


def _told(title: str, text: str) -> str:
    return render_template("register/told.html", trail=_trail(), title=title, text=text)


def _trail() -> list[tuple[str, str]]:
    return [(pick(current.here.name, current.lang), url_for("district.home")), (_("Registra l'azienda"), "")]
