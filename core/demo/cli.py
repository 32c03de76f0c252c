"""Commands ``innesto demo …``. ``ctx.obj`` is the installation."""

from __future__ import annotations

from typing import Any

import click

from core.demo import accounts
from core.demo.operations import prepare


@click.group("demo")
def demo() -> None:
    """Dati dimostrativi: distretti, contenuti e account per provare il portale."""


@demo.command("setup")
@click.pass_obj
def setup(obj: Any) -> None:
    """Prepara la dimostrazione in una cartella di dati vuota; se c'è già, non cambia niente."""
    prepare(obj, click.echo)


@demo.command("accounts")
@click.pass_obj
def list_accounts(obj: Any) -> None:
    """Elenca gli account di prova."""
    for account in accounts.listed(obj.database):
        click.echo(f"{account.email}\t{account.password}\t{account.what}\t{account.district}")
