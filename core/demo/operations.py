"""Make the demonstration by calling the same operations that people call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.db import Database
from core.db.owners import up_to_date
from core.demo import accounts
from core.districts.bundle import Bundle
from core.districts.loading import available_models, load_model
from core.districts.models import District
from core.districts.operations import found_district
from core.districts.snapshot import snapshots
from core.errors import ConfigError
from core.records.exchange import import_lines

if TYPE_CHECKING:
    from core.installation import Installation

Say = Callable[[str], None]
#: How long ago a demonstration begins.
BEGUN = timedelta(days=150)


def prepare(installation: Installation, say: Say) -> None:
    """Bring the tables up to date and, in an empty database, make the demonstration; then tell the accounts.

    Raises ConfigError for a database that holds real districts.
    """
    if not up_to_date(installation.database, installation.migration_owners):
        from core.db import migrate

        migrate.upgrade(installation.database, installation.migration_owners)
    if _has_real_districts(installation.database):
        url = installation.database.url.render_as_string()
        raise ConfigError(
            url, "", "this database holds real districts", "Choose another DATA folder for the demonstration"
        )
    _make(installation, say)
    for account in accounts.listed(installation.database):
        say(f"{account.email:55} {account.password:20} {account.what} {account.district}".rstrip())


def _has_real_districts(database: Database) -> bool:
    with database.read(None) as session:
        return session.scalar(select(District.id).where(District.demo.is_(False)).limit(1)) is not None


def _make(installation: Installation, say: Say) -> None:
    models = available_models(installation.models_dir)
    if not models:
        raise ConfigError(
            installation.models_dir, "", "there is no model in this folder", "Set MODELS to config/models"
        )
    for model in models:
        _make_district(installation, model, say)
    with installation.database.write(None) as session:
        accounts.make_portal_administrator(session)


def _make_district(installation: Installation, model: str, say: Say) -> None:
    """District, then accounts and content in one transaction: a preparation cut short goes on where it stood."""
    bundle = load_model(installation.models_dir, model, installation.catalogue)
    number = _number(installation, bundle)
    with installation.database.write(number) as session:
        # Before everything that the demonstration lets happen, so that roles hold when it does.
        with clock.at(clock.now() - BEGUN):
            made = accounts.make_for_roles(session, bundle.slug)
        if not made:
            return
        for file in sorted((installation.models_dir / model / "content").glob("*.jsonl")):
            _import(session, number, file)
        _fill(installation, session, number)
    say(f"{bundle.slug}: {installation.search.reindex(number)} schede pubblicate")


def _fill(installation: Installation, session: Session, number: int) -> None:
    """Invented data of the plugins that are on. Raises PluginError naming one that fails."""
    district = snapshots.by_id(session, number)
    installation.host.hooks.demand("make_demonstration", district=district, session=session)


def _number(installation: Installation, bundle: Bundle) -> int:
    with installation.database.read(None) as session:
        found = session.scalar(select(District.id).where(District.slug == bundle.slug))
    if found is not None:
        return found
    return found_district(installation.database, bundle, actor=Actor.system(None, accounts.REASON), demo=True).id


def _import(session: Session, number: int, file: Path) -> None:
    """Bring one file in whole: content that ships with a model has no bad lines. Raises ConfigError naming the line."""
    with file.open("rb") as lines:
        report = import_lines(session, lines, actor=Actor.system(number, accounts.REASON))
    for note in report.errors:
        raise ConfigError(file, f"line {note.number}", note.message, "Correct the line and start again")
