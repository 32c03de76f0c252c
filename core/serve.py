"""``innesto run``: the portal with its workers, in one process."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
from typing import TYPE_CHECKING, Any

import click

from core.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask

    from core.installation import Installation
    from core.settings import Settings

log = logging.getLogger(__name__)


@click.command("run")
@click.option(
    "--demo", is_flag=True, help="Prepara i cinque distretti dimostrativi, se mancano, e avvia su questo computer."
)
@click.pass_obj
def run(installation: Installation, demo: bool) -> None:
    """Avvia il portale con i suoi lavori in sottofondo."""
    from core.web.requestlog import configure_logging

    configure_logging()
    if demo:
        check_host(installation.settings.host)
        from core.demo.operations import prepare

        prepare(installation, click.echo)
    check_start(installation, demo=demo)
    serve(installation)


def check_start(installation: Installation, *, demo: bool) -> None:
    """Refuse to serve a database that is behind, a demo that was not asked for, or a wrong database role."""
    from core.db.owners import up_to_date
    from core.loader import check_package_owners

    check_package_owners()
    installation.database.start()
    if not up_to_date(installation.database, installation.migration_owners) and _pending(installation):
        raise ConfigError(
            installation.database.url.render_as_string(),
            "",
            "the tables are behind the code",
            "Run: innesto db upgrade",
        )
    if installation.demo and not demo:
        raise ConfigError(
            installation.database.url.render_as_string(),
            "",
            "these data are a demonstration",
            "Use `make run`, or choose another DATA folder",
        )


def _pending(installation: Installation) -> list[str]:
    """The steps to run, as Alembic says, which is loaded only where something seems to be missing."""
    from core.db import migrate

    return migrate.pending(installation.database, installation.migration_owners)


def check_host(host: str) -> None:
    """Refuse to show a demonstration to other machines, before anything is written. Raises ConfigError."""
    if not is_loopback(host):
        raise ConfigError(
            "environment", "HOST", "a demonstration answers this machine alone", "Leave HOST out, or set HOST=127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(installation: Installation) -> None:
    """Answer requests until SIGTERM or SIGINT; events and index are worked on in two threads beside."""
    from core.app import create_app
    from core.events import EventWorker
    from core.memory import settle, share_heaps

    share_heaps()
    app = create_app(installation)
    server = _listen(app, installation.settings)
    events = EventWorker(installation.database, installation.host.hooks, lambda: installation.district_ids)
    # A shell starts a process in the background with SIGINT ignored; both signals must end this one all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    installation.search.start()
    events.start()
    settle()
    click.echo(f"Innesto risponde su http://{installation.settings.host}:{installation.settings.port}/")
    try:
        server.run()
    finally:
        server.close()
        events.stop()
        installation.search.stop()


def _listen(app: Flask, settings: Settings) -> Any:
    """The server, listening. Raises ConfigError where the port is taken or the address is not this machine's."""
    from waitress.server import create_server

    try:
        return create_server(app, host=settings.host, port=settings.port, threads=settings.threads)
    except (OSError, ValueError) as error:
        place, remedy = f"{settings.host}:{settings.port}", "Choose another PORT, or stop what listens there"
        raise ConfigError("environment", "PORT", f"{place}: {error}", remedy) from error
