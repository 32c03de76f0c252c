"""Commands ``innesto account ...``. ``ctx.obj`` carries ``database``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time
from typing import Protocol

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.access import operations as roles
from core.access import queries
from core.access.actor import Actor
from core.access.models import Account
from core.accounts import operations, secondfactor
from core.clock import ROME
from core.commandline import readable_errors
from core.db import Database
from core.errors import NotFound
from core.i18n import DEFAULT, LANGUAGES, _, pick

REASON = "innesto account"
# Accounts stand below districts: their table is known by name alone.
DISTRICT = sa.table("core_district", sa.column("id", sa.SmallInteger), sa.column("slug", sa.String))

stdin_option = click.option("--password-stdin", is_flag=True, help="Legge la password dallo standard input.")
district_option = click.option("--district", "slug", required=True, metavar="D", help="Indirizzo del distretto.")


class AccountContext(Protocol):
    """What these commands need from the object of the click context."""

    @property
    def database(self) -> Database:
        """The installation's database."""


@click.group(name="account")
def account() -> None:
    """Account: chi può entrare, e con quali ruoli."""


@account.command()
@click.argument("email")
@click.option("--name", required=True, help="Nome e cognome.")
@click.option("--language", type=click.Choice(list(LANGUAGES)), default=DEFAULT, show_default=True, help="Lingua.")
@click.option("--portal-admin", is_flag=True, help="Amministra distretti, plugin e account.")
@stdin_option
@click.pass_obj
def create(
    obj: AccountContext, email: str, name: str, language: str, *, portal_admin: bool, password_stdin: bool
) -> None:
    """Crea un account e ne chiede la password."""
    secret = _password(from_stdin=password_stdin)
    with readable_errors(), obj.database.write(None) as session:
        operations.create_account(
            session,
            email=email,
            name=name,
            actor=_system(None),
            password=secret,
            language=language,
            portal_admin=portal_admin,
        )
    click.echo(_("Account creato: %(email)s", email=queries.folded_email(email)))


@account.command(name="list")
@click.pass_obj
def list_accounts(obj: AccountContext) -> None:
    """Elenca gli account."""
    with obj.database.read(None) as session:
        lines = [_line(row) for row in queries.accounts(session)]
    click.echo("\n".join(lines) if lines else _("Non c'è nessun account."))


@account.command(name="password")
@click.argument("email")
@stdin_option
@click.pass_obj
def change_password(obj: AccountContext, email: str, *, password_stdin: bool) -> None:
    """Cambia la password e chiude le sessioni aperte."""
    with readable_errors(), obj.database.read(None) as session:
        _account(session, email)
    secret = _password(from_stdin=password_stdin)
    _change(obj, email, lambda session, row: operations.set_password(session, row, secret, actor=_system(None)))
    click.echo(_("Password cambiata: le sessioni aperte sono chiuse."))


@account.command()
@click.argument("email")
@click.pass_obj
def disable(obj: AccountContext, email: str) -> None:
    """Impedisce all'account di entrare; ciò che ha fatto resta."""
    _change(obj, email, lambda session, row: operations.disable_account(session, row, actor=_system(None)))
    click.echo(_("Account disattivato: %(email)s", email=email))


@account.command()
@click.argument("email")
@click.pass_obj
def enable(obj: AccountContext, email: str) -> None:
    """Permette di nuovo all'account di entrare."""
    _change(obj, email, lambda session, row: operations.enable_account(session, row, actor=_system(None)))
    click.echo(_("Account attivato: %(email)s", email=email))


@account.command(name="two-factor-reset")
@click.argument("email")
@click.pass_obj
def two_factor_reset(obj: AccountContext, email: str) -> None:
    """Azzera il secondo passaggio di chi ha perso il telefono e i codici di riserva."""
    _change(obj, email, lambda session, row: secondfactor.reset(session, row, actor=_system(None)))
    click.echo(_("Secondo passaggio azzerato: %(email)s", email=email))


@account.group()
def role() -> None:
    """Ruoli di un account in un distretto."""


@role.command()
@click.argument("email")
@click.argument("role_key", metavar="RUOLO")
@district_option
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Ultimo giorno in cui il ruolo vale.")
@click.pass_obj
def give(obj: AccountContext, email: str, role_key: str, slug: str, until: datetime | None) -> None:
    """Dà un ruolo del distretto all'account."""
    end = _end_of(until) if until else None
    with readable_errors(), _in_district(obj, slug) as (session, actor):
        roles.give_role(session, _account(session, email), role_key, actor=actor, valid_to=end)
    click.echo(_("%(email)s ha il ruolo «%(role)s» in %(district)s.", email=email, role=role_key, district=slug))


@role.command()
@click.argument("email")
@click.argument("role_key", metavar="RUOLO")
@district_option
@click.pass_obj
def take(obj: AccountContext, email: str, role_key: str, slug: str) -> None:
    """Toglie un ruolo del distretto all'account."""
    with readable_errors(), _in_district(obj, slug) as (session, actor):
        roles.take_role(session, _account(session, email), role_key, actor=actor)
    click.echo(
        _("%(email)s non ha più il ruolo «%(role)s» in %(district)s.", email=email, role=role_key, district=slug)
    )


@role.command(name="list")
@click.argument("email")
@district_option
@click.pass_obj
def list_roles(obj: AccountContext, email: str, slug: str) -> None:
    """Elenca i ruoli che l'account ha nel distretto."""
    with readable_errors(), _in_district(obj, slug, write=False) as (session, _actor):
        held = queries.roles_of(session, _account(session, email).id)
        lines = [f"{row.key}  {pick(row.label, DEFAULT)}" for row in held]
    click.echo("\n".join(lines) if lines else _("L'account non ha ruoli in questo distretto."))


def _change(obj: AccountContext, email: str, operation: Callable[[Session, Account], None]) -> None:
    with readable_errors(), obj.database.write(None) as session:
        operation(session, _account(session, email))


@contextmanager
def _in_district(obj: AccountContext, slug: str, *, write: bool = True) -> Iterator[tuple[Session, Actor]]:
    with obj.database.read(None) as session:
        district = session.scalar(sa.select(DISTRICT.c.id).where(DISTRICT.c.slug == slug))
    if district is None:
        raise NotFound(_("Il distretto «%(slug)s» non c'è.", slug=slug))
    opened = obj.database.write(district) if write else obj.database.read(district)
    with opened as session:
        yield session, _system(district)


def _account(session: Session, email: str) -> Account:
    found = queries.account_by_email(session, email)
    if found is None:
        raise NotFound(_("Nessun account ha l'indirizzo «%(email)s».", email=email))
    return found


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    secret: str = click.prompt("Password", hide_input=True, confirmation_prompt=_("Ripeti la password"))
    return secret


def _end_of(day: datetime) -> datetime:
    """The moment after which a day is over in Italy."""
    following = day.date().toordinal() + 1
    return datetime.combine(day.date().fromordinal(following), time(), tzinfo=ROME)


def _line(row: Account) -> str:
    marks = [_("portale")] if row.is_portal_admin else []
    marks += [] if row.active else [_("disattivato")]
    return "  ".join([row.email, row.name, *(f"[{mark}]" for mark in marks)])


def _system(district: int | None) -> Actor:
    return Actor.system(district, REASON)
