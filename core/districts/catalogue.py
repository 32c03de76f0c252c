"""What districts need to know of plugins, given by whoever loads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol


class PluginCatalogue(Protocol):
    """The installed plugins: their names, what each requires, the dataclass of its settings."""

    @property
    def names(self) -> Collection[str]: ...

    def requires(self, name: str) -> Sequence[str]: ...

    def settings_type(self, name: str) -> type: ...


def satisfied(wanted: Iterable[str], catalogue: PluginCatalogue) -> frozenset[str]:
    """Those of ``wanted`` that are installed and whose requirements are all satisfied as well."""
    kept = {name for name in wanted if name in catalogue.names}
    while broken := {name for name in kept if not kept.issuperset(catalogue.requires(name))}:
        kept -= broken
    return frozenset(kept)


def dependants(plugin: str, enabled: Iterable[str], catalogue: PluginCatalogue) -> list[str]:
    """Enabled plugins that need ``plugin``, in the order of the alphabet."""
    return sorted(name for name in enabled if name in catalogue.names and plugin in catalogue.requires(name))


class AnySettings:
    """Settings type of a plugin whose settings are not judged."""


class Lenient:
    """A catalogue that accepts every plugin and setting: for bundles of the past, whose plugins may be gone."""

    class _Everything(frozenset[str]):
        def __contains__(self, name: object) -> bool:
            return True

    names: Collection[str] = _Everything()

    def requires(self, name: str) -> Sequence[str]:
        """Nothing: what was applied was in order when it was applied."""
        return ()

    def settings_type(self, name: str) -> type:
        """No schema."""
        return AnySettings
