"""Plugins made for a test: modules written to a folder and imported from there."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from core.loader import Host

HEAD = """
from core.hookspecs import hookimpl
from core.manifest import Manifest
manifest = Manifest(name="{name}", title={{"it": "Prova"}}, requires={requires!r}, segments={segments!r})
"""


class PluginFolder:
    """A folder on the path; each plugin in it is a package with a ``plugin`` module."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.candidates: dict[str, str] = {}

    def add(
        self,
        name: str,
        body: str = "",
        *,
        requires: tuple[str, ...] = (),
        segments: tuple[str, ...] = (),
        files: Mapping[str, str] | None = None,
    ) -> None:
        """Write a plugin; ``body`` follows the manifest."""
        package = self.root / f"trial_{name}"
        package.mkdir()
        (package / "__init__.py").touch()
        head = HEAD.format(name=name, requires=requires, segments=segments)
        (package / "plugin.py").write_text(head + textwrap.dedent(body), "utf-8")
        for file, text in (files or {}).items():
            (package / file).write_text(textwrap.dedent(text), "utf-8")
        self.candidates[name] = f"trial_{name}.plugin"

    def host(self) -> Host:
        """The host over these plugins, loaded."""
        return Host(self.candidates).load()

    def forget(self) -> None:
        """Take the modules out of this process."""
        for name in [n for n in sys.modules if n.startswith("trial_")]:
            del sys.modules[name]
