"""``innesto run``: the portal with its workers, in one process."""

from __future__ import annotations

import ipaddress
import logging
import os
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import click

from core.errors import ConfigError

if TYPE_CHECKING:
    from flask import Flask

    from core.installation import Installation
    from core.settings import Settings

log = logging.getLogger(__name__)


class Worker(Protocol):
    """Something that works in a thread of its own."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End after what is in hand."""


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
    from core.crypto import check_keys
    from core.db.owners import up_to_date
    from core.loader import check_package_owners
    from core.notifications.transport import transport_of

    check_package_owners()
    check_names(installation.settings)
    transport_of(installation.settings)
    installation.database.start()
    if not up_to_date(installation.database, installation.migration_owners) and _pending(installation):
        raise ConfigError(
            installation.database.url.render_as_string(),
            "",
            "the tables are behind the code",
            "Run: innesto db upgrade",
        )
    check_keys(installation.database)
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


def check_names(settings: Settings) -> None:
    """Refuse to answer other machines, also by a proxy, under any name: a forged one would end up in addresses.

    Raises ConfigError.
    """
    if settings.trusted_hosts:
        return
    if not is_loopback(settings.host):
        problem = f"HOST={settings.host} answers other machines, and no name is said that the portal answers to"
        raise ConfigError("environment", "HOSTS", problem, "Try HOSTS=lavoro.example, or HOST=127.0.0.1")
    if settings.trusted_proxies:
        problem = f"PROXIES={settings.trusted_proxies}, and no name is said that the portal answers to"
        raise ConfigError("environment", "HOSTS", problem, "Try HOSTS=lavoro.example")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(installation: Installation) -> None:
    """Answer requests until SIGTERM or SIGINT; each worker is a thread beside."""
    from core.app import create_app
    from core.memory import settle, share_heaps

    share_heaps()
    app = create_app(installation)
    server = _listen(app, installation.settings)
    workers = _workers(installation)
    # A shell starts a process in the background with SIGINT ignored; both signals must end this one all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    for worker in workers:
        worker.start()
    settle()
    click.echo(f"Innesto risponde su http://{installation.settings.host}:{installation.settings.port}/")
    try:
        server.run()
    finally:
        server.close()
        for worker in reversed(workers):
            worker.stop()


def _workers(installation: Installation) -> Sequence[Worker]:
    """What works beside the requests: index, events, mail, quarantine of uploads, reminders, seal of the audit."""
    from core.audit.sealer import Sealer
    from core.events import EventWorker
    from core.files import FileWorker, Storage
    from core.files.scanner import scanner
    from core.notifications.worker import MailWorker, postman_of
    from core.privacy.requests.reminders import ReminderWorker

    def districts() -> Sequence[int]:
        return installation.district_ids

    database, settings = installation.database, installation.settings
    return (
        installation.search,
        EventWorker(database, installation.host.hooks, districts),
        MailWorker(postman_of(database, settings, demo=installation.demo)),
        FileWorker(database, Storage(settings.data_dir), districts, scanner(settings.antivirus)),
        ReminderWorker(database, districts),
        Sealer(database, districts),
    )


def server_options(settings: Settings) -> dict[str, Any]:
    """How waitress listens.

    It buffers a body before the application sees it, so it refuses by itself what is larger than any form. Without a
    proxy it drops ``X-Forwarded-*``; with some they are passed on to ``configure_proxy``, which believes as many.
    """
    from core.web.security import LARGEST_BODY

    return {
        "host": settings.host,
        "port": settings.port,
        "threads": settings.threads,
        "max_request_body_size": LARGEST_BODY,
        "clear_untrusted_proxy_headers": not settings.trusted_proxies,
        "ident": None,
    }


def _listen(app: Flask, settings: Settings) -> Any:
    """The server, listening. Raises ConfigError where the port is taken or the address is not this machine's."""
    from waitress.server import create_server

    try:
        return create_server(app, **server_options(settings))
    except (OSError, ValueError) as error:
        place, remedy = f"{settings.host}:{settings.port}", "Choose another PORT, or stop what listens there"
        raise ConfigError("environment", "PORT", f"{place}: {error}", remedy) from error
