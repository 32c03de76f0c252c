"""What a plugin says of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from core.errors import PluginError
from core.i18n import DEFAULT, Texts

NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
SEGMENT = re.compile(r"[a-z][a-z0-9-]{1,39}")
#: First segments of an address that belong to the core or to the system.
RESERVED_SEGMENTS = frozenset(
    {
        "account",
        "api",
        "static",
        "health",
        "configura",
        "oggi",
        "schede",
        "chi-siamo",
        "contatti",
        "favicon.ico",
        "mostra",
        "scheda-privacy",
        "privacy",
    }
)


@dataclass(frozen=True, slots=True)
class NoSettings:
    """Schema of a plugin without settings."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Name, dependencies and owned addresses of a plugin.

    ``segments`` are the first parts of the addresses under a district that only this plugin may answer.
    ``settings`` is a frozen dataclass with defaults: the schema of ``[plugins.<name>]`` in a model.
    """

    name: str
    title: Texts
    description: Texts = field(default_factory=dict)
    version: str = "0.1.0"
    requires: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    settings: type = NoSettings
    package: str = ""

    def check(self) -> None:
        """Raise PluginError for a name, title or segment that breaks the rules."""
        if not NAME.fullmatch(self.name) or self.name == "core":
            raise PluginError(
                f"{self.name!r}: a plugin's name has 2 to 30 lower-case letters, digits and _, not 'core'"
            )
        if not self.title.get(DEFAULT):
            raise PluginError(f"{self.name}: the title has no Italian text")
        for segment in self.segments:
            if not SEGMENT.fullmatch(segment) or segment in RESERVED_SEGMENTS:
                raise PluginError(
                    f"{self.name}: the address segment '{segment}' is reserved or malformed; choose another"
                )

    @property
    def folder(self) -> Path:
        """The folder of the plugin's package."""
        return Path(str(files(self.package)))

    @property
    def migrations(self) -> Path:
        """Where the plugin's migrations lie; the folder need not exist."""
        return self.folder / "migrations" / "versions"
