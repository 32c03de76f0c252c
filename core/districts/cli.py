"""Commands ``innesto district …`` and ``innesto plugin …``. ``ctx.obj`` carries database, catalogue and models_dir."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

import click
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.commandline import readable_errors
from core.db import Database
from core.districts import diff, operations, queries
from core.districts.bundle import Bundle
from core.districts.catalogue import PluginCatalogue
from core.districts.export import export_bundle
from core.districts.info import DistrictCard
from core.districts.loading import available_models, load_folder, load_model
from core.districts.models import District
from core.districts.parameters import DatedValue, Parameter, dump_value, value_from_text
from core.districts.snapshot import snapshots
from core.errors import NotFound
from core.i18n import _, pick

REASON = "riga di comando"
DAY = click.DateTime(["%Y-%m-%d"])
ADDONS = click.option("--with", "addons", multiple=True, help="Modello aggiuntivo, anche più volte, nell'ordine dato.")


class DistrictContext(Protocol):
    """What these commands need from the object of the click context."""

    @property
    def database(self) -> Database:
        """The installation's database."""

    @property
    def catalogue(self) -> PluginCatalogue:
        """The installed plugins."""

    @property
    def models_dir(self) -> Path:
        """The folder of the territorial models."""


@contextmanager
def _district(obj: DistrictContext, slug: str, *, write: bool = False) -> Iterator[tuple[Session, Actor]]:
    with readable_errors():
        snapshots.use(obj.catalogue)
        card = _card(obj, slug)
        with obj.database.write(card.id) if write else obj.database.read(card.id) as session:
            yield session, Actor.system(card.id, REASON)


def _card(obj: DistrictContext, slug: str) -> DistrictCard:
    cards = snapshots.directory(obj.database)
    found = next((card for card in cards if card.slug == slug), None)
    if found is None:
        names = ", ".join(card.slug for card in cards) or _("nessuno")
        raise NotFound(_("Il distretto «%(slug)s» non c'è. Distretti presenti: %(names)s.", slug=slug, names=names))
    return found


# --- innesto district ------------------------------------------------------------------------------------------------


@click.group(name="district")
def district() -> None:
    """Crea i distretti e applica i loro modelli."""


@district.command()
@click.argument("name", required=False)
@click.option("--model", required=True, help="Cartella del modello territoriale.")
@ADDONS
@click.option("--host", help="Nome di dominio proprio del distretto.")
@click.option("--demo", is_flag=True, help="Segna il distretto come dimostrativo.")
@click.pass_obj
def create(
    obj: DistrictContext, *, name: str | None, model: str, addons: Sequence[str], host: str | None, demo: bool
) -> None:
    """Crea un distretto all'indirizzo NAME (se manca, quello proposto dal modello)."""
    with readable_errors():
        snapshots.use(obj.catalogue)
        bundle = load_model(obj.models_dir, model, obj.catalogue, addons=addons)
        made = operations.found_district(
            obj.database, bundle, actor=Actor.system(None, REASON), slug=name, host=host, demo=demo
        )
    click.echo(_("Creato il distretto «%(slug)s» con il modello %(model)s.", slug=made.slug, model=made.model))


@district.command("list")
@click.pass_obj
def list_districts(obj: DistrictContext) -> None:
    """Elenca i distretti e i modelli presenti."""
    with readable_errors():
        cards = snapshots.directory(obj.database)
    for card in cards:
        click.echo(f"{card.slug}\t{card.model}\t{pick(card.service, 'it')}")
    if not cards:
        click.echo(_("Non c'è ancora nessun distretto."))
    click.echo(_("Modelli: %(names)s", names=", ".join(available_models(obj.models_dir)) or _("nessuno")))


@district.command()
@click.argument("name")
@click.pass_obj
def show(obj: DistrictContext, name: str) -> None:
    """Mostra com'è configurato un distretto."""
    with readable_errors():
        snapshots.use(obj.catalogue)
        found = snapshots.by_id(obj.database, _card(obj, name).id)
    assert found is not None
    rows = (
        (_("Distretto"), pick(found.name, "it")),
        (_("Servizio"), pick(found.service, "it")),
        (_("Modello"), found.model),
        (_("Fonte"), found.source),
        (_("Lingue"), ", ".join(found.languages)),
        (_("Plugin accesi"), ", ".join(sorted(found.enabled))),
        (_("Aree"), ", ".join(pick(area.name, "it") for area in found.subareas)),
        (_("Comuni"), ", ".join(place.name for place in found.municipalities.values()) or _("da confermare")),
        (_("Enti"), ", ".join(body.name for body in found.organisations)),
        (_("Da sistemare"), "; ".join(found.problems)),
    )
    for label, value in rows:
        if value:
            click.echo(f"{label}: {value}")


def _bundle(obj: DistrictContext, session: Session, folder: Path | None, addons: Sequence[str]) -> Bundle:
    """The bundle of the folder, or the district's own model as it lies in the models folder now."""
    if folder is not None:
        return load_folder(folder, obj.catalogue)
    row = session.get_one(District, session.info["district"])
    return load_model(obj.models_dir, row.model, obj.catalogue, addons=addons or row.addons)


def _print_changes(changes: Sequence[diff.Change]) -> None:
    for change in changes:
        click.echo(str(change))
    if not changes:
        click.echo(_("Nessuna differenza."))


FOLDER = click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), help="Un modello in un'altra cartella."
)


@district.command("diff")
@click.argument("name")
@FOLDER
@ADDONS
@click.pass_obj
def show_diff(obj: DistrictContext, name: str, folder: Path | None, addons: Sequence[str]) -> None:
    """Mostra che cosa cambierebbe applicando il modello."""
    with _district(obj, name) as (session, _actor):
        _print_changes(diff.preview(session, _bundle(obj, session, folder, addons)))


@district.command()
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Mostra le differenze senza applicarle.")
@FOLDER
@ADDONS
@click.pass_obj
def apply(obj: DistrictContext, *, name: str, dry_run: bool, folder: Path | None, addons: Sequence[str]) -> None:
    """Applica il modello; le scelte fatte nella console restano."""
    with _district(obj, name, write=not dry_run) as (session, actor):
        bundle = _bundle(obj, session, folder, addons)
        if dry_run:
            _print_changes(diff.preview(session, bundle))
            return
        applied = operations.apply_bundle(session, bundle, actor=actor)
    _print_changes(applied.changes)
    click.echo(_("Applicata la versione %(number)s del modello %(key)s.", number=applied.number, key=bundle.key))


@district.command()
@click.argument("name")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def export(obj: DistrictContext, name: str, folder: Path) -> None:
    """Scrive in FOLDER un modello uguale alla configurazione di oggi."""
    with _district(obj, name) as (session, _actor):
        files = export_bundle(session, folder)
    for path in files:
        click.echo(str(path))


@district.command()
@click.argument("name")
@click.pass_obj
def rollback(obj: DistrictContext, name: str) -> None:
    """Torna alla versione precedente del modello; le scelte fatte nella console restano."""
    with _district(obj, name, write=True) as (session, actor):
        applied = operations.rollback_bundle(session, actor=actor, catalogue=obj.catalogue)
    _print_changes(applied.changes)
    click.echo(_("Di nuovo in uso la versione %(number)s.", number=applied.number))


@district.command()
@click.argument("name")
@click.pass_obj
def history(obj: DistrictContext, name: str) -> None:
    """Elenca le versioni del modello applicate."""
    with _district(obj, name) as (session, _actor):
        rows = queries.history(session)
        current = queries.in_force(session)
    for row in rows:
        state = _("in uso") if row is current else _("annullata") if row.rolled_back_at else ""
        moment = row.applied_at.astimezone(clock.ROME).strftime("%d/%m/%Y %H:%M")
        click.echo("\t".join((str(row.number), moment, row.applied_by, state)).rstrip())


@district.group()
def parameter() -> None:
    """Mostra e cambia i parametri datati."""


@parameter.command("list")
@click.argument("name")
@click.pass_obj
def list_parameters(obj: DistrictContext, name: str) -> None:
    """Elenca i parametri con tutti i loro valori e la provenienza."""
    with _district(obj, name) as (session, _actor):
        found = queries.parameters(session)
    for item in found.values():
        click.echo(f"{item.key}\t{pick(item.label, 'it')}")
        for value in item.values:
            click.echo(f"  {_value_line(item, value)}")


def _value_line(item: Parameter, value: DatedValue) -> str:
    stored = DatedValue(dump_value(item.type, value.value), value.valid_from, value.valid_to, source=value.source)
    place = f"{value.layer} {value.place}".strip()
    day = value.valid_from.strftime("%d/%m/%Y")
    line: str = _(
        "dal %(day)s: %(value)s (%(origin)s)", day=day, value=diff.value_text(item, stored), origin=value.file or place
    )
    return line


@parameter.command("set")
@click.argument("name")
@click.argument("key")
@click.argument("value")
@click.option("--from", "start", required=True, type=DAY, help="Primo giorno in cui vale (AAAA-MM-GG).")
@click.option("--to", "end", type=DAY, help="Primo giorno in cui non vale più.")
@click.option("--municipality", help="Codice ISTAT, per un solo Comune.")
@click.option("--subarea", help="Chiave dell'area, per una sola area.")
@click.option("--source", default="", help="Atto o documento da cui viene.")
@click.pass_obj
def set_parameter(
    obj: DistrictContext,
    *,
    name: str,
    key: str,
    value: str,
    start: datetime,
    end: datetime | None,
    municipality: str | None,
    subarea: str | None,
    source: str,
) -> None:
    """Dà un nuovo valore a un parametro da un giorno in poi (importi in centesimi)."""
    with _district(obj, name, write=True) as (session, actor):
        operations.set_parameter(
            session,
            key,
            _typed(session, key, value),
            actor=actor,
            valid_from=start.date(),
            valid_to=end.date() if end else None,
            municipality=municipality,
            subarea=subarea,
            source=source,
        )
    click.echo(_("Fatto: %(key)s = %(value)s dal %(day)s.", key=key, value=value, day=start.strftime("%d/%m/%Y")))


def _typed(session: Session, key: str, text: str) -> object:
    found = queries.parameters(session).get(key)
    if found is None:
        raise NotFound(_("Il parametro «%(key)s» non c'è in questo distretto.", key=key))
    try:
        return value_from_text(found.type, text, found.options)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="VALUE") from None


# --- innesto plugin --------------------------------------------------------------------------------------------------


@click.group(name="plugin")
def plugin() -> None:
    """Accende e spegne i plugin nei distretti."""


WHERE = click.option("--district", "slug", required=True, help="Indirizzo del distretto.")


@plugin.command("list")
@click.option("--district", "slug", help="Solo questo distretto.")
@click.pass_obj
def list_plugins(obj: DistrictContext, slug: str | None) -> None:
    """Elenca i plugin installati e i distretti in cui sono accesi."""
    with readable_errors():
        snapshots.use(obj.catalogue)
        cards = [_card(obj, slug)] if slug else snapshots.directory(obj.database)
        found = [snapshot for card in cards if (snapshot := snapshots.by_id(obj.database, card.id))]
    for name in sorted(obj.catalogue.names):
        on = [snapshot.slug for snapshot in found if snapshot.has(name)]
        click.echo(f"{name}\t{_('acceso in: %(names)s', names=', '.join(on)) if on else _('spento')}")


@plugin.command()
@click.argument("name")
@WHERE
@click.pass_obj
def enable(obj: DistrictContext, name: str, slug: str) -> None:
    """Accende un plugin in un distretto, senza riavvio."""
    with _district(obj, slug, write=True) as (session, actor):
        operations.enable_plugin(session, name, actor=actor, catalogue=obj.catalogue)
    click.echo(_("Il plugin «%(name)s» è acceso in «%(slug)s».", name=name, slug=slug))


@plugin.command()
@click.argument("name")
@WHERE
@click.pass_obj
def disable(obj: DistrictContext, name: str, slug: str) -> None:
    """Spegne un plugin in un distretto; i suoi dati restano."""
    with _district(obj, slug, write=True) as (session, actor):
        operations.disable_plugin(session, name, actor=actor, catalogue=obj.catalogue)
    click.echo(_("Il plugin «%(name)s» è spento in «%(slug)s».", name=name, slug=slug))
