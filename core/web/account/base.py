"""What the pages of accounts share: language, frame, who is signed in, how a refusal is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NoReturn
from urllib.parse import urlencode
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    get_flashed_messages,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from core.access.models import Account
from core.accounts.codes import CodeUnusable
from core.accounts.links import Link
from core.accounts.security import security
from core.accounts.sessions import Login, account_settings
from core.accounts.throttle import ACCOUNT
from core.i18n import DEFAULT, LANGUAGES, _
from core.web import outcomes
from core.web.account.forms import safe_next
from core.web.account.pieces import Panel
from core.web.context import current
from core.web.outcomes import Outcome

SEE_OTHER, CONFLICT, GONE, TOO_LARGE, UNPROCESSABLE, TOO_MANY = 303, 409, 410, 413, 422, 429
LANG = "lang"

blueprint = Blueprint("account", __name__, url_prefix="/account")


@blueprint.url_value_preprocessor
def prepare(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """These forms are small; what is larger is refused before anything, the forgery check included, reads it."""
    request.max_content_length = account_settings().largest_body
    current.address_lang = choose_language()


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps a page about an account, and no other site learns its address."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer" if "code" in (request.view_args or {}) else "same-origin"
    return response


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Response:
    """Somebody sent megabytes as a password: say so, without reading them."""
    text = _("Hai inviato troppi dati: l'indirizzo e la password sono testi brevi.")
    return show(
        _("Accedi"),
        [],
        Outcome(problem=text, status=TOO_LARGE),
        lead="",
        back=(_("Torna ad accedere"), url_for("account.login")),
    )


def attempt(action: Callable[[], object]) -> Outcome:
    """Carry out an action; a code that serves no more is gone."""
    return outcomes.attempt(action, {CodeUnusable: GONE})


def choose_language() -> str:
    """The language that was asked for, else the profile's, else the browser's, among those of the portal."""
    asked = request.args.get(LANG, "")
    if asked in LANGUAGES:
        session[LANG] = asked
    kept = session.get(LANG)
    if kept in LANGUAGES:
        return str(kept)
    if current.actor.language in LANGUAGES:
        return current.actor.language
    return request.accept_languages.best_match(list(LANGUAGES)) or DEFAULT


def login_of_request() -> Login | None:
    """The login of this request, locked or not."""
    return current.login


def need_login() -> Login:
    """The login of this request; else a visit to the login page first, and back here."""
    login = login_of_request()
    if login is None or login.locked:
        go_to("account.login", next=request.path if request.method == "GET" else url_for("account.profile"))
    return login


def go_to(endpoint: str, **values: Any) -> NoReturn:
    """End this request with another page."""
    abort(redirect(url_for(endpoint, **values), SEE_OTHER))


def account_of(opened: Session, login: Login) -> Account:
    """The account that is signed in."""
    return opened.get_one(Account, login.account_id)


def done(message: str, endpoint: str, **values: Any) -> AnyResponse:
    """Say what was done on the page that comes next."""
    flash(message, "success")
    return redirect(url_for(endpoint, **values), SEE_OTHER)


def admitted(who: str, kind: str = ACCOUNT) -> bool:
    """Count one attempt of this browser's address on ``who``; false after too many."""
    return security().throttle.admit(who, request.remote_addr or "", kind)


def too_many() -> Outcome:
    """Somebody has tried too often."""
    minutes = math.ceil(account_settings().window.total_seconds() / 60)
    return Outcome(problem=_("Troppi tentativi. Riprova tra %(count)s minuti.", count=minutes), status=TOO_MANY)


def typed(name: str) -> str:
    """What was written in a field, on one line."""
    return "".join(c for c in request.form.get(name, "") if c.isprintable()).strip()


def link_to(endpoint: str, lifetime: Any) -> Link:
    """How a code becomes the address in a mail."""
    origin = current.installation.settings.origin
    return Link(lambda code: origin + url_for(endpoint, code=code), lifetime)


def show(
    title: str,
    panels: Sequence[Panel],
    outcome: Outcome | None = None,
    *,
    template: str = "account/page.html",
    username: str = "",
    **content: Any,
) -> Response:
    """A page made of panels, with what went wrong above them. ``username``: whose passwords its forms ask for."""
    outcome = outcome or Outcome()
    errors = list((outcome.errors or {}).items()) or ([("", outcome.problem)] if outcome.problem else [])
    flashed: Iterable[Any] = get_flashed_messages(with_categories=True)
    notices = [(kind, text, "") for kind, text in flashed]
    facts = {"notices": notices, "languages": list(_other_languages()), **content}
    who = username or _username()
    drawn = [_marked(panel, outcome).for_user(who) for panel in panels]
    page = render_template(template, title=title, panels=drawn, errors=errors, **facts)
    response = make_response(page, outcome.status)
    if outcome.status == TOO_MANY:
        response.headers["Retry-After"] = str(int(account_settings().window.total_seconds()))
    return response


def _username() -> str:
    """The address of who is signed in, locked or not."""
    if current.login is None:
        return ""
    with security().database.read(None) as opened:
        return account_of(opened, current.login).email


def _marked(panel: Panel, outcome: Outcome) -> Panel:
    errors = outcome.errors or {}
    return panel.with_errors(errors) if errors else panel


def _other_languages() -> Iterator[tuple[str, str, str]]:
    if request.method != "GET":
        return
    for code, name in LANGUAGES.items():
        if code != current.lang:
            asked = {**request.args.to_dict(), LANG: code}
            yield code, name, f"{request.path}?{urlencode(asked)}"


def home_of(account_id: UUID) -> str:
    """Where an account begins its work."""
    settings = account_settings()
    return settings.home_of(account_id) or settings.home


def following() -> str:
    """Where to go after this form: a path of this host, or empty."""
    return safe_next(request.values.get("next")) or ""


def hidden_next() -> list[tuple[str, str]]:
    """``next`` to be sent on with the form."""
    target = following()
    return [("next", target)] if target else []
