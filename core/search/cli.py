"""Commands ``innesto search …``. ``ctx.obj`` is the installation."""

from __future__ import annotations

import time
from typing import Any

import click

from core.districts.snapshot import DistrictSnapshot, snapshots

from .documents import Query


@click.group("search")
def search() -> None:
    """Ricerca: stato dell'indice, ricostruzione, prove."""


def _districts(obj: Any, slug: str | None) -> list[DistrictSnapshot]:
    slugs = [slug] if slug else [card.slug for card in snapshots.directory(obj.database)]
    found = [(name, snapshots.get(obj.database, name)) for name in slugs]
    for name, district in found:
        if district is None:
            raise click.ClickException(f"Il distretto «{name}» non esiste. Vedi: innesto district list")
    return [district for _name, district in found if district]


@search.command("reindex")
@click.option("--district", "slug", metavar="D", help="Solo questo distretto.")
@click.pass_obj
def reindex(obj: Any, slug: str | None) -> None:
    """Ricostruisce l'indice; nel frattempo il vecchio continua a rispondere."""
    for district in _districts(obj, slug):
        start = time.perf_counter()
        count = obj.search.reindex(district.id)
        click.echo(f"{district.slug}: {count} schede in {time.perf_counter() - start:.1f} s")


@search.command("status")
@click.option("--district", "slug", metavar="D", help="Solo questo distretto.")
@click.pass_obj
def status(obj: Any, slug: str | None) -> None:
    """Dice quante schede sono nell'indice e quante aspettano."""
    for district in _districts(obj, slug):
        found = obj.search.status(district.id)
        note = f", da ricostruire: {found.rebuild}" if found.rebuild else ""
        click.echo(f"{district.slug}: {found.documents} schede, {found.pending} modifiche in attesa{note}")


@search.command("query")
@click.argument("words")
@click.option("--district", "slug", required=True, metavar="D")
@click.option("--lang", default="it", show_default=True)
@click.option("--exact", is_flag=True, help="Cerca proprio queste parole, senza correggerle.")
@click.pass_obj
def query(obj: Any, words: str, slug: str, lang: str, exact: bool) -> None:
    """Cerca come farebbe chi visita il sito e mostra i primi risultati."""
    (district,) = _districts(obj, slug)
    wanted = Query(words, lang=lang, exact=exact)
    hits = obj.search.search(wanted, district_id=district.id, synonyms=district.synonyms)
    if hits.suggestion:
        click.echo(f"{'corretto in' if hits.corrected else 'forse'}: {hits.suggestion}")
    click.echo(f"{hits.total} risultati")
    for hit in hits.items:
        by = f" (con: {', '.join(hit.matched_by)})" if hit.matched_by else ""
        click.echo(f"{hit.score:8.3f}  {hit.type:12} {hit.ref}{by}")
