"""One process's view of the installation: settings, database and plugins, made at first use."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, select
from sqlalchemy.exc import ArgumentError

from core.access import registry
from core.db import Database
from core.db.owners import CORE, MigrationOwner
from core.districts.models import District
from core.districts.settings import setting_fields
from core.districts.snapshot import snapshots
from core.errors import ConfigError
from core.loader import Host, Plugin
from core.records import definitions
from core.settings import Settings

if TYPE_CHECKING:
    from core.search.desk import SearchDesk


class Installation:
    """What the portal and the command line share."""

    def __init__(self, settings: Settings | None = None, *, host: Host | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self._host = host

    @cached_property
    def host(self) -> Host:
        """The plugins, loaded once, after the core's own tables are known."""
        importlib.import_module("core.models")
        host = (self._host or Host()).load()
        for plugin in host.plugins:
            try:
                register_definitions(host, plugin)
            except Exception as error:  # noqa: BLE001 - a plugin may fail in any way; the site stays up
                host.drop(plugin.name, "definitions", error)
        return host

    @property
    def catalogue(self) -> Host:
        """What districts need to know of plugins."""
        return self.host

    @cached_property
    def database(self) -> Database:
        """The database, once the tables of core and of every plugin are known."""
        _ = self.host
        snapshots.use(self.host)
        settings = self.settings
        try:
            url = make_url(settings.database_url)
        except ArgumentError as error:
            remedy = "Try sqlite:////folder/innesto.db, or postgresql://user:password@host/name"
            raise ConfigError("environment", "DATABASE_URL", "this is not the address of a database", remedy) from error
        pool_size = 2 * settings.threads + 4
        return Database(url, data_dir=settings.data_dir, pool_size=pool_size, keys=settings.keys_file)

    @property
    def models_dir(self) -> Path:
        return self.settings.models_dir

    @property
    def migration_owners(self) -> Sequence[MigrationOwner]:
        """Core first, then the plugins in their order."""
        return [CORE, *(MigrationOwner(p.name, p.manifest.migrations) for p in self.host.plugins)]

    @cached_property
    def search(self) -> SearchDesk:
        """Search over this installation's data folder."""
        from core.records.sources import RecordSource
        from core.search.desk import SearchDesk

        root = self.settings.data_dir / "index"
        return SearchDesk(self.database, root, [RecordSource()], lambda: self.district_ids)

    def demo_accounts(self) -> list[tuple[str, str, str, str]]:
        """For the login page of a demonstration: (territory, what it may do, address, password); else nothing."""
        if not self.demo:
            return []
        from core.demo.accounts import listed

        return [(account.district, account.what, account.email, account.password) for account in listed(self.database)]

    @property
    def demo(self) -> bool:
        """Whether the data are invented: then the portal says so and serves this machine alone."""
        with self.database.read(None) as session:
            return session.scalar(select(District.id).where(District.demo).limit(1)) is not None

    @property
    def district_ids(self) -> Sequence[int]:
        """Every district, for the workers."""
        with self.database.read(None) as session:
            return session.scalars(select(District.id).order_by(District.id)).all()

    def wake(self) -> None:
        """Tell the workers of this process that something was written."""
        if "search" in self.__dict__:
            self.search.wake()


def register_definitions(host: Host, plugin: Plugin) -> None:
    """Settings, rights and record types of a plugin: pages and command line need them. Raises what is wrong."""
    setting_fields(plugin.manifest.settings)
    rights = host.hooks.of(plugin.name, "register_permissions")
    if rights:
        registry.register_permissions(rights())
    types = host.hooks.of(plugin.name, "register_record_types")
    if types:
        definitions.load_record_types(plugin.name, types())
