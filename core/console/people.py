"""People of the district: who works here, with which roles; and what each role may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_admin import expose
from sqlalchemy.orm import Query
from wtforms import Form as WtForm

from core import access, clock
from core.access import members, operations
from core.access.models import Account, Membership, Role, RoleHolder
from core.access.permissions import ACCOUNTS, MANAGE, valid
from core.access.queries import account_by_email, roles_of
from core.accounts import links, secondfactor
from core.accounts import operations as accounts
from core.accounts.sessions import account_settings
from core.console.base import Answer, done, typed
from core.console.models import DistrictView
from core.console.pieces import Cell, Form, Panel, linked, state, table, with_errors
from core.console.roles.pages import body_names, place_text
from core.console.words import moment
from core.errors import FieldError, Invalid
from core.i18n import _, _l, pick
from core.web.account.base import link_to
from core.web.context import current
from core.web.outcomes import Outcome, attempt
from core.web.questions import choice, field

YES = "si"


class PeopleView(DistrictView):
    """The accounts that work in the district."""

    entity = Account
    resource = ACCOUNTS
    pages = frozenset({"index_view", "create_view", "person", "step"})
    title = _l("Persone")
    lead = _l("Chi lavora nel distretto e con quale ruolo.")
    create_label = _l("Aggiungi una persona")
    empty_text = _l("Aggiungi la prima persona.")
    search_label = _l("Nome o indirizzo e-mail")
    column_list = ("name", "email", "roles", "last_login_at", "active")
    column_labels: dict[str, Any] = {  # noqa: RUF012 - read by flask-admin
        "name": _l("Nome"),
        "email": _l("E-mail"),
        "roles": _l("Ruoli"),
        "last_login_at": _l("Ultimo accesso"),
        "active": _l("Account"),
    }
    column_sortable_list = ()
    column_searchable_list = ("name", "email")
    column_default_sort = [("name", False), ("email", False)]  # noqa: RUF012 - read by flask-admin

    def get_query(self) -> Query[Any]:
        """The members of this district, also for those who may see the accounts of all."""
        members = sa.select(Membership.account_id).where(
            Membership.member_of == current.here.id, valid(Membership, clock.now())
        )
        query: Query[Any] = super().get_query()
        return query.filter(Account.id.in_(members))

    def lines(self, rows: Sequence[Any]) -> list[list[Cell]]:
        """Name, address, roles, last login, whether the account is active."""
        return [
            [
                linked(row.name, url_for(".person", account_id=row.id)),
                row.email,
                role_names(row.id) or _("nessuno"),
                moment(row.last_login_at),
                account_state(row),
            ]
            for row in rows
        ]

    # --- a new person ---

    def create_model(self, form: WtForm) -> Account:
        """Make the account where there is none with that address, give it the role, and invite who is new."""
        email, name = typed("email"), typed("name")
        role = chosen_role()
        known = account_by_email(current.session, email)
        account = known or accounts.create_account(current.session, email=email, name=name, actor=current.actor)
        operations.give_role(current.session, account, role, actor=current.actor)
        if known is None:
            invite(account)
        return account

    def create_page(self, outcome: Outcome) -> Answer:
        """Address, name, role."""
        fields = [
            field("email", _("E-mail"), "email", typed("email"), max_length=254, autocomplete="off"),
            field("name", _("Nome e cognome"), value=typed("name"), max_length=120, autocomplete="off"),
            choice("role", _("Ruolo"), role_options(), typed("role")),
        ]
        form = Form(
            with_errors(fields, outcome.errors), url_for(".create_view"), _("Salva"), cancel=url_for(".index_view")
        )
        text = _(
            "Se la persona lavora già in un altro distretto usa lo stesso indirizzo: il suo account resta uno solo."
        )
        trail = [(_("Persone"), url_for(".index_view")), (_("Persona nuova"), "")]
        panels = [Panel(_("Chi è"), "chi", text=text, form=form)]
        return self.page(_("Aggiungi una persona"), outcome, lead="", primary=None, trail=trail, panels=panels)

    def created_message(self) -> str:
        """Said after somebody was added."""
        return _("La persona è nel distretto. Se non aveva un account, riceve un invito per e-mail.")

    # --- one person ---

    @expose("/<uuid:account_id>/")
    def person(self, account_id: UUID) -> Answer:
        """Roles and account of one person."""
        return self._person(self.get_one(account_id), Outcome())

    def _person(self, account: Account, outcome: Outcome) -> Answer:
        panels = [self._roles(account)]
        if self.may_manage:
            panels.append(self._give(account, outcome))
        panels.append(self._past(account))
        trail = [(_("Persone"), url_for(".index_view")), (account.name, "")]
        aside = [self._account(account)]
        return self.page(account.name, outcome, lead="", primary=None, trail=trail, panels=panels, aside=aside)

    def _roles(self, account: Account) -> Panel:
        lines = [
            [*holding(row, role), *self._take(account, row, role)] for row, role in holdings(account) if lasts(row)
        ]
        columns = [_("Ruolo"), _("Per chi"), _("Dal"), _("Fino al"), *([_("Azione")] if self.may_manage else [])]
        found = table(columns, lines, _("Quello che può fare dipende dai ruoli"))
        return Panel(_("Ruoli"), "ruoli", table=found, empty=_("Nessun ruolo: può solo guardare come un visitatore."))

    def _past(self, account: Account) -> Panel:
        lines = [holding(row, role) for row, role in holdings(account) if not lasts(row)]
        columns = [_("Ruolo"), _("Per chi"), _("Dal"), _("Fino al")]
        found = table(columns, lines, _("I ruoli che ha avuto"))
        return Panel(_("Ruoli finiti"), "ruoli-finiti", table=found, empty=_("Nessuno."))

    def _take(self, account: Account, holder: RoleHolder, role: Role) -> list[Cell]:
        if not self.may_manage:
            return []
        text = _("Togli il ruolo «%(role)s»", role=pick(role.label, current.lang))
        url = url_for(".step", account_id=account.id, name="ruolo", role=role.key, incarico=holder.id)
        return [linked(text, url)]

    def _give(self, account: Account, outcome: Outcome) -> Panel:
        fields = [
            choice("role", _("Ruolo"), role_options(), typed("role")),
            choice("organisation", _("Per quale ente"), body_options(), typed("organisation"), optional=True),
            choice("municipality", _("Per quale Comune"), town_options(), typed("municipality"), optional=True),
            field("valid_from", _("Dal"), "date", typed("valid_from"), optional=True, hint=_("Vuoto: da subito.")),
            field("valid_to", _("Ultimo giorno"), "date", typed("valid_to"), optional=True),
        ]
        if takeover_roles():
            hint = _("Chi ha adesso il ruolo per quel Comune lo lascia nello stesso momento.")
            options = [(YES, _("Subentra"), typed("takeover") == YES)]
            fields.append(field("takeover", _("Al posto di un'altra persona"), "choices", options=options, hint=hint))
        action = url_for(".step", account_id=account.id, name="dai")
        form = Form(with_errors(fields, outcome.errors), action, _("Dai il ruolo"))
        text = _(
            "L'ente o il Comune dice per chi lavora: con quel ruolo vede solo i casi di lì, se il ruolo lo prevede."
        )
        return Panel(_("Dai un ruolo"), "dai", text=text, form=form)

    def _account(self, account: Account) -> Panel:
        facts = [
            (_("E-mail"), account.email),
            (_("Account"), _("attivo") if account.active else _("disattivato")),
            (_("Ultimo accesso"), moment(account.last_login_at)),
        ]
        other = (_("Disattiva l'account"), "disattiva") if account.active else (_("Riattiva l'account"), "riattiva")
        steps = [*_access_steps(account), other, (_("Togli dal distretto"), "togli")]
        links = [(text, url_for(".step", account_id=account.id, name=name)) for text, name in steps]
        return Panel(_("Account"), "account", facts=facts, links=links if self.may_manage else ())

    @expose(
        "/<uuid:account_id>/<any(dai, disattiva, riattiva, togli, ruolo, invita, telefono, sessioni):name>",
        methods=("GET", "POST"),
    )
    def step(self, account_id: UUID, name: str) -> Answer:
        """Give a role, or ask and then take one, disable or enable the account, end its work here."""
        access.require(current.actor, MANAGE, ACCOUNTS)
        account = self.get_one(account_id)
        if request.method == "GET":
            return self._ask(account, name, Outcome()) if name != "dai" else abort(404)
        outcome = attempt(lambda: STEP_ACTIONS[name](account))
        if not outcome.done:
            return self._person(account, outcome) if name == "dai" else self._ask(account, name, outcome)
        if name == "togli":
            return done(_("%(name)s non lavora più nel distretto.", name=account.name), ".index_view")
        return done(_("Fatto."), ".person", account_id=account_id)

    def _ask(self, account: Account, name: str, outcome: Outcome) -> Answer:
        question, effect = QUESTIONS[name]
        role = typed("role", request.args)
        chosen = typed("incarico", request.args) or None
        action = url_for(".step", account_id=account.id, name=name, role=role or None, incarico=chosen)
        back = url_for(".person", account_id=account.id)
        panels = [
            Panel(_("Conferma"), "conferma", text=str(effect), form=Form([], action, _("Sì, continua"), back), key=True)
        ]
        trail = [(_("Persone"), url_for(".index_view")), (account.name, back), (_("Conferma"), "")]
        title = str(question) % {"name": account.name, "role": dict(role_options()).get(role, role)}
        return self.page(title, outcome, lead="", primary=None, trail=trail, panels=panels)


def _give_role(account: Account) -> None:
    place: dict[str, Any] = {"municipality": typed("municipality"), "organisation_id": posted_body()}
    period: dict[str, Any] = {"valid_from": posted_day("valid_from"), "valid_to": posted_day("valid_to", last=True)}
    give = operations.hand_over_role if typed("takeover") == YES else operations.give_role
    give(current.session, account, chosen_role(), actor=current.actor, **place, **period)


def posted_body() -> UUID | None:
    """The body that was chosen. Raises Invalid for one that is not in the list."""
    text = typed("organisation")
    if text and text not in dict(body_options()):
        raise Invalid([FieldError("organisation", _("Questo ente non è nel distretto."), "organisation")])
    return UUID(text) if text else None


def posted_day(name: str, *, last: bool = False) -> datetime | None:
    """The midnight at which a day begins, in Italy; with ``last`` the one at which it is over. Raises Invalid."""
    text = typed(name)
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1 if last else 0)
    except (ValueError, OverflowError):
        raise Invalid([FieldError(name, _("Scrivi la data come 2026-11-22."), "date")]) from None
    return datetime.combine(day, time(), tzinfo=clock.ROME)


def invite(account: Account) -> None:
    """Send somebody a new invitation."""
    link = link_to("account.invitation", account_settings().invitation_lifetime)
    links.invite(current.session, account, actor=current.actor, link=link)


def _forget_telephone(account: Account) -> None:
    secondfactor.reset(current.session, account, actor=current.actor)
    links.security_notice(current.session, account, "two_factor_reset")


def _close_sessions(account: Account) -> None:
    accounts.close_sessions(current.session, account, actor=current.actor)
    links.security_notice(current.session, account, "sessions")


def _access_steps(account: Account) -> list[tuple[str, str]]:
    """What can be done about how somebody enters."""
    if account.password is None:
        return [(_("Manda l'invito di nuovo"), "invita")] if account.active else []
    telephone = secondfactor.is_set_up(current.session, account.id)
    lost = [(_("Azzera il secondo passaggio"), "telefono")] if telephone else []
    return [*lost, (_("Chiudi le sessioni aperte"), "sessioni")]


def _take_role(account: Account) -> None:
    chosen = typed("incarico", request.args)
    if not chosen:
        operations.take_role(current.session, account, typed("role", request.args), actor=current.actor)
        return
    found = [row for row, _role in holdings(account) if str(row.id) == chosen] or abort(404)
    operations.end_holder(current.session, found[0], actor=current.actor)


STEP_ACTIONS: Mapping[str, Callable[[Account], object]] = {
    "dai": _give_role,
    "ruolo": _take_role,
    "disattiva": lambda account: accounts.disable_account(current.session, account, actor=current.actor),
    "riattiva": lambda account: accounts.enable_account(current.session, account, actor=current.actor),
    "invita": invite,
    "telefono": _forget_telephone,
    "sessioni": _close_sessions,
    "togli": lambda account: members.end_membership(current.session, account, actor=current.actor),
}
QUESTIONS: Mapping[str, tuple[Any, Any]] = {
    "ruolo": (
        _l("Togliere a %(name)s il ruolo «%(role)s»?"),
        _l("Da subito non può più fare quello che il ruolo permette. Quello che ha fatto resta a suo nome."),
    ),
    "disattiva": (
        _l("Disattivare l'account di %(name)s?"),
        _l("Esce da subito e non può più entrare. Quello che ha fatto resta a suo nome."),
    ),
    "riattiva": (_l("Riattivare l'account di %(name)s?"), _l("Può entrare di nuovo con la sua password.")),
    "invita": (
        _l("Mandare di nuovo l'invito a %(name)s?"),
        _l("Parte un messaggio con un collegamento nuovo. Quello di prima non vale più."),
    ),
    "telefono": (
        _l("Azzerare il secondo passaggio di %(name)s?"),
        _l("Fallo solo se sai che è davvero questa persona ad avere perso il telefono. La avvisiamo per e-mail."),
    ),
    "sessioni": (
        _l("Chiudere le sessioni aperte di %(name)s?"),
        _l("Esce da tutti i computer e può rientrare con la sua password. La avvisiamo per e-mail."),
    ),
    "togli": (
        _l("Togliere %(name)s dal distretto?"),
        _l("Perde tutti i ruoli in questo distretto. L'account resta, e resta quello che ha fatto."),
    ),
}


def account_state(account: Account) -> Cell:
    """Whether somebody can sign in with it."""
    if not account.active:
        return state("pause", _("disattivato"))
    return state("ok", _("attivo")) if account.password else state("soon", _("invito mandato"))


def role_names(account_id: UUID) -> str:
    """The roles of an account here, in words."""
    return ", ".join(pick(role.label, current.lang) for role in roles_of(current.session, account_id))


def holdings(account: Account) -> list[tuple[RoleHolder, Role]]:
    """Every role that the account holds, will hold or has held in the district, the newest first."""
    held = (
        sa.select(RoleHolder, Role)
        .join(Role, sa.and_(Role.district_id == RoleHolder.district_id, Role.id == RoleHolder.role_id))
        .where(RoleHolder.account_id == account.id)
        .order_by(RoleHolder.valid_from.desc(), Role.key)
    )
    return [(row, role) for row, role in current.session.execute(held)]


def holding(holder: RoleHolder, role: Role) -> list[Cell]:
    """Which role, on whose behalf, from when to when."""
    return [
        pick(role.label, current.lang),
        place_text(holder),
        moment(holder.valid_from),
        moment(holder.valid_to),
    ]


def lasts(holder: RoleHolder) -> bool:
    """Whether the role is held now or later."""
    return holder.valid_to is None or holder.valid_to > clock.now()


def body_options() -> list[tuple[str, str]]:
    """The bodies of the district."""
    return [(str(key), name) for key, name in body_names().items()]


def town_options() -> list[tuple[str, str]]:
    """The municipalities of the district."""
    return [(istat, town.name) for istat, town in current.here.municipalities.items()]


def takeover_roles() -> list[Role]:
    """The roles that one person alone may hold for a municipality."""
    return [role for role in district_roles() if operations.is_unique_in_municipality(current.session, role)]


def district_roles() -> Sequence[Role]:
    """The roles of the district, for who may give them: that right comes without one to read roles as such."""
    access.require(current.actor, MANAGE, ACCOUNTS)
    return current.session.scalars(sa.select(Role).where(Role.retired_at.is_(None)).order_by(Role.key)).all()


def role_options() -> list[tuple[str, str]]:
    """The roles that can be given."""
    return [(role.key, pick(role.label, current.lang)) for role in district_roles() if not role.is_visitor]


def chosen_role() -> str:
    """The role that was chosen. Raises Invalid for none, or one that is not in the list."""
    key = typed("role")
    if key not in dict(role_options()):
        raise Invalid([FieldError("role", _("Scegli un ruolo dell'elenco."), "required")])
    return key
