"""Commands ``innesto audit …``. ``ctx.obj`` carries ``database`` and ``district_ids``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import click
from sqlalchemy import ColumnClause, column, select, table

from core.audit import triggers
from core.audit.chain import Chain
from core.audit.heads import append_head
from core.audit.sealer import seal_pending
from core.audit.verify import Report, known_chains, verify, verify_chain
from core.commandline import readable_errors
from core.db import Database
from core.errors import NotFound
from core.i18n import _

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class AuditContext(Protocol):
    """What these commands need from the object of the click context."""

    @property
    def database(self) -> Database:
        """The installation's database."""

    @property
    def district_ids(self) -> Sequence[int]:
        """Every district."""


@click.group(name="audit")
def audit() -> None:
    """Sigilla e verifica il registro degli accessi."""


@audit.command()
@click.pass_obj
def seal(obj: AuditContext) -> None:
    """Sigilla subito quello che aspetta e scrive le teste fuori dalla base di dati."""
    with readable_errors():
        for chain in known_chains(obj.database):
            count = seal_pending(obj.database, chain)
            append_head(obj.database, chain)
            click.echo(_("%(name)s: sigillate %(count)d righe", name=_name(chain), count=count))


@audit.command(name="verify")
@click.option("--district", help="Verifica solo questo distretto.")
@click.option("--heads", type=FOLDER, help="Cartella con le teste conservate altrove, al posto di quelle in DATA.")
@click.pass_obj
def verify_command(obj: AuditContext, district: str | None, heads: Path | None) -> None:
    """Cerca righe cambiate, tolte o riscritte; esce con 1 se ne trova."""
    with readable_errors():
        reports = _reports(obj.database, district, heads)
    for report in reports:
        for line in _lines(report):
            click.echo(line)
    if not all(report.whole for report in reports):
        raise click.ClickException(_("Il registro non è intatto."))


@audit.command()
@click.pass_obj
def protect(obj: AuditContext) -> None:
    """Rimette i blocchi che impediscono di cambiare o togliere righe."""
    with readable_errors(), obj.database.all_districts("protect the audit", write=True) as session:
        missing = triggers.missing_triggers(session.connection())
        for name in triggers.CONTENT:
            triggers.add_triggers(session.connection(), name)
    click.echo(_("Blocchi rimessi: %(count)d", count=len(missing)))


def _reports(database: Database, slug: str | None, heads: Path | None) -> list[Report]:
    if slug is None:
        return verify(database, heads)
    return [verify_chain(database, Chain(_number(database, slug)), heads)]


def _number(database: Database, slug: str) -> int:
    number: ColumnClause[int] = column("id")
    name: ColumnClause[str] = column("slug")
    with database.read(None) as session:
        found = session.scalars(
            select(number).select_from(table("core_district", number, name)).where(name == slug)
        ).one_or_none()
    if found is None:
        raise NotFound(_("Non c'è un distretto «%(slug)s».", slug=slug))
    return found


def _name(chain: Chain) -> str:
    name: str = _("Installazione") if chain.district_id is None else _("Distretto %(number)d", number=chain.district_id)
    return name


def _lines(report: Report) -> Iterator[str]:
    yield _(
        "%(name)s: %(rows)d righe sigillate, %(heads)d teste, %(unsealed)d righe in attesa",
        name=_name(report.chain),
        rows=report.rows,
        heads=report.heads,
        unsealed=report.unsealed,
    )
    if report.oldest_unsealed is not None:
        yield _("  La più vecchia aspetta dal %(at)s.", at=report.oldest_unsealed.isoformat(timespec="seconds"))
    for finding in report.findings:
        yield f"  {finding.sentence}"
    if report.untold:
        yield _("  E altre %(count)d anomalie.", count=report.untold)
