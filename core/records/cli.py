"""``innesto content import`` and ``innesto content export``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.districts.models import District
from core.i18n import _
from core.records.exchange import ImportReport, LineNote, export_lines, import_lines
from core.records.lines import MAX_LINE

#: Notes printed in full; the rest is counted.
MOST_NOTES = 200


@click.group()
def content() -> None:
    """Contenuti dello sportello informativo."""


@content.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--district", required=True, help="Nome del distretto nell'indirizzo.")
@click.option("--strict", is_flag=True, help="Rifiuta gli elementi pubblicati a cui mancano blocchi.")
@click.option("--dry-run", is_flag=True, help="Controlla il file senza scrivere niente.")
@click.pass_context
def import_command(context: click.Context, file: Path, district: str, strict: bool, dry_run: bool) -> None:
    """Porta dentro un FILE con un elemento JSON per riga; le righe sbagliate restano fuori e hanno un messaggio."""
    database = context.obj.database
    number = _district_id(database, district)
    # Closed without a commit, a dry run leaves nothing behind.
    with database.open(number, write=True) as session, file.open("rb") as lines:
        keep = None if dry_run else partial(_keep, session)
        actor = Actor.system(number, "Il sistema")
        report = import_lines(session, read_lines(lines), actor=actor, strict=strict, keep=keep)
    if not dry_run:
        database.optimize()
    _print_report(report, dry_run=dry_run)
    if report.errors:
        context.exit(1)


@content.command("export")
@click.option("--district", required=True, help="Nome del distretto nell'indirizzo.")
@click.option("--type", "type_", help="Solo gli elementi di questo tipo.")
@click.pass_context
def export_command(context: click.Context, district: str, type_: str | None) -> None:
    """Scrive gli elementi del distretto, uno per riga."""
    database = context.obj.database
    number = _district_id(database, district)
    with database.read(number) as session:
        for line in export_lines(session, actor=Actor.system(number, "Il sistema"), type_=type_):
            click.echo(line.encode())


def read_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file; of a line that is too long only the beginning is held in memory."""
    while line := file.readline(MAX_LINE + 2):
        yield line.rstrip(b"\r\n")
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE + 2)
            if not line:
                return


def _keep(session: Session) -> None:
    """Commit a batch and let go of its rows."""
    session.commit()
    session.expunge_all()


def _district_id(database: Any, slug: str) -> int:
    with database.read(None) as session:
        number: int | None = session.scalar(select(District.id).where(District.slug == slug))
    if number is None:
        raise click.ClickException(_("Il distretto «%(slug)s» non esiste", slug=slug))
    return number


def _print_report(report: ImportReport, *, dry_run: bool) -> None:
    _print_notes(_("Riga %(number)s non importata"), report.errors)
    _print_notes(_("Riga %(number)s importata, ma da completare"), report.warnings)
    message = _(
        "%(created)s nuovi, %(updated)s aggiornati, %(unchanged)s uguali, %(errors)s righe rifiutate",
        created=report.created,
        updated=report.updated,
        unchanged=report.unchanged,
        errors=len(report.errors),
    )
    click.echo(message)
    if dry_run:
        click.echo(_("Prova senza scrivere: il distretto è come prima"))


def _print_notes(head: str, notes: list[LineNote]) -> None:
    for note in notes[:MOST_NOTES]:
        name = f" ({note.ref})" if note.ref else ""
        click.echo(f"{head % {'number': note.number}}{name}: {note.message}", err=True)
    if len(notes) > MOST_NOTES:
        click.echo(_("… e altre %(count)s righe", count=len(notes) - MOST_NOTES), err=True)
