"""People of the district: who works here, with which roles; and what each role may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_admin import expose
from sqlalchemy.orm import Query
from wtforms import Form as WtForm

from core import access, clock
from core.access import operations
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.passwords import SHORTEST
from core.access.permissions import ACCOUNTS, MANAGE, valid
from core.access.queries import account_by_email, roles_of
from core.access.session import account_settings
from core.console.base import Answer, ConsolePage, Outcome, attempt, done, typed
from core.console.models import DistrictView
from core.console.pieces import Cell, Form, Panel, choice, field, linked, state, table, with_errors
from core.console.words import ACTIONS, SCOPES, moment, resource_text
from core.errors import FieldError, Invalid
from core.i18n import _, _l, pick
from core.web.context import current


class PeopleView(DistrictView):
    """The accounts that work in the district."""

    entity = Account
    resource = ACCOUNTS
    pages = frozenset({"index_view", "create_view", "person", "password", "step"})
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
        """Make the account where there is none with that address, then give it the role."""
        email, name = typed("email"), typed("name")
        role = chosen_role()
        account = account_by_email(current.session, email) or operations.create_account(
            current.session, email=email, name=name, actor=current.actor, hashing=account_settings().hashing
        )
        operations.give_role(current.session, account, role, actor=current.actor)
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
        return _("La persona è nel distretto. Ora scegli la sua prima password, se non ne ha una.")

    # --- one person ---

    @expose("/<uuid:account_id>/")
    def person(self, account_id: UUID) -> Answer:
        """Roles and account of one person."""
        return self._person(self.get_one(account_id), Outcome())

    def _person(self, account: Account, outcome: Outcome) -> Answer:
        held = roles_of(current.session, account.id)
        panels = [self._roles(account, held)]
        if self.may_manage:
            panels += [*self._give(account, held), self._password(account, outcome)]
        trail = [(_("Persone"), url_for(".index_view")), (account.name, "")]
        aside = [self._account(account)]
        return self.page(account.name, outcome, lead="", primary=None, trail=trail, panels=panels, aside=aside)

    def _roles(self, account: Account, held: Sequence[Role]) -> Panel:
        lines: list[list[Cell]] = [[pick(role.label, current.lang), *self._take(account, role)] for role in held]
        columns = [_("Ruolo"), _("Azione")] if self.may_manage else [_("Ruolo")]
        found = table(columns, lines, _("Quello che può fare dipende dai ruoli"))
        return Panel(_("Ruoli"), "ruoli", table=found, empty=_("Nessun ruolo: può solo guardare come un visitatore."))

    def _take(self, account: Account, role: Role) -> list[Cell]:
        if not self.may_manage:
            return []
        text = _("Togli il ruolo «%(role)s»", role=pick(role.label, current.lang))
        return [linked(text, url_for(".step", account_id=account.id, name="ruolo", role=role.key))]

    def _give(self, account: Account, held: Sequence[Role]) -> list[Panel]:
        others = [option for option in role_options() if option[0] not in {role.key for role in held}]
        action = url_for(".step", account_id=account.id, name="dai")
        form = Form([choice("role", _("Ruolo"), others)], action, _("Dai il ruolo"))
        return [Panel(_("Dai un ruolo"), "dai", form=form)] if others else []

    def _password(self, account: Account, outcome: Outcome) -> Panel:
        hint = _("Almeno %(count)s caratteri. Dilla a voce: le sessioni aperte si chiudono.", count=SHORTEST)
        fields = with_errors(
            [field("password", _("Password nuova"), "password", hint=hint, autocomplete="new-password")], outcome.errors
        )
        action = url_for(".password", account_id=account.id)
        return Panel(_("Password"), "password-nuova", form=Form(fields, action, _("Cambia la password"), main=False))

    def _account(self, account: Account) -> Panel:
        facts = [
            (_("E-mail"), account.email),
            (_("Account"), _("attivo") if account.active else _("disattivato")),
            (_("Ultimo accesso"), moment(account.last_login_at)),
        ]
        other = (_("Disattiva l'account"), "disattiva") if account.active else (_("Riattiva l'account"), "riattiva")
        steps = [other, (_("Togli dal distretto"), "togli")]
        links = [(text, url_for(".step", account_id=account.id, name=name)) for text, name in steps]
        return Panel(_("Account"), "account", facts=facts, links=links if self.may_manage else ())

    @expose("/<uuid:account_id>/password", methods=("POST",))
    def password(self, account_id: UUID) -> Answer:
        """Give a new password."""
        account, settings = self.get_one(account_id), account_settings()
        text = request.form.get("password", "")
        outcome = attempt(
            lambda: operations.set_password(
                current.session, account, text, actor=current.actor, hashing=settings.hashing
            )
        )
        if not outcome.done:
            return self._person(account, outcome)
        return done(_("La password è cambiata."), ".person", account_id=account_id)

    @expose("/<uuid:account_id>/<any(dai, disattiva, riattiva, togli, ruolo):name>", methods=("GET", "POST"))
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
        action = url_for(".step", account_id=account.id, name=name, role=role or None)
        back = url_for(".person", account_id=account.id)
        panels = [
            Panel(_("Conferma"), "conferma", text=str(effect), form=Form([], action, _("Sì, continua"), back), key=True)
        ]
        trail = [(_("Persone"), url_for(".index_view")), (account.name, back), (_("Conferma"), "")]
        title = str(question) % {"name": account.name, "role": dict(role_options()).get(role, role)}
        return self.page(title, outcome, lead="", primary=None, trail=trail, panels=panels)


def _give_role(account: Account) -> None:
    operations.give_role(current.session, account, chosen_role(), actor=current.actor)


def _take_role(account: Account) -> None:
    operations.take_role(current.session, account, typed("role", request.args), actor=current.actor)


STEP_ACTIONS: Mapping[str, Callable[[Account], object]] = {
    "dai": _give_role,
    "ruolo": _take_role,
    "disattiva": lambda account: operations.disable_account(current.session, account, actor=current.actor),
    "riattiva": lambda account: operations.enable_account(current.session, account, actor=current.actor),
    "togli": lambda account: operations.end_membership(current.session, account, actor=current.actor),
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
    "togli": (
        _l("Togliere %(name)s dal distretto?"),
        _l("Perde tutti i ruoli in questo distretto. L'account resta, e resta quello che ha fatto."),
    ),
}


def account_state(account: Account) -> Cell:
    """Whether somebody can sign in with it."""
    if not account.active:
        return state("pause", _("disattivato"))
    return state("ok", _("attivo")) if account.password else state("soon", _("senza password"))


def role_names(account_id: UUID) -> str:
    """The roles of an account here, in words."""
    return ", ".join(pick(role.label, current.lang) for role in roles_of(current.session, account_id))


def district_roles() -> Sequence[Role]:
    """The roles of the district, for who may give them: that right comes without one to read roles as such."""
    access.require(current.actor, MANAGE, ACCOUNTS)
    return current.session.scalars(sa.select(Role).where(Role.origin != "retired").order_by(Role.key)).all()


def role_options() -> list[tuple[str, str]]:
    """The roles that can be given."""
    return [(role.key, pick(role.label, current.lang)) for role in district_roles() if not role.is_visitor]


def chosen_role() -> str:
    """The role that was chosen. Raises Invalid for none, or one that is not in the list."""
    key = typed("role")
    if key not in dict(role_options()):
        raise Invalid([FieldError("role", _("Scegli un ruolo dell'elenco."), "required")])
    return key


class RolesPage(ConsolePage):
    """What each role may do; roles come from the model."""

    resource = ACCOUNTS

    @expose("/")
    def index(self) -> Answer:
        """A panel for each role with its rights."""
        roles = current.session.scalars(sa.select(Role).order_by(Role.is_visitor.desc(), Role.key)).all()
        grants = current.session.scalars(sa.select(RoleGrant).order_by(RoleGrant.resource, RoleGrant.action)).all()
        return self.page(
            _("Ruoli"),
            lead=_("Quello che ogni ruolo può fare. I ruoli vengono dal modello: cambiano quando lo si applica."),
            panels=[self._panel(role, [g for g in grants if g.role_id == role.id]) for role in roles],
        )

    def _panel(self, role: Role, grants: Sequence[RoleGrant]) -> Panel:
        rights: dict[tuple[str, str, str], list[str]] = {}
        for grant in grants:
            rights.setdefault((grant.resource, grant.scope, ", ".join(grant.states)), []).append(grant.action)
        lines: list[list[Cell]] = [
            [
                resource_text(r),
                ", ".join(str(ACTIONS.get(a, a)) for a in actions),
                str(SCOPES.get(s, s)),
                states or _("tutti"),
            ]
            for (r, s, states), actions in rights.items()
        ]
        columns = [_("Su che cosa"), _("Che cosa può fare"), _("Quali righe"), _("In quali stati")]
        label = pick(role.label, current.lang)
        held = holders(role)
        text = _("Vale per chiunque, anche senza account.") if role.is_visitor else _("Persone: %(count)s.", count=held)
        found = table(columns, lines, _("I diritti di «%(role)s»", role=label))
        return Panel(label, f"r-{role.key}", text=text, table=found, empty=_("Nessun diritto."))


def holders(role: Role) -> int:
    """How many people hold the role now."""
    now = clock.now()
    held = sa.select(sa.func.count(sa.distinct(RoleHolder.account_id))).where(
        RoleHolder.role_id == role.id, valid(RoleHolder, now)
    )
    return current.session.scalar(held) or 0
