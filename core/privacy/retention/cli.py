"""Commands ``innesto privacy …``: what the retention would erase, and the erasure that a person confirms."""

from __future__ import annotations

from typing import Protocol

import click

from core.access import Actor
from core.commandline import readable_errors
from core.db import Database
from core.districts.snapshot import snapshots
from core.errors import NotFound
from core.i18n import _
from core.loader import Host
from core.privacy.retention import erasure as retention_erasure
from core.privacy.retention import operations as retention
from core.privacy.retention.operations import Preview, RetentionRule

#: Loaded for the rules that it declares.
DECLARED = (retention_erasure.__name__,)
REASON = "riga di comando"


class PrivacyContext(Protocol):
    """What these commands need from the object of the click context."""

    @property
    def database(self) -> Database:
        """The installation's database."""

    @property
    def host(self) -> Host:
        """The plugins."""


@click.group("privacy")
def privacy() -> None:
    """Conservazione e cancellazione dei dati delle persone."""


@privacy.command("retain")
@click.option("--district", "slug", required=True, help="Nome del distretto nell'indirizzo.")
@click.option("--dry-run", is_flag=True, help="Mostra soltanto che cosa sarebbe cancellato.")
@click.pass_obj
def retain(obj: PrivacyContext, slug: str, dry_run: bool) -> None:
    """Cancella quello che le regole di conservazione non chiedono più di tenere, dopo una conferma scritta a mano."""
    with readable_errors():
        district = _district(obj, slug)
        for rule in retention.rules():
            found = _preview(obj, district, rule)
            click.echo(_sentence(found))
            if found.due and not dry_run and _confirmed(found):
                _run(obj, district, rule, found)


def _district(obj: PrivacyContext, slug: str) -> int:
    for card in snapshots.directory(obj.database):
        if card.slug == slug:
            return card.id
    raise NotFound(_("Il distretto «%(slug)s» non c'è.", slug=slug))


def _preview(obj: PrivacyContext, district: int, rule: RetentionRule) -> Preview:
    with obj.database.read(district) as session:
        return retention.preview(session, rule, actor=Actor.system(district, REASON))


def _sentence(found: Preview) -> str:
    label = str(found.rule.label)
    if found.months is None:
        return _("%(what)s: nel modello manca «%(key)s», non si cancella.", what=label, key=found.rule.parameter)
    return _(
        "%(what)s (%(months)s mesi; %(source)s): da cancellare %(due)s, bloccati %(held)s, da tenere %(kept)s.",
        what=label,
        months=found.months,
        source=found.source,
        due=found.due,
        held=found.held,
        kept=found.kept,
    )


def _confirmed(found: Preview) -> bool:
    """Whether somebody writes the number of objects by hand; there is no option that says so for them."""
    answer: str = click.prompt(_("Per cancellarli scrivi quanti sono"), default="", show_default=False)
    return answer.strip() == str(found.due)


def _run(obj: PrivacyContext, district: int, rule: RetentionRule, found: Preview) -> None:
    """Batch after batch, each in a transaction of its own; what becomes due meanwhile waits for the next time."""
    actor, left, digest = Actor.system(district, REASON), found.due, found.digest
    while left > 0:
        with obj.database.write(district) as session:
            report = retention.run(session, rule, actor=actor, hooks=obj.host.hooks, confirmed=digest)
            left -= report.erased
            digest = retention.preview(session, rule, actor=actor).digest
    click.echo(_("Cancellati: %(count)s.", count=found.due - left))
