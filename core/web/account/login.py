"""Signing in and out. Every answer to a failed login is the same, whoever was named and whatever was wrong."""

from __future__ import annotations

from uuid import UUID

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core.access.models import Account
from core.access.queries import folded_email
from core.accounts import passwords, secondfactor, sessions
from core.accounts.security import PASSWORD, RECOVERY, TELEPHONE, SecurityAccount, security
from core.accounts.sessions import account_settings
from core.accounts.throttle import CODE
from core.i18n import _
from core.web.account.base import (
    CONFLICT,
    SEE_OTHER,
    UNPROCESSABLE,
    admitted,
    attempt,
    blueprint,
    following,
    go_to,
    hidden_next,
    home_of,
    login_of_request,
    show,
    too_many,
    typed,
)
from core.web.account.forms import LoginForm
from core.web.account.pieces import Form, Panel
from core.web.outcomes import Outcome
from core.web.questions import field


@blueprint.get("/accedi")
def login() -> AnyResponse:
    """The login page; the password alone where the session is only locked."""
    found = login_of_request()
    if found is not None and found.locked:
        return redirect(url_for("account.unlock", next=following() or None), SEE_OTHER)
    return _login_page(LoginForm(formdata=None, data={"next": request.args.get("next", "")}))


@blueprint.post("/accedi")
def sign_in() -> AnyResponse:
    """Sign in and go on to ``next``, by the code of the telephone where there is one; else the form again."""
    form = LoginForm()
    if not form.validate_on_submit():
        return _login_page(form, Outcome(status=UNPROCESSABLE))
    email = folded_email(form.email.data or "")
    if not admitted(email):
        return _login_page(form, too_many())
    account = security().verified(email, form.password.data or "")
    if account is None:
        text = _("L'indirizzo email o la password non sono giusti.")
        return _login_page(form, Outcome(problem=text, status=UNPROCESSABLE))
    with security().database.write(None) as opened:
        security().throttle.forgive(opened, email, request.remote_addr or "")
        asks = secondfactor.is_set_up(opened, account.key)
    if asks:
        security().wait_for_second_step(account.key)
        return redirect(url_for("account.second_step", next=following() or None), SEE_OTHER)
    return enter(account.key, (PASSWORD,))


def enter(account_id: UUID, methods: tuple[str, ...]) -> AnyResponse:
    """Begin the session and go on: first to set up the second step, where a role gives nothing without."""
    target = following()
    passed = security().sign_in(account_id, methods)
    if not passed and secondfactor.is_demanded(security().database, account_id):
        return redirect(url_for("account.second_factor", next=target or None), SEE_OTHER)
    return redirect(target or home_of(account_id), SEE_OTHER)


def _login_page(form: LoginForm, outcome: Outcome | None = None) -> Response:
    outcome = outcome or Outcome()
    fields = form.described()
    errors = [(item["id"], item["error"]) for item in fields if item["error"]]
    return show(
        _("Accedi"),
        [],
        Outcome(dict(errors) if errors and not outcome.problem else {}, outcome.problem, outcome.status),
        template="account/login.html",
        action=url_for("account.sign_in"),
        fields=fields,
        next=following(),
        forgotten=url_for("account.forgotten"),
        demo_accounts=account_settings().demo_accounts(),
    )


# --- the second step ---


@blueprint.get("/codice")
def second_step() -> AnyResponse:
    """Ask for the code of the telephone."""
    _waiting()
    return _second_step_page()


@blueprint.post("/codice")
def give_code() -> AnyResponse:
    """Take a code of the telephone, or a recovery code, and sign in."""
    account = _waiting()
    who = str(account.id)
    if not admitted(who, CODE):
        return _second_step_page(too_many())
    method = RECOVERY if typed("recovery") else TELEPHONE
    outcome = attempt(lambda: _take(account, method))
    if not outcome.done:
        return _second_step_page(Outcome(problem=outcome.problem, status=UNPROCESSABLE))
    return enter(account.key, (PASSWORD, method))


def _take(account: SecurityAccount, method: str) -> None:
    with security().database.write(None) as opened:
        if method == RECOVERY:
            secondfactor.use_recovery_code(opened, opened.get_one(Account, account.id), typed("recovery"))
        else:
            secondfactor.accept_code(opened, account.key, typed("code"))
        security().throttle.forgive(opened, str(account.id), request.remote_addr or "", CODE)


def _waiting() -> SecurityAccount:
    account = security().second_step()
    if account is None:
        go_to("account.login", next=following() or None)
    return account


def _second_step_page(outcome: Outcome | None = None) -> Response:
    action = url_for("account.give_code")
    hint = _("Le sei cifre che l'app del telefono mostra adesso.")
    code = field("code", _("Codice del telefono"), "integer", hint=hint, autocomplete="one-time-code", max_length=10)
    spare = field("recovery", _("Codice di riserva"), autocomplete="off", max_length=40)
    panels = [
        Panel(_("Il codice"), "codice", form=Form(action, _("Entra"), [code], hidden_next()), key=True),
        Panel(
            _("Non hai il telefono?"),
            "riserva",
            text=_(
                "Usa un codice di riserva. Se non ne hai, chiedi a chi amministra di azzerare il secondo passaggio."
            ),
            form=Form(action, _("Entra con il codice di riserva"), [spare], hidden_next(), main=False),
        ),
    ]
    return show(_("Secondo passaggio"), panels, outcome, back=(_("Ricomincia"), url_for("account.login")))


# --- locked ---


@blueprint.get("/sblocca")
def unlock() -> AnyResponse:
    """Ask for the password alone: the session is still there."""
    found = login_of_request()
    if found is None:
        return redirect(url_for("account.login", next=following() or None), SEE_OTHER)
    if not found.locked:
        return redirect(following() or home_of(found.account_id), SEE_OTHER)
    return _unlock_page()


@blueprint.post("/sblocca")
def give_password() -> AnyResponse:
    """Go on with the session, where the password is right."""
    found = login_of_request()
    if found is None:
        return redirect(url_for("account.login", next=following() or None), SEE_OTHER)
    with security().database.read(None) as opened:
        email = opened.get_one(Account, found.account_id).email
    if not admitted(email):
        return _unlock_page(too_many())
    if security().verified(email, request.form.get("password", "")[: passwords.LONGEST + 1]) is None:
        error = {"password": _("La password non è giusta.")}
        return _unlock_page(Outcome(error, status=UNPROCESSABLE))
    with security().database.write(None) as opened:
        security().throttle.forgive(opened, email, request.remote_addr or "")
        sessions.unlock(opened, found.session_id)
    return redirect(following() or home_of(found.account_id), SEE_OTHER)


def _unlock_page(outcome: Outcome | None = None) -> Response:
    fields = [field("password", _("Password"), "password", autocomplete="current-password")]
    form = Form(url_for("account.give_password"), _("Riprendi"), fields, hidden_next())
    lead = _("Non hai usato il portale per un po'. Scrivi la password per riprendere da dove eri.")
    leave = Form(url_for("account.logout"), _("Esci"), main=False)
    panels = [
        Panel(_("La tua password"), "password-tua", form=form, key=True),
        Panel(_("Non sei tu?"), "esci", text=_("Chiudi la sessione: poi può entrare un'altra persona."), form=leave),
    ]
    return show(_("La sessione è bloccata"), panels, outcome, lead=lead)


@blueprint.post("/blocca")
def lock() -> AnyResponse:
    """Lock the session now, leaving the computer."""
    found = login_of_request()
    if found is not None:
        with security().database.write(None) as opened:
            sessions.lock(opened, found.session_id)
    return redirect(url_for("account.unlock", next=following() or None), SEE_OTHER)


@blueprint.post("/ancora")
def extend() -> AnyResponse:
    """Somebody is still there: the session goes on. 204, or 409 where it is locked or over already."""
    found = login_of_request()
    if found is None or found.locked:
        return Response(status=CONFLICT)
    sessions.touch(security().database, found, None)
    return Response(status=204)


# --- out ---


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
