"""Pages that a mail leads to: invitation, forgotten password, new address.

The code of the address is taken into the session at once, so that it stands in no page's address afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Response, redirect, request, session, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from core.access.models import Account
from core.access.queries import folded_email
from core.accounts import codes, links, passwords
from core.accounts.security import PASSWORD, security
from core.accounts.sessions import account_settings
from core.accounts.throttle import LINK, RESET
from core.i18n import _
from core.web.account.base import GONE, SEE_OTHER, admitted, attempt, blueprint, done, link_to, show, too_many, typed
from core.web.account.login import enter
from core.web.account.pieces import Form, Panel
from core.web.outcomes import Outcome
from core.web.questions import Field, field

#: Where the code waits between the mail and the form.
CODE = "link_code"


def _take_code(code: str, endpoint: str) -> AnyResponse:
    session[CODE] = code[: codes.LONGEST]
    return redirect(url_for(endpoint), SEE_OTHER)


def _code() -> str:
    return str(session.get(CODE, ""))


def _good(purpose: str) -> tuple[Account | None, Outcome]:
    """The account of the code that was followed, or what is wrong with the code."""
    if not admitted("", LINK):
        return None, too_many()
    found: list[Account] = []
    with security().database.read(None) as opened:
        outcome = attempt(lambda: found.append(codes.find(opened, purpose, _code())[1]))
    if not outcome.done:
        return None, outcome
    with security().database.write(None) as opened:
        security().throttle.forgive(opened, "", request.remote_addr or "", LINK)
    return found[0], outcome


# --- invitation ---


@blueprint.get("/invito/<code>")
def invitation(code: str) -> AnyResponse:
    """Follow an invitation."""
    return _take_code(code, "account.activate")


@blueprint.get("/invito")
def activate() -> Response:
    """Choose the name and the first password, or learn why the invitation does not serve."""
    account, outcome = _good(codes.INVITATION)
    return _invitation_page(account) if account else _no_invitation(outcome)


@blueprint.post("/invito")
def accept() -> AnyResponse:
    """Take the invitation up, sign in and go on."""
    account, outcome = _good(codes.INVITATION)
    if account is None:
        return _no_invitation(outcome)
    outcome = _with_password(
        account, lambda opened, stored: links.activate(opened, _code(), name=typed("name"), password_hash=stored)
    )
    if not outcome.done:
        return _no_invitation(outcome) if outcome.status == GONE else _invitation_page(account, outcome)
    return enter(account.id, (PASSWORD,))


def _invitation_page(account: Account, outcome: Outcome | None = None) -> Response:
    name = typed("name") if request.method == "POST" else account.name
    fields = [
        field("name", _("Nome e cognome"), value=name, max_length=120, autocomplete="name"),
        *password_fields(_("Password")),
    ]
    form = Form(url_for("account.accept"), _("Entra nel portale"), fields)
    lead = _("Scegli la password con cui entri da oggi in poi. La conosci solo tu.")
    panels = [Panel(_("Il tuo account"), "account", facts=[(_("Indirizzo email"), account.email)], form=form, key=True)]
    return show(_("Benvenuta, benvenuto"), panels, outcome, lead=lead, username=account.email)


def _no_invitation(outcome: Outcome) -> Response:
    text = _("Chiedi un invito nuovo a chi ti ha invitato: può mandarlo di nuovo con un pulsante.")
    used = _("Se hai già scelto la password, entra con quella.")
    panels = [
        Panel(_("Che cosa puoi fare"), "fare", text=f"{text} {used}", links=[(_("Accedi"), url_for("account.login"))])
    ]
    return show(_("L'invito non vale"), panels, outcome, lead="")


# --- forgotten password ---


@blueprint.get("/password-dimenticata")
def forgotten() -> Response:
    """Ask for a mail."""
    return _forgotten_page()


@blueprint.post("/password-dimenticata")
def send_reset() -> Response:
    """Send it where there is an account; the answer is the same, after the same time, where there is none."""
    begun, settings = time.monotonic(), account_settings()
    email = folded_email(typed("email"))
    if not email:
        return _forgotten_page(Outcome({"email": _("Scrivi il tuo indirizzo email.")}, status=422))
    if not admitted(email, RESET):
        return _forgotten_page(too_many())
    with security().database.write(None) as opened:
        links.ask_reset(opened, email, link=link_to("account.follow_reset", settings.reset_lifetime))
    time.sleep(max(0.0, settings.reset_answer.total_seconds() - (time.monotonic() - begun)))
    minutes = int(settings.reset_lifetime.total_seconds() // 60)
    text = _(
        "Se c'è un account con questo indirizzo, tra poco arriva un messaggio. Il collegamento vale %(count)s minuti.",
        count=minutes,
    )
    again = _("Se non arriva, guarda nella posta indesiderata o chiedi a chi amministra il tuo territorio.")
    panels = [Panel(_("Che cosa succede ora"), "ora", text=f"{text} {again}")]
    return show(_("Guarda la posta"), panels, lead="", back=(_("Torna ad accedere"), url_for("account.login")))


def _forgotten_page(outcome: Outcome | None = None) -> Response:
    fields = [field("email", _("Indirizzo email"), "email", typed("email"), max_length=254, autocomplete="username")]
    form = Form(url_for("account.send_reset"), _("Manda il messaggio"), fields)
    panels = [Panel(_("Il tuo indirizzo"), "indirizzo", form=form, key=True)]
    lead = _("Ti mandiamo un collegamento per scegliere una password nuova.")
    back = (_("Torna ad accedere"), url_for("account.login"))
    return show(_("Password dimenticata"), panels, outcome, lead=lead, back=back)


@blueprint.get("/password/<code>")
def follow_reset(code: str) -> AnyResponse:
    """Follow the mail of a forgotten password."""
    return _take_code(code, "account.new_password")


@blueprint.get("/password-nuova")
def new_password() -> Response:
    """Choose a new password, or learn why the link does not serve."""
    account, outcome = _good(codes.RESET)
    return _reset_page(account) if account else _no_reset(outcome)


@blueprint.post("/password-nuova")
def reset() -> AnyResponse:
    """Store it; every session of the account ends, and the login asks for it and for the second step."""
    account, outcome = _good(codes.RESET)
    if account is None:
        return _no_reset(outcome)
    outcome = _with_password(
        account, lambda opened, stored: links.reset_password(opened, _code(), password_hash=stored)
    )
    if not outcome.done:
        return _no_reset(outcome) if outcome.status == GONE else _reset_page(account, outcome)
    session.clear()
    return done(_("La password è cambiata. Entra con quella nuova."), "account.login")


def _reset_page(account: Account, outcome: Outcome | None = None) -> Response:
    form = Form(url_for("account.reset"), _("Salva la password"), password_fields(_("Password nuova")))
    panels = [Panel(_("La password"), "nuova", form=form, key=True)]
    return show(_("Scegli una password nuova"), panels, outcome, username=account.email)


def _no_reset(outcome: Outcome) -> Response:
    text = _("Chiedi un altro messaggio: ne arriva uno con un collegamento nuovo.")
    again = [(_("Chiedi un altro messaggio"), url_for("account.forgotten"))]
    return show(
        _("Il collegamento non vale"), [Panel(_("Che cosa puoi fare"), "fare", text=text, links=again)], outcome
    )


# --- a new address ---


@blueprint.get("/indirizzo/<code>")
def follow_email(code: str) -> AnyResponse:
    """Follow the mail that a new address gets."""
    return _take_code(code, "account.new_email")


@blueprint.get("/indirizzo-nuovo")
def new_email() -> Response:
    """Ask whether it is to be the account's address: a mail program that opens links changes nothing."""
    account, outcome = _good(codes.EMAIL)
    if account is None:
        return _no_email(outcome)
    form = Form(url_for("account.confirm_email"), _("Sì, usa questo indirizzo"))
    text = _("Da quando confermi, entri nel portale con l'indirizzo nuovo.")
    return show(_("Conferma l'indirizzo"), [Panel(_("Conferma"), "conferma", text=text, form=form, key=True)])


@blueprint.post("/indirizzo-nuovo")
def confirm_email() -> AnyResponse:
    """Give the account its new address."""
    with security().database.write(None) as opened:
        outcome = attempt(lambda: links.confirm_email(opened, _code()))
    if not outcome.done:
        return _no_email(outcome)
    session.pop(CODE, None)
    return done(_("L'indirizzo è cambiato."), "account.profile")


def _no_email(outcome: Outcome) -> Response:
    text = _("Il tuo indirizzo è rimasto quello di prima. Dal profilo puoi chiedere un altro messaggio.")
    profile = [(_("Vai al profilo"), url_for("account.profile"))]
    problem = outcome.problem or " ".join((outcome.errors or {}).values())
    panels = [Panel(_("Che cosa puoi fare"), "fare", text=text, links=profile)]
    return show(_("L'indirizzo non è cambiato"), panels, Outcome(problem=problem, status=outcome.status))


# --- passwords ---


def password_fields(label: str) -> list[Field]:
    """A new password, written twice."""
    hint = _("Almeno %(count)s caratteri. Vanno bene anche quattro parole a caso.", count=passwords.SHORTEST)
    return [
        field("password", label, "password", hint=hint, autocomplete="new-password"),
        field("again", _("Ripeti la password"), "password", autocomplete="new-password"),
    ]


def _with_password(account: Account, action: Callable[[Session, str], object]) -> Outcome:
    """Check and hash the password that was typed twice, then act with the hash in a short transaction."""
    stored: list[str] = []
    outcome = attempt(lambda: stored.append(hashed_password(account.email)))
    if not outcome.done:
        return outcome

    def act() -> None:
        with security().database.write(None) as opened:
            action(opened, stored[0])

    return attempt(act)


def hashed_password(email: str) -> str:
    """The hash of the password that was typed twice. Raises Invalid."""
    text = request.form.get("password", "")
    passwords.check_new_password(text, email=email)
    passwords.check_repeated(text, request.form.get("again", ""))
    return passwords.hash_password(text, account_settings().hashing)
