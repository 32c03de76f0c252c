"""Commands ``innesto backup``, ``innesto restore`` and ``innesto upgrade``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core import clock
from core.commandline import readable_errors
from core.i18n import _

if TYPE_CHECKING:
    from core.backup.create import Summary
    from core.backup.keys import Secret
    from core.installation import Installation

PATH = click.Path(path_type=Path)
passphrase_option = click.option("--passphrase-file", type=PATH, help="File con la frase segreta, in una riga.")
key_option = click.option("--key-file", type=PATH, help="File con la chiave di recupero (di solito DATA/backup.key).")


class FileFirst(click.Group):
    """``innesto backup FILE`` makes one; ``innesto backup verify FILE`` is a command of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["create", *args]
        return super().parse_args(ctx, args)


@click.group(cls=FileFirst, name="backup")
def backup() -> None:
    """Salva tutto in un file cifrato, mentre il portale lavora. Basta scrivere: innesto backup FILE."""


@backup.command()
@click.argument("file", type=PATH)
@passphrase_option
@click.pass_obj
def create(installation: Installation, file: Path, passphrase_file: Path | None) -> None:
    """Salva base di dati, documenti, chiavi e registro in FILE, e lo rilegge per controllo."""
    from core.backup.create import back_up

    with readable_errors():
        secret = _secret_to_write(installation, passphrase_file)
        summary = back_up(installation.database, installation.migration_owners, file, secret)
    click.echo(_("Copia fatta e riletta: %(file)s", file=file))
    _tell(summary)


@backup.command()
@click.argument("file", type=PATH)
@passphrase_option
@key_option
@click.pass_obj
def verify(installation: Installation, file: Path, passphrase_file: Path | None, key_file: Path | None) -> None:
    """Legge FILE fino in fondo e controlla che sia intero."""
    from core.backup.create import verify as check

    with readable_errors():
        summary = check(file, _secret_to_read(installation, file, passphrase_file, key_file))
    click.echo(_("La copia è intera."))
    _tell(summary)


@click.command("restore")
@click.argument("file", type=PATH)
@click.option("--into", type=PATH, required=True, help="Cartella nuova o vuota, che diventa la cartella DATA.")
@click.option("--database-url", help="Base di dati PostgreSQL vuota; senza, i dati vanno in un file SQLite.")
@passphrase_option
@key_option
@click.pass_obj
def restore(
    installation: Installation,
    file: Path,
    *,
    into: Path,
    database_url: str | None,
    passphrase_file: Path | None,
    key_file: Path | None,
) -> None:
    """Rimette una copia in una cartella vuota. Prima la controlla tutta; non scrive mai sopra altri dati."""
    from core.backup.restoring import postgres_url
    from core.backup.restoring import restore as put_back

    with readable_errors():
        secret = _secret_to_read(installation, file, passphrase_file, key_file)
        url = postgres_url(database_url) if database_url else None
        found = put_back(file, secret, installation.migration_owners, into.resolve(), url)
    click.echo(_("Rimesso tutto in %(folder)s. Conteggi, tabelle e registro degli accessi tornano.", folder=into))
    _tell(found.summary)
    for step in found.steps:
        click.echo(_("Eseguito: %(step)s", step=step))
    for name in found.left_out:
        click.echo(_("Tabella lasciata nella copia, perché la sua funzione non è installata: %(name)s", name=name))
    click.echo(_("L'indice della ricerca si rifà da solo all'avvio."))


@click.command("upgrade")
@click.option("--check", is_flag=True, help="Prova su una copia, dice come va e quanto dura, e non cambia niente.")
@click.option("--backup", "file", type=PATH, help="Dove salvare prima (di solito DATA/backups/).")
@passphrase_option
@click.pass_obj
def upgrade(installation: Installation, check: bool, file: Path | None, passphrase_file: Path | None) -> None:
    """Porta la base di dati all'ultima versione, dopo averne salvato una copia."""
    from core.db import migrate

    with readable_errors():
        if check:
            _try(installation)
            return
        if not migrate.pending(installation.database, installation.migration_owners):
            click.echo(_("La base di dati è già aggiornata."))
            return
        _upgrade(installation, file, passphrase_file)


def _upgrade(installation: Installation, file: Path | None, passphrase_file: Path | None) -> None:
    from core.backup.upgrading import upgrade as run

    folder = installation.settings.data_dir / "backups"
    if file is None:
        folder.mkdir(mode=0o700, exist_ok=True)
    path = file or folder / f"{clock.now():%Y-%m-%d-%H%M%S}.innesto"
    secret = _secret_to_write(installation, passphrase_file)
    summary, steps = run(installation.database, installation.migration_owners, path, secret)
    click.echo(_("Copia fatta e riletta: %(file)s", file=path))
    _tell(summary)
    for step in steps:
        click.echo(_("Eseguito: %(step)s", step=step))


def _try(installation: Installation) -> None:
    from core.backup.upgrading import try_upgrade

    trial = try_upgrade(installation.database, installation.migration_owners)
    for step in trial.steps:
        click.echo(_("Provato sulla copia: %(step)s", step=step))
    copying, running = f"{trial.copying:.1f}", f"{trial.upgrading:.1f}"
    click.echo(_("Copiare: %(copying)s s. Aggiornare: %(running)s s.", copying=copying, running=running))
    for problem in trial.problems:
        click.echo(problem, err=True)
    if trial.problems:
        raise click.ClickException(_("Sulla copia l'aggiornamento non riesce. I dati veri non sono cambiati."))
    click.echo(_("Sulla copia l'aggiornamento riesce. I dati veri non sono cambiati."))


def _tell(summary: Summary) -> None:
    rows, lists = sum(summary.rows.values()), len(summary.rows)
    text = _("Del %(moment)s, versione %(version)s, %(dialect)s.", moment=summary.created, version=summary.version,
             dialect=summary.dialect)  # fmt: skip
    click.echo(text)
    click.echo(_("%(rows)s righe in %(lists)s tabelle, %(files)s file.", rows=rows, lists=lists, files=summary.files))
    for name in summary.absent:
        click.echo(_("Attenzione: la funzione %(name)s non è installata, i suoi dati sono nella copia.", name=name))


def _secret_to_write(installation: Installation, passphrase_file: Path | None) -> Secret:
    from core.backup.keys import kept_recovery_key, read_passphrase

    if passphrase_file:
        return read_passphrase(passphrase_file)
    key, new = kept_recovery_key(installation.settings.data_dir)
    if new:
        click.echo(_("Chiave di recupero: %(key)s", key=key.text))
        click.echo(_("Scrivila e tienila lontano da questo computer: senza, le copie non si aprono."))
    return key


def _secret_to_read(
    installation: Installation, file: Path, passphrase_file: Path | None, key_file: Path | None
) -> Secret:
    from core.backup.container import lock_of
    from core.backup.keys import NAME, Passphrase, read_passphrase, read_recovery_key

    if passphrase_file:
        return read_passphrase(passphrase_file)
    if key_file:
        return read_recovery_key(key_file)
    if lock_of(file) == "passphrase" and sys.stdin.isatty():
        return Passphrase(click.prompt(_("Frase segreta"), hide_input=True))
    return read_recovery_key(installation.settings.data_dir / NAME)
