"""Commands ``innesto keys …``. ``ctx.obj`` carries ``database``."""

from __future__ import annotations

from typing import Protocol

import click

from core.commandline import readable_errors
from core.crypto import rotation
from core.crypto.keys import check_keys
from core.db import Database
from core.i18n import _
from core.keyring import RingKey


class KeysContext(Protocol):
    """What these commands need from the object of the click context."""

    @property
    def database(self) -> Database:
        """The installation's database."""


@click.group(name="keys")
def keys() -> None:
    """Mostra, cambia e controlla le chiavi che proteggono i dati."""


@keys.command(name="list")
@click.pass_obj
def list_keys(obj: KeysContext) -> None:
    """Elenca le chiavi dell'anello, senza mostrarle."""
    with readable_errors():
        check_keys(obj.database)
        for key in obj.database.keyring.listed():
            click.echo(_line(key))


@keys.command()
@click.pass_obj
def rotate(obj: KeysContext) -> None:
    """Aggiunge una chiave nuova, riavvolge le chiavi dei dati e toglie la vecchia. Il portale può restare acceso."""
    with readable_errors():
        check_keys(obj.database)
        dropped = rotation.rotate(obj.database, told=_tell)
        active = obj.database.keyring.active()
    click.echo(_("Tolte: %(keys)s. In uso: %(active)s.", keys=", ".join(dropped), active=active.id))
    click.echo(
        _("Conserva ora una copia di %(file)s, lontano dalle copie di sicurezza.", file=obj.database.keyring.path)
    )


@keys.command()
@click.pass_obj
def check(obj: KeysContext) -> None:
    """Controlla che ogni chiave si apra e che il file sia al sicuro; esce con 1 se qualcosa non va."""
    with readable_errors():
        problems = list(rotation.problems(obj.database))
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(_("Le chiavi non sono in ordine."))
    click.echo(_("Le chiavi sono in ordine."))


def _line(key: RingKey) -> str:
    state = _("in uso") if key.state == "active" else _("vecchia")
    line: str = _("%(id)s: %(state)s, creata il %(day)s", id=key.id, state=state, day=key.created.date().isoformat())
    return line


def _tell(count: int) -> None:
    click.echo(_("Riavvolte %(count)d chiavi.", count=count))
