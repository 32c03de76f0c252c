"""Login and logout. Every answer to a failed login is the same, whoever was named and whatever was wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from core.access.forms import LoginForm, safe_next
from core.access.queries import folded_email
from core.access.session import account_settings
from core.i18n import _

if TYPE_CHECKING:
    from core.access.security import AccountSecurity

SEE_OTHER = 303
#: Where ``configure_accounts`` leaves the login machinery.
LOGIN = "innesto_login"
UNPROCESSABLE, TOO_LARGE, TOO_MANY = 422, 413, 429

blueprint = Blueprint("account", __name__, url_prefix="/account")


def security() -> AccountSecurity:
    """The login machinery of the running application."""
    return cast("AccountSecurity", current_app.extensions[LOGIN])


@blueprint.url_value_preprocessor
def limit_body(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A login is small; what is larger is refused before anything, the forgery check included, reads it."""
    request.max_content_length = account_settings().largest_body


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps a page about an account."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/accedi")
def login() -> str:
    """The login page."""
    return _page(LoginForm(formdata=None, data={"next": request.args.get("next", "")}))


@blueprint.post("/accedi")
def sign_in() -> AnyResponse:
    """Sign in and go on to ``next``; else the form again, with 422, or 429 after too many attempts."""
    form = LoginForm()
    if not form.validate_on_submit():
        return _again(form, "", UNPROCESSABLE)
    email, address = folded_email(form.email.data or ""), request.remote_addr or ""
    if not security().throttle.admit(email, address):
        return _wait(form)
    account = security().verified(email, form.password.data or "")
    if account is None:
        return _again(form, _("L'indirizzo email o la password non sono giusti."), UNPROCESSABLE)
    security().start_session(account, address)
    return redirect(safe_next(form.next.data) or account_settings().home, SEE_OTHER)


@blueprint.post("/esci")
def logout() -> AnyResponse:
    """Sign out."""
    security().end_session()
    return redirect(url_for("account.logged_out"), SEE_OTHER)


@blueprint.get("/uscita")
def logged_out() -> str:
    """The page after a logout."""
    return render_template(
        "account/logged_out.html", login=url_for("account.login"), home=account_settings().home, reason=""
    )


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Response:
    """Somebody sent megabytes as a password: say so, without reading them."""
    message = _("Hai inviato troppi dati: l'indirizzo e la password sono testi brevi.")
    return _again(LoginForm(formdata=None), message, TOO_LARGE)


def _wait(form: LoginForm) -> Response:
    minutes = math.ceil(account_settings().window.total_seconds() / 60)
    response = _again(form, _("Troppi tentativi. Riprova tra %(count)s minuti.", count=minutes), TOO_MANY)
    response.headers["Retry-After"] = str(minutes * 60)
    return response


def _again(form: LoginForm, problem: str, status: int) -> Response:
    return make_response(_page(form, problem), status)


def _page(form: LoginForm, problem: str = "") -> str:
    fields = form.described()
    errors = [(field["id"], field["error"]) for field in fields if field["error"]]
    return render_template(
        "account/login.html",
        action=url_for("account.sign_in"),
        fields=fields,
        errors=[(fields[0]["id"], problem)] if problem else errors,
        next=safe_next(form.next.data) or "",
        demo_accounts=account_settings().demo_accounts(),
    )
