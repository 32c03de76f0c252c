"""A form that was sent while the session was locked or over: what was typed is kept, and given back afterwards."""

from __future__ import annotations

from uuid import UUID

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_wtf.csrf import validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse
from wtforms import ValidationError

from core.accounts import kept
from core.accounts.kept import Kept
from core.accounts.security import security
from core.accounts.sessions import Login, current_login, owner_of_cookie, touch
from core.i18n import _
from core.web.account.base import SEE_OTHER, blueprint, done, need_login, show
from core.web.account.pieces import Form, Panel
from core.web.context import RequestContext

#: Name of the button that gives a kept form back: a page that knows it shows its form again instead of saving.
RESUME = "resume"
#: What the machinery of a form posts beside the answers.
MACHINERY = frozenset({"csrf_token", RESUME})
#: A field with one of these words in its name is never kept.
SECRET = ("password", "recovery", "token")
#: Kept forms are short texts, in characters: more is not kept.
LARGEST = 1_000_000
#: Addresses whose requests are no work on a form.
APART = ("/account/", "/api/")


def resumed() -> bool:
    """Whether this request gives a kept form back: it wants to be read again before it is saved."""
    return RESUME in request.form


def keep_forms(app: Flask) -> None:
    """Look at each POST before the forgery check does, and at the end of each request write down who was seen."""
    app.before_request_funcs.setdefault(None, []).insert(0, _keep)
    app.teardown_request(_touch)


def _keep() -> AnyResponse | None:
    """Put by a form that a locked or ended login sent, and lead to the password."""
    if request.method != "POST" or request.path.startswith(APART):
        return None
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return None
    # Not in the request's own session: it would hold the lock that the writing below needs.
    with security().database.read(None) as opened:
        account_id, login = owner_of_cookie(opened), current_login(opened)
    if account_id is None or (login and not login.locked) or not _genuine():
        return None
    with security().database.write(None) as opened:
        kept_id = kept.put(opened, account_id, _posted())
    return redirect(url_for("account.login", next=url_for("account.resume", kept_id=kept_id)), SEE_OTHER)


def _genuine() -> bool:
    """Whether the form carries the token of this browser's cookie, and holds no more than what is kept."""
    try:
        validate_csrf(request.form.get("csrf_token"))
    except (ValidationError, RequestEntityTooLarge):
        return False
    return sum(len(value) for value in request.form.values()) <= LARGEST


def _posted() -> Kept:
    fields = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in MACHINERY and not any(word in name for word in SECRET)
    ]
    return Kept(request.full_path.rstrip("?"), fields, bool(request.files))


def _touch(error: BaseException | None) -> None:
    """Write down that the login was seen, at most once a minute, when the request's own session is over."""
    context: RequestContext | None = g.get("innesto")
    login: Login | None = context.__dict__.get("login") if context and error is None else None
    if context and login and login.to_touch:
        touch(security().database, login, context.district.id if context.district else None)


@blueprint.get("/ripresa/<uuid:kept_id>")
def resume(kept_id: UUID) -> Response:
    """What was typed, and the button that goes on with it."""
    login = need_login()
    with security().database.read(None) as opened:
        found = kept.get(opened, login.account_id, kept_id)
    if found is None:
        text = _("È passato troppo tempo, oppure l'hai già ripreso.")
        panels = [Panel(_("Non c'è più niente da riprendere"), "niente", text=text)]
        return show(_("Quello che avevi scritto"), panels, back=(_("Vai alla prima pagina"), url_for("portal.home")))
    texts = [value for _name, value in found.fields if value.strip() and not value.isdigit()]
    files = _("I file invece vanno scelti di nuovo.") if found.had_files else ""
    hidden = [*found.fields, (RESUME, "1")]
    panels = [
        Panel(
            _("Riprendi da dove eri"),
            "riprendi",
            text=_("La sessione si era chiusa prima di salvare, ma quello che avevi scritto è qui.") + f" {files}",
            form=Form(found.path, _("Riprendi"), hidden=hidden),
            key=True,
        ),
        Panel(_("Quello che avevi scritto"), "testo", codes=texts, form=_forget(kept_id)),
    ]
    return show(_("Sei di nuovo dentro"), panels)


def _forget(kept_id: UUID) -> Form:
    return Form(url_for("account.forget", kept_id=kept_id), _("Butta via"), main=False)


@blueprint.post("/ripresa/<uuid:kept_id>/butta")
def forget(kept_id: UUID) -> AnyResponse:
    """Forget what was kept."""
    login = need_login()
    with security().database.write(None) as opened:
        kept.drop(opened, login.account_id, kept_id)
    return done(_("Non c'è più."), "account.profile")
