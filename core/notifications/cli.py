"""Commands ``innesto mail …``: what waits, what was given up, and another attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import click

from core import clock
from core.commandline import readable_errors
from core.i18n import _, ngettext

if TYPE_CHECKING:
    from core.installation import Installation
    from core.notifications.models import Mail

LABELS = {"waiting": "In attesa", "given_up": "Non partiti", "sent": "Partiti"}
MOST = 50


@click.group(name="mail")
def mail() -> None:
    """Mostra la posta che parte dal portale e la fa ripartire."""


@mail.command("list")
@click.option("--sent", is_flag=True, help="Mostra anche gli ultimi messaggi partiti.")
@click.pass_obj
def list_(installation: Installation, sent: bool) -> None:
    """Elenca i messaggi in attesa e quelli non partiti. Di ogni indirizzo si vede solo una parte."""
    from core.notifications.queries import mail_count, mails

    with readable_errors(), installation.database.read(None) as session:
        for state in ("waiting", "given_up", *(["sent"] if sent else [])):
            click.echo(f"{LABELS[state]}: {mail_count(session, state)}")
            for row in mails(session, state, limit=MOST):
                click.echo(_line(row))


def _line(row: Mail) -> str:
    day = row.created_at.astimezone(clock.ROME).strftime("%d/%m/%Y %H:%M")
    tries = ngettext("%(num)s tentativo", "%(num)s tentativi", row.tries)
    return "  ".join(part for part in (str(row.id), day, row.template, row.hint, tries, row.last_error) if part)


@mail.command()
@click.argument("ids", nargs=-1, type=click.UUID)
@click.pass_obj
def retry(installation: Installation, ids: tuple[UUID, ...]) -> None:
    """Fa ripartire i messaggi IDS, o tutti quelli in attesa e non partiti."""
    from core.notifications.operations import retry as again

    with readable_errors(), installation.database.write(None) as session:
        count = again(session, ids or None)
    text = _("Il server li manda appena può.") if count else ""
    click.echo(f"{ngettext('%(num)s messaggio riparte.', '%(num)s messaggi ripartono.', count)} {text}".strip())


@mail.command()
@click.argument("address")
@click.pass_obj
def test(installation: Installation, address: str) -> None:
    """Manda subito una prova ad ADDRESS e dice che cosa risponde il server di posta."""
    from core.notifications.worker import try_out

    with readable_errors():
        click.echo(try_out(installation.settings, address))
