"""Commands ``innesto db …``. ``ctx.obj`` carries ``database`` and ``migration_owners``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import click

from core.commandline import readable_errors
from core.db import migrate
from core.db.database import Database
from core.i18n import _


class DatabaseContext(Protocol):
    """What these commands need from the object of the click context."""

    @property
    def database(self) -> Database:
        """The installation's database."""

    @property
    def migration_owners(self) -> Sequence[migrate.MigrationOwner]:
        """The core, then the installed plugins in the order of their requirements."""


@click.group(name="db")
def db() -> None:
    """Prepara e controlla la base di dati."""


@db.command()
@click.pass_obj
def upgrade(obj: DatabaseContext) -> None:
    """Porta la base di dati all'ultima versione."""
    with readable_errors():
        steps = migrate.upgrade(obj.database, obj.migration_owners)
    for step in steps:
        click.echo(_("Eseguito: %(step)s", step=step))
    if not steps:
        click.echo(_("La base di dati è già aggiornata."))


@db.command()
@click.pass_obj
def status(obj: DatabaseContext) -> None:
    """Mostra a che punto è ogni parte."""
    with readable_errors():
        states = migrate.status(obj.database, obj.migration_owners)
    for state in states:
        click.echo(_line(state))


def _line(state: migrate.OwnerStatus) -> str:
    line: str = _("%(owner)s: aggiornato alla %(revision)s", owner=state.owner, revision=state.current)
    if state.current is None:
        line = _("%(owner)s: nessuna migrazione", owner=state.owner)
    if state.pending:
        line = _("%(owner)s: da eseguire %(steps)s", owner=state.owner, steps=", ".join(state.pending))
    return line


@db.command()
@click.pass_obj
def check(obj: DatabaseContext) -> None:
    """Confronta la base di dati con i modelli; esce con 1 se trova differenze."""
    with readable_errors():
        problems = migrate.check(obj.database, obj.migration_owners)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        raise click.ClickException(_("La base di dati non corrisponde ai modelli. Esegui «innesto db upgrade»."))
    click.echo(_("La base di dati corrisponde ai modelli."))


@db.command()
@click.argument("owner")
@click.argument("revision")
@click.confirmation_option(prompt="I dati delle tabelle tolte vanno persi. Continuo?", help="Non chiede conferma.")
@click.pass_obj
def downgrade(obj: DatabaseContext, owner: str, revision: str) -> None:
    """Riporta OWNER alla versione REVISION («base» per toglierlo del tutto)."""
    with readable_errors():
        migrate.downgrade(obj.database, obj.migration_owners, owner, revision)
    click.echo(_("%(owner)s: riportato alla %(revision)s", owner=owner, revision=revision))


@db.command()
@click.argument("owner")
@click.argument("message")
@click.pass_obj
def revision(obj: DatabaseContext, owner: str, message: str) -> None:
    """Scrive la prossima migrazione di OWNER (per chi sviluppa)."""
    with readable_errors():
        path = migrate.revision(obj.database, obj.migration_owners, owner, message)
    click.echo(_("Scritta la migrazione %(file)s: rileggila prima di usarla.", file=path))
