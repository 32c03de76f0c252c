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
    from core.installation import Installation

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
        from core.demo.operations import prepare

        prepare(installation, click.echo)
    check_start(installation, demo=demo)
    serve(installation)


def check_start(installation: Installation, *, demo: bool) -> None:
    """Refuse to serve a database that is behind, a demo that others could reach, or a wrong database role."""
    from core.db import migrate
    from core.loader import check_package_owners

    check_package_owners()
    installation.database.start()
    if migrate.pending(installation.database, installation.migration_owners):
        raise ConfigError(
            installation.settings.database_url, "", "the tables are behind the code", "Run: innesto db upgrade"
        )
    if installation.demo and not demo:
        raise ConfigError(
            installation.settings.database_url,
            "",
            "these data are a demonstration",
            "Use `make run`, or choose another DATA folder",
        )
    if demo and not is_loopback(installation.settings.host):
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
    from waitress.server import create_server

    from core.app import create_app
    from core.events import EventWorker

    app = create_app(installation)
    server: Any = create_server(
        app, host=installation.settings.host, port=installation.settings.port, threads=installation.settings.threads
    )
    events = EventWorker(installation.database, installation.host.hooks, lambda: installation.district_ids)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    installation.search.start()
    events.start()
    click.echo(f"Innesto risponde su http://{installation.settings.host}:{installation.settings.port}/")
    try:
        server.run()
    finally:
        server.close()
        events.stop()
        installation.search.stop()
