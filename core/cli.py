"""The command ``innesto``. Each group lies beside the part it commands and is imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import NoReturn, cast

import click

from core import __version__
from core.errors import InnestoError

GROUPS: Mapping[str, str] = {
    "account": "core.accounts.cli:account",
    "audit": "core.audit.cli:audit",
    "backup": "core.backup.cli:backup",
    "content": "core.records.cli:content",
    "db": "core.db.cli:db",
    "demo": "core.demo.cli:demo",
    "district": "core.districts.cli:district",
    "docs": "core.docs:docs",
    "keys": "core.crypto.cli:keys",
    "mail": "core.notifications.cli:mail",
    "plugin": "core.districts.cli:plugin",
    "restore": "core.backup.cli:restore",
    "privacy": "core.privacy.retention.cli:privacy",
    "run": "core.serve:run",
    "search": "core.search.cli:search",
    "upgrade": "core.backup.cli:upgrade",
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports them late: most calls need one part of the core alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in GROUPS:
            return None
        module, _, name = GROUPS[cmd_name].partition(":")
        return cast(click.Command, getattr(importlib.import_module(module), name))


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="innesto")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Innesto: il portale dei servizi di inclusione lavorativa."""
    if ctx.obj is None:
        from core.installation import Installation

        ctx.obj = Installation()


def main() -> None:
    """Entry point: an error raised on purpose is a message, not a stack trace."""
    try:
        cli()
    except InnestoError as error:
        _fail(str(error))
    except Exception as error:
        problem = _database_problem(error)
        if not problem:
            raise
        _fail(problem)


def _fail(message: str) -> NoReturn:
    click.echo(f"innesto: {message}", err=True)
    sys.exit(1)


def _database_problem(error: Exception) -> str:
    """What a database that cannot be opened says of itself; empty for errors of another kind."""
    from sqlalchemy.exc import DatabaseError, OperationalError

    # The class itself: wrong statements and broken constraints are its children, and faults of ours.
    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        return f"DATABASE_URL: {error.orig}"
    return ""


if __name__ == "__main__":
    main()
