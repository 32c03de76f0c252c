"""Find the installed plugins, put them in order, and keep the site up when one of them is broken."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import entry_points, packages_distributions
from importlib.util import find_spec
from types import ModuleType

from core.db import Base
from core.errors import PluginError
from core.hooks import Hooks
from core.manifest import Manifest

log = logging.getLogger(__name__)
GROUP = "innesto.plugins"
OURS = "innesto"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that was imported and accepted."""

    manifest: Manifest
    module: ModuleType

    @property
    def name(self) -> str:
        return self.manifest.name

    def import_models(self) -> None:
        """Import the plugin's tables, where it has any. Raises PluginError for a table of a foreign name."""
        before = set(Base.metadata.tables)
        name = f"{self.manifest.package}.models"
        if find_spec(name):
            importlib.import_module(name)
        owners = ("core", self.name, *self.manifest.requires)
        for table in set(Base.metadata.tables) - before:
            if not table.startswith(tuple(f"{owner}_" for owner in owners)):
                raise PluginError(f"{self.name}: table '{table}' must start with '{self.name}_'")


class Host:
    """The plugins of this process, in an order in which each follows what it requires."""

    def __init__(self, candidates: Mapping[str, str] | None = None) -> None:
        self.hooks = Hooks()
        self._plugins: dict[str, Plugin] = {}
        self._candidates = dict(candidates if candidates is not None else candidate_modules())

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        return tuple(self._plugins.values())

    @property
    def names(self) -> frozenset[str]:
        """Names of all plugins that work."""
        return frozenset(self._plugins)

    def requires(self, name: str) -> tuple[str, ...]:
        """What a plugin needs."""
        return self._plugins[name].manifest.requires

    def settings_type(self, name: str) -> type:
        """The dataclass of a plugin's settings."""
        return self._plugins[name].manifest.settings

    def manifest(self, name: str) -> Manifest:
        """What the plugin says of itself."""
        return self._plugins[name].manifest

    def owner_of(self, blueprint: str | None) -> str | None:
        """The plugin that a blueprint belongs to, also when that plugin was dropped after its registration."""
        if not blueprint:
            return None
        owners = [name for name in self._candidates if blueprint == name or blueprint.startswith(f"{name}_")]
        return max(owners, key=len, default=None)

    def load(self) -> Host:
        """Import, check, sort and register every candidate. A broken one is named in ``hooks.problems``."""
        imported = {name: plugin for name, module in self._candidates.items() if (plugin := self._import(name, module))}
        for name in self._sorted(imported):
            try:
                self.hooks.register(name, imported[name].module)
                self._plugins[name] = imported[name]
            except PluginError as error:
                self.report(name, "hooks", error)
        return self

    def drop(self, name: str, stage: str, error: BaseException) -> None:
        """Take a plugin out after a failed registration, with all that require it."""
        for dependant in [p.name for p in self.plugins if name in p.manifest.requires]:
            self.drop(dependant, stage, PluginError(f"{dependant}: requires '{name}', which is broken"))
        if name in self._plugins:
            del self._plugins[name]
            self.hooks.unregister(name)
        self.report(name, stage, error)

    def report(self, name: str, stage: str, error: BaseException) -> None:
        """Note and log a fault of a plugin."""
        log.error("plugin %s is broken at %s", name, stage, exc_info=error)
        # At start no data of persons are near: the text says what to repair.
        self.hooks.problems.add(name, stage, f"{type(error).__name__}: {error}")

    def _import(self, name: str, module_name: str) -> Plugin | None:
        try:
            module = importlib.import_module(module_name)
            plugin = Plugin(_manifest_of(name, module), module)
            plugin.import_models()
            return plugin
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way; the site stays up
            self.report(name, "import", error)
            return None

    def _sorted(self, imported: Mapping[str, Plugin]) -> list[str]:
        """Names in order of requirements, then of the alphabet; what cannot be satisfied is reported and left out."""
        order: list[str] = []
        waiting = sorted(imported)
        while ready := [n for n in waiting if all(r in order for r in imported[n].manifest.requires)]:
            order.append(ready[0])
            waiting.remove(ready[0])
        for name in waiting:
            missing = [r for r in imported[name].manifest.requires if r not in imported]
            fact = (
                f"requires {', '.join(missing)}: not installed" if missing else "requires itself through other plugins"
            )
            self.report(name, "requires", PluginError(f"{name}: {fact}"))
        return order


def _manifest_of(name: str, module: ModuleType) -> Manifest:
    manifest = getattr(module, "manifest", None)
    if not isinstance(manifest, Manifest):
        raise PluginError(f"{name}: plugin.py has no 'manifest'; write manifest = Manifest(name='{name}', …)")
    if manifest.name != name:
        raise PluginError(f"{name}: the manifest says '{manifest.name}'; folder, entry point and manifest must agree")
    manifest.check()
    return manifest if manifest.package else replace(manifest, package=module.__name__.rpartition(".")[0])


def candidate_modules() -> dict[str, str]:
    """Plugin name → module, from the ``plugins`` folder and from the entry points of installed distributions."""
    import plugins

    found = {info.name: f"plugins.{info.name}.plugin" for info in pkgutil.iter_modules(plugins.__path__) if info.ispkg}
    return found | {point.name: point.value for point in entry_points(group=GROUP)}


def check_package_owners() -> None:
    """Refuse to start where another distribution also installs ``core`` or ``plugins``. Raises PluginError."""
    owners = packages_distributions()
    for package in ("core", "plugins"):
        foreign = sorted(_foreign(owners.get(package, ())))
        if foreign:
            fact = f"the distribution {', '.join(foreign)} also installs a package named '{package}'"
            raise PluginError(f"{package}: {fact}; remove it from this environment")


def _foreign(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.lower() != OURS}
