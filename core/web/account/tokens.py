"""Keys that programs use in one's name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from flask import Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core import access, clock
from core.access.actor import EVERY_TYPE
from core.access.models import Membership
from core.access.permissions import valid
from core.accounts import links, tokens
from core.accounts.models import AccountToken
from core.accounts.security import security
from core.accounts.sessions import Login, account_settings
from core.districts.snapshot import snapshots
from core.i18n import _, pick
from core.web.account.base import account_of, attempt, blueprint, done, need_login, show, typed
from core.web.account.pieces import Form, Line, Panel
from core.web.account.profile import back_to_profile, check_password, moment_text, uuid_of
from core.web.account.scopes import scope_label
from core.web.context import current
from core.web.outcomes import Outcome
from core.web.questions import choice, field

#: How long a key may last, in days, as far as the setting allows.
DAYS = (30, 90, 180, 365)


@blueprint.get("/chiavi")
def keys() -> Response:
    """The keys that there are, and the form of a new one."""
    return _keys_page(need_login())


def _keys_page(login: Login, outcome: Outcome | None = None) -> Response:
    with security().database.read(None) as opened:
        rows = tokens.tokens_of(opened, login.account_id)
    lines = [_line(row) for row in rows]
    panels = [Panel(_("Le tue chiavi"), "chiavi", lines=lines, empty=_("Non hai nessuna chiave."))]
    panels.append(_new(login) if login.two_factor else _first_two_factor())
    lead = _("Con una chiave un programma legge o scrive a tuo nome. Non darla a nessuno.")
    return show(_("Chiavi per i programmi"), panels, outcome, lead=lead, back=back_to_profile())


def _line(row: AccountToken) -> Line:
    over = row.expires_at <= clock.now()
    until = _("scaduta %(moment)s") if over else _("vale fino a %(moment)s")
    used = moment_text(row.last_used_at) if row.last_used_at else _("mai")
    notes = [
        ", ".join(scope_label(scope) for scope in row.scopes),
        until % {"moment": moment_text(row.expires_at)},
        _("ultimo uso: %(moment)s", moment=used),
    ]
    form = Form(url_for("account.revoke_key"), _("Revoca"), hidden=[("key", str(row.id))], main=False)
    return Line(row.name, notes, form)


def _first_two_factor() -> Panel:
    text = _("Per creare una chiave serve il secondo passaggio: la chiave vale quanto la tua password.")
    pages = [(_("Imposta il secondo passaggio"), url_for("account.second_factor", next=url_for("account.keys")))]
    return Panel(_("Prima il secondo passaggio"), "prima", text=text, links=pages)


def _new(login: Login) -> Panel:
    districts = _districts(login)
    scopes = [(key, scope_label(key), key in request.form.getlist("scopes")) for key in _scopes(login)]
    longest = account_settings().longest_token.days
    days = [(str(count), _("%(count)s giorni", count=count)) for count in DAYS if count <= longest]
    fields = [
        field("name", _("A che cosa serve"), value=typed("name"), max_length=80, autocomplete="off"),
        choice("district", _("Distretto"), districts, typed("district")),
        field("scopes", _("Che cosa può fare"), "choices", options=scopes),
        choice("days", _("Per quanto tempo"), days, typed("days")),
        field("password", _("La tua password"), "password", autocomplete="current-password"),
    ]
    form = Form(url_for("account.create_key"), _("Crea la chiave"), fields)
    return Panel(_("Una chiave nuova"), "nuova", form=form)


def _districts(login: Login) -> list[tuple[str, str]]:
    with security().database.read(None) as opened:
        mine = sa.select(Membership.member_of).where(Membership.account_id == login.account_id)
        numbers = set(opened.scalars(mine.where(valid(Membership, clock.now()))))
        return [
            (card.slug, pick(card.name, current.lang)) for card in snapshots.directory(opened) if card.id in numbers
        ]


def _scopes(login: Login) -> Sequence[str]:
    """What the account may do through the API in any of its districts, and reading everything."""
    found = {f"{EVERY_TYPE}:read"}
    with security().database.read(None) as opened:
        mine = sa.select(Membership.member_of).where(Membership.account_id == login.account_id)
        numbers = opened.scalars(mine.where(valid(Membership, clock.now()))).all()
    for number in numbers:
        with security().database.read(number) as opened:
            actor = access.load_actor(opened, login.account_id, two_factor=login.two_factor)
        found |= {f"{grant.resource}:{grant.action}" for grant in actor.grants}
    return sorted(found)


@blueprint.post("/chiavi")
def create_key() -> Response:
    """Make a key and show it, this once. It outlives the session, so an open session alone does not make one."""
    login = need_login()
    made: list[str] = []
    outcome = check_password(login, "password")
    if outcome.done:
        outcome = attempt(lambda: made.append(_create(login)))
    if not outcome.done:
        return _keys_page(login, outcome)
    text = _("Copiala adesso: non la mostriamo più. Se la perdi, revocala e creane un'altra.")
    panels = [
        Panel(_("La chiave"), "chiave", text=text, codes=made, links=[(_("L'ho copiata"), url_for("account.keys"))])
    ]
    return show(_("La chiave è pronta"), panels)


def _create(login: Login) -> str:
    days = typed("days")
    with security().database.read(None) as opened:
        numbers = {card.slug: card.id for card in snapshots.directory(opened)}
    known = _scopes(login)
    with security().database.write(None) as opened:
        account = account_of(opened, login)
        _row, text = tokens.create(
            opened,
            account,
            login=login,
            name=typed("name"),
            scopes=request.form.getlist("scopes"),
            known_scopes=known,
            member_of=numbers.get(typed("district"), 0),
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
            longest=account_settings().longest_token,
        )
        links.security_notice(opened, account, "key")
    return text


@blueprint.post("/chiavi/revoca")
def revoke_key() -> AnyResponse:
    """Let a key serve no more."""
    login, chosen = need_login(), uuid_of(typed("key"))
    with security().database.write(None) as opened:
        tokens.revoke(opened, account_of(opened, login), chosen)
    return done(_("La chiave non vale più."), "account.keys")
