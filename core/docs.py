"""``innesto docs``: the pages of ``docs/`` that are made from the code, and the check that they are up to date."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pluggy

from core import hookspecs
from core.hooks import is_per_district
from core.settings import PROJECT, Settings

if TYPE_CHECKING:
    from core.installation import Installation

#: What of a setting's metadata bounds its value; the rest is for screens.
LIMITS = ("min", "max", "options")
NOTE = "<!-- Made by `innesto docs`. Change the code, then run it again. -->\n\n"


@click.command("docs")
@click.option("--check", is_flag=True, help="Non scrive: dice quali pagine non sono aggiornate.")
@click.option("--into", type=click.Path(path_type=Path), default=PROJECT / "docs", show_default="docs/")
@click.pass_obj
def docs(installation: Installation, check: bool, into: Path) -> None:
    """Rigenera le pagine di documentazione che nascono dal codice."""
    stale = [path for path, text in pages(installation, into) if not path.exists() or path.read_text("utf-8") != text]
    if not check:
        for path, text in pages(installation, into):
            path.write_text(text, "utf-8")
        stale = []
    for path in stale:
        click.echo(f"{path.name} non è aggiornata: esegui `innesto docs`", err=True)
    sys.exit(1 if stale else 0)


def pages(installation: Installation, into: Path) -> Iterator[tuple[Path, str]]:
    """Each generated page with its text."""
    makers: Mapping[str, Callable[[Installation], str]] = {
        "hooks.md": hooks_page,
        "settings.md": settings_page,
        "cli.md": cli_page,
    }
    for name, make in makers.items():
        yield into / name, NOTE + make(installation).rstrip() + "\n"


def hook_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every hook, in the order of ``hookspecs.py``."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    for name, function in inspect.getmembers(hookspecs, inspect.isfunction):
        if hasattr(manager.hook, name):
            yield name, function


def in_source_order(pairs: Iterable[tuple[str, Callable[..., Any]]]) -> list[tuple[str, Callable[..., Any]]]:
    """Sorted by line."""
    return sorted(pairs, key=lambda pair: pair[1].__code__.co_firstlineno)


def hooks_page(installation: Installation) -> str:
    """Signature, meaning, reach and users of each hook."""
    parts = ["# Hooks\n"]
    parts.append("A plugin implements a hook by a function of the same name in its `plugin.py`, marked `@hookimpl`.\n")
    for name, function in in_source_order(hook_functions()):
        reach = "plugins that are on in the district" if is_per_district(name) else "all installed plugins"
        users = ", ".join(f"`{user}`" for user in installation.host.hooks.implementers(name))
        parts.append(
            f"## {name}{signature(function)}\n\n{inspect.getdoc(function)}\n\nReaches: {reach}. Used by: {users}.\n"
        )
    return "\n".join(parts)


def signature(function: Callable[..., Any]) -> str:
    """The signature as it stands in the source."""
    return str(inspect.signature(function)).replace("'", "")


def settings_page(installation: Installation) -> str:
    """Settings of the installation, then those of each plugin."""
    parts = ["# Settings\n", "## Installation: environment variables\n", variables()]
    parts.append("Values of a plugin come from its defaults, then the district's model, then the console.\n")
    for plugin in installation.host.plugins:
        kind = plugin.manifest.settings
        parts.append(f"## {plugin.name}\n\n{inspect.getdoc(kind)}\n")
        if dataclasses.fields(kind):
            parts.append(table(kind))
    return "\n".join(parts)


def variables() -> str:
    """The variables that the installation reads."""
    rows = ["| variable | what | default |", "|---|---|---|"]
    named = (item.metadata for item in dataclasses.fields(Settings) if item.metadata)
    rows += ["| `{variable}` | {about} | {shown} |".format(**facts) for facts in named]
    return "\n".join(rows) + "\n"


def table(kind: type) -> str:
    """The fields of a settings class."""
    rows = ["| name | type | default | limits |", "|---|---|---|---|"]
    for item in dataclasses.fields(kind):
        limits = ", ".join(f"{k} {v}" for k, v in item.metadata.items() if k in LIMITS)
        default = "" if item.default is dataclasses.MISSING else f"`{item.default!r}`"
        rows.append(f"| `{item.name}` | `{item.type}` | {default} | {limits} |")
    return "\n".join(rows) + "\n"


def cli_page(_installation: Installation) -> str:
    """The help of every command."""
    from core.cli import cli

    return "# Command line\n\n" + "\n".join(_help(cli, "innesto", None))


def _help(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=100)
    yield f"## `{context.command_path}`\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from _help(found, sub, context)
