"""One's own account: name, language, address, password, open sessions."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core import clock
from core.access.models import Account
from core.accounts import links, operations, passwords, secondfactor, sessions, trail
from core.accounts.models import AccountSession
from core.accounts.security import PASSWORD, TELEPHONE, security
from core.accounts.sessions import Login, account_settings
from core.errors import FieldError, Invalid
from core.i18n import LANGUAGES, _
from core.web.account.base import (
    UNPROCESSABLE,
    account_of,
    admitted,
    attempt,
    blueprint,
    done,
    home_of,
    link_to,
    need_login,
    show,
    too_many,
    typed,
)
from core.web.account.mailed import hashed_password, password_fields
from core.web.account.pieces import Form, Line, Panel
from core.web.dates import format_date
from core.web.outcomes import Outcome
from core.web.questions import choice, field


@blueprint.get("/")
def profile() -> Response:
    """The own account."""
    return _profile_page(need_login())


def _profile_page(login: Login, outcome: Outcome | None = None) -> Response:
    with security().database.read(None) as opened:
        account = account_of(opened, login)
        has_factor = secondfactor.is_set_up(opened, account.id)
        count = len(sessions.open_sessions(opened, account.id))
    panels = [_who(account), _security(has_factor, count), _new_address(account), _new_password()]
    back = (_("Torna al lavoro"), home_of(login.account_id))
    return show(_("Il tuo account"), panels, outcome, leave=url_for("account.logout"), back=back)


def _who(account: Account) -> Panel:
    name = typed("name") if "language" in request.form else account.name
    fields = [
        field("name", _("Nome e cognome"), value=name, max_length=120, autocomplete="name"),
        choice("language", _("Lingua"), list(LANGUAGES.items()), account.language),
    ]
    form = Form(url_for("account.save_profile"), _("Salva"), fields)
    return Panel(_("Chi sei"), "chi", facts=[(_("Indirizzo email"), account.email)], form=form)


def _security(has_factor: bool, count: int) -> Panel:
    facts = [
        (_("Secondo passaggio"), _("attivo") if has_factor else _("non ancora impostato")),
        (_("Sessioni aperte"), str(count)),
    ]
    pages = [
        (_("Secondo passaggio"), url_for("account.second_factor")),
        (_("Sessioni aperte"), url_for("account.open_sessions")),
        (_("Chiavi per i programmi"), url_for("account.keys")),
    ]
    return Panel(_("Sicurezza"), "sicurezza", facts=facts, links=pages)


def _new_address(account: Account) -> Panel:
    fields = [
        field("email", _("Indirizzo nuovo"), "email", typed("email"), max_length=254, autocomplete="email"),
        field("email_password", _("La tua password"), "password", autocomplete="current-password"),
    ]
    text = _("Mandiamo un messaggio all'indirizzo nuovo: cambia quando segui il collegamento.")
    form = Form(url_for("account.change_email"), _("Manda il messaggio"), fields, main=False)
    return Panel(_("Cambia indirizzo"), "indirizzo", text=text, form=form)


def _new_password() -> Panel:
    fields = [
        field("current", _("Password di adesso"), "password", autocomplete="current-password"),
        *password_fields(_("Password nuova")),
    ]
    text = _("Le sessioni aperte su altri computer si chiudono.")
    form = Form(url_for("account.change_password"), _("Cambia la password"), fields, main=False)
    return Panel(_("Cambia password"), "cambia-password", text=text, form=form)


@blueprint.post("/profilo")
def save_profile() -> AnyResponse:
    """Save name and language."""
    login = need_login()

    def save() -> None:
        with security().database.write(None) as opened:
            operations.change_profile(opened, account_of(opened, login), name=typed("name"), language=typed("language"))

    outcome = attempt(save)
    return done(_("Salvato."), "account.profile") if outcome.done else _profile_page(login, outcome)


@blueprint.post("/indirizzo")
def change_email() -> AnyResponse:
    """Send a mail to the new address; the answer and its time are the same where that has an account already."""
    begun, login = time.monotonic(), need_login()
    outcome = check_password(login, "email_password")
    if outcome.done:
        outcome = attempt(lambda: _ask_email(login))
        time.sleep(max(0.0, account_settings().reset_answer.total_seconds() - (time.monotonic() - begun)))
    if not outcome.done:
        return _profile_page(login, outcome)
    return done(_("Guarda la posta dell'indirizzo nuovo e segui il collegamento."), "account.profile")


def _ask_email(login: Login) -> None:
    link = link_to("account.follow_email", account_settings().reset_lifetime)
    with security().database.write(None) as opened:
        links.ask_new_email(opened, account_of(opened, login), typed("email"), link=link)


@blueprint.post("/password")
def change_password() -> AnyResponse:
    """Store a new password: every session ends, and this browser begins a new one."""
    login = need_login()
    outcome = check_password(login, "current")
    if outcome.done:
        outcome = attempt(lambda: _change_password(login))
    if not outcome.done:
        return _profile_page(login, outcome)
    security().sign_in(login.account_id, (PASSWORD, TELEPHONE) if login.two_factor else (PASSWORD,))
    return done(_("La password è cambiata. Le altre sessioni sono chiuse."), "account.profile")


def _change_password(login: Login) -> None:
    with security().database.read(None) as opened:
        email = account_of(opened, login).email
    stored = hashed_password(email)
    with security().database.write(None) as opened:
        account = account_of(opened, login)
        operations.replace_password(opened, account, stored)
        links.security_notice(opened, account, "password")
        trail.act(opened, account, "password_changed")


def check_password(login: Login, name: str) -> Outcome:
    """Whether the field ``name`` holds the password of who is signed in; counted like a login."""
    with security().database.read(None) as opened:
        email = account_of(opened, login).email
    if not admitted(email):
        return too_many()
    if security().verified(email, request.form.get(name, "")[: passwords.LONGEST + 1]) is None:
        return Outcome({name: _("La password non è giusta.")}, status=UNPROCESSABLE)
    with security().database.write(None) as opened:
        security().throttle.forgive(opened, email, request.remote_addr or "")
    return Outcome()


# --- open sessions ---


@blueprint.get("/sessioni")
def open_sessions() -> Response:
    """Where the account is signed in."""
    login = need_login()
    with security().database.read(None) as opened:
        rows = sessions.open_sessions(opened, login.account_id)
        lines = [_session_line(row, login) for row in rows]
    others = Form(url_for("account.close_others"), _("Chiudi tutte le altre"), main=False) if len(rows) > 1 else None
    panels = [Panel(_("Sessioni aperte"), "sessioni", lines=lines, form=others)]
    lead = _("I computer e i telefoni da cui sei entrata o entrato. Chiudi quelli che non usi o non riconosci.")
    return show(_("Le tue sessioni"), panels, lead=lead, back=back_to_profile())


def _session_line(row: AccountSession, login: Login) -> Line:
    mine = row.id == login.session_id
    notes = [
        _("da %(moment)s", moment=moment_text(row.created_at)),
        _("vista %(moment)s", moment=moment_text(row.seen_at)),
        *([_("è questa")] if mine else []),
    ]
    hidden = [("session", str(row.id))]
    close = None if mine else Form(url_for("account.close_session"), _("Chiudi"), hidden=hidden, main=False)
    return Line(row.browser or _("Browser sconosciuto"), notes, close)


def moment_text(moment: datetime) -> str:
    """Day and hour in Italy."""
    local = moment.astimezone(clock.ROME)
    return _("%(day)s alle %(time)s", day=format_date(moment), time=f"{local.hour}.{local.minute:02}")


@blueprint.post("/sessioni/chiudi")
def close_session() -> AnyResponse:
    """Close one other session."""
    login, chosen = need_login(), uuid_of(typed("session"))
    with security().database.write(None) as opened:
        sessions.end_session(opened, login.account_id, chosen)
        trail.act(opened, account_of(opened, login), "session_closed")
    return done(_("La sessione è chiusa."), "account.open_sessions")


@blueprint.post("/sessioni/chiudi-altre")
def close_others() -> AnyResponse:
    """Close every session but this one."""
    login = need_login()
    with security().database.write(None) as opened:
        count = sessions.end_all(opened, login.account_id, but=login.session_id)
        trail.act(opened, account_of(opened, login), "sessions_closed", count=count)
    return done(_("Le altre sessioni sono chiuse."), "account.open_sessions")


def uuid_of(text: str) -> UUID:
    """The id that a hidden field carries. Raises Invalid for anything else."""
    try:
        return UUID(text)
    except ValueError:
        raise Invalid([FieldError("id", _("Ricarica la pagina e riprova."), "id")]) from None


def back_to_profile() -> tuple[str, str]:
    """The way back to the own account."""
    return _("Torna al tuo account"), url_for("account.profile")
