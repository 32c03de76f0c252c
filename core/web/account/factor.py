"""Set up the second step of the login: square code, first code of the telephone, recovery codes."""

from __future__ import annotations

import segno
from flask import Response, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from core.access.models import Account
from core.accounts import links, secondfactor, sessions, totp
from core.accounts.models import SecondFactor
from core.accounts.security import security
from core.accounts.sessions import Login, account_settings
from core.accounts.throttle import CODE
from core.i18n import _
from core.web.account.base import (
    SEE_OTHER,
    UNPROCESSABLE,
    account_of,
    admitted,
    attempt,
    blueprint,
    following,
    go_to,
    hidden_next,
    need_login,
    show,
    too_many,
    typed,
)
from core.web.account.pieces import Form, Panel
from core.web.account.profile import back_to_profile, check_password
from core.web.outcomes import Outcome
from core.web.questions import field

SCALE = 5


@blueprint.get("/secondo-passaggio")
def second_factor() -> Response:
    """What there is, and how to begin."""
    return _overview(need_login())


def _overview(login: Login, outcome: Outcome | None = None) -> Response:
    with security().database.read(None) as opened:
        row = secondfactor.factor_of(opened, login.account_id)
        left = secondfactor.recovery_codes_left(opened, login.account_id)
    on = row is not None and row.confirmed_at is not None
    panels = [_state(row, left), _recovery()] if on else [_begin()]
    lead = _("Oltre alla password, per entrare serve un codice del telefono. Così la password da sola non basta.")
    return show(_("Secondo passaggio"), panels, outcome, lead=lead, back=_onward() or back_to_profile())


def _onward() -> tuple[str, str] | None:
    target = following()
    return (_("Più tardi"), target) if target else None


def _begin() -> Panel:
    text = _("Serve un'app che fa i codici, per esempio quella del gestore di password o un'app «authenticator».")
    form = Form(url_for("account.start_factor"), _("Comincia"), _confirm_fields(), hidden_next())
    return Panel(_("Imposta il telefono"), "telefono", text=text, form=form, key=True)


def _state(row: SecondFactor | None, left: int) -> Panel:
    facts = [(_("Secondo passaggio"), _("attivo")), (_("Codici di riserva rimasti"), str(left))]
    text = _("Hai cambiato telefono? Imposta quello nuovo: quello vecchio vale finché non confermi.")
    form = Form(url_for("account.start_factor"), _("Imposta un altro telefono"), _confirm_fields(), main=False)
    return Panel(_("Il tuo telefono"), "telefono", text=text, facts=facts, form=form)


def _recovery() -> Panel:
    text = _("I codici di prima non valgono più.")
    fields = [field("recovery_password", _("La tua password"), "password", autocomplete="current-password")]
    form = Form(url_for("account.renew_recovery"), _("Fai dieci codici nuovi"), fields, main=False)
    return Panel(_("Codici di riserva"), "riserva", text=text, form=form)


def _confirm_fields() -> list[dict[str, object]]:
    return [field("password", _("La tua password"), "password", autocomplete="current-password")]


@blueprint.post("/secondo-passaggio")
def start_factor() -> AnyResponse:
    """Make a key and show it."""
    login = need_login()
    outcome = check_password(login, "password")
    if outcome.done:
        outcome = attempt(lambda: _start(login))
    if not outcome.done:
        return _overview(login, outcome)
    return redirect(url_for("account.scan", next=following() or None), SEE_OTHER)


def _start(login: Login) -> None:
    with security().database.write(None) as opened:
        secondfactor.need_passed(opened, login)
        secondfactor.start(opened, account_of(opened, login))


@blueprint.get("/secondo-passaggio/telefono")
def scan() -> Response:
    """The square code, the key as text, and the field for the first code."""
    return _scan_page(need_login())


@blueprint.post("/secondo-passaggio/telefono")
def confirm_factor() -> Response:
    """Put the telephone in force with its first code, and show the recovery codes, this once."""
    login = need_login()
    if not admitted(str(login.account_id), CODE):
        return _scan_page(login, too_many())
    found: list[str] = []
    outcome = attempt(lambda: found.extend(_confirm(login)))
    if not outcome.done:
        return _scan_page(login, Outcome({"code": outcome.problem}, status=UNPROCESSABLE))
    return _codes_page(found)


def _confirm(login: Login) -> list[str]:
    with security().database.write(None) as opened:
        account = account_of(opened, login)
        secondfactor.need_passed(opened, login)
        found = secondfactor.confirm(opened, account, typed("code"), login_id=login.session_id)
        sessions.passed_two_factor(opened, login.session_id)
        links.security_notice(opened, account, "two_factor")
    return found


def _scan_page(login: Login, outcome: Outcome | None = None) -> Response:
    with security().database.read(None) as opened:
        key = secondfactor.pending_key(opened, login.account_id)
        account = account_of(opened, login)
    if key is None:
        go_to("account.second_factor", next=following() or None)
    hint = _("Le sei cifre che l'app mostra adesso.")
    code = field("code", _("Codice del telefono"), "integer", hint=hint, autocomplete="one-time-code", max_length=10)
    form = Form(url_for("account.confirm_factor"), _("Conferma"), [code], hidden_next())
    panels = [
        Panel(
            _("1. Inquadra il codice con l'app"),
            "inquadra",
            text=_("Se non puoi inquadrare, scrivi la chiave nell'app."),
            drawing=_drawing(account, key),
            facts=[(_("Chiave"), totp.readable(key)), (_("Nome"), account.email)],
        ),
        Panel(_("2. Scrivi il codice che vedi"), "conferma", form=form, key=True),
    ]
    return show(_("Imposta il telefono"), panels, outcome, back=back_to_profile())


def _drawing(account: Account, key: str) -> Markup:
    address = totp.address_of(key, label=account.email, issuer=account_settings().issuer)
    drawn = segno.make(address, error="m", micro=False)
    title = _("Codice da inquadrare con l'app del telefono")
    svg = drawn.svg_inline(scale=SCALE, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, title=title)
    return Markup(svg.replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - drawn here from a key made here


def _codes_page(found: list[str]) -> Response:
    text = _("Ognuno serve una volta, quando non hai il telefono. Stampali o copiali adesso: non li mostriamo più.")
    onward = following() or url_for("account.profile")
    panels = [
        Panel(
            _("Dieci codici di riserva"), "codici", text=text, codes=found, links=[(_("Ho messo via i codici"), onward)]
        )
    ]
    return show(_("Il secondo passaggio è attivo"), panels, printable=True)


@blueprint.post("/secondo-passaggio/riserva")
def renew_recovery() -> Response:
    """Ten new recovery codes in place of the old ones."""
    login = need_login()
    outcome = check_password(login, "recovery_password")
    if not outcome.done:
        return _overview(login, outcome)
    with security().database.write(None) as opened:
        account = account_of(opened, login)
        if not login.two_factor:
            go_to("account.second_factor")
        found = secondfactor.new_recovery_codes(opened, account)
        links.security_notice(opened, account, "recovery")
    return _codes_page(found)
