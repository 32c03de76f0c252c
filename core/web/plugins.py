"""Put the pages of plugins on the app: each first on a scratch app, so that a broken one leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import Blueprint, Flask

from core.errors import PluginError
from core.loader import Host, Plugin
from core.web.routing import CORE_SEGMENTS, Segments, configure_converters

if TYPE_CHECKING:
    from core.installation import Installation


def configure_plugins(app: Flask, installation: Installation) -> None:
    """Register every plugin on trial, then for good; one that fails is named in the host's problems."""
    host, segments = installation.host, Segments()
    segments.claim("core", CORE_SEGMENTS)
    for plugin in host.plugins:
        if plugin.name not in host.names:
            continue  # dropped with a plugin that it requires
        try:
            blueprints = trial(host, plugin, segments)
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way; the site stays up
            host.drop(plugin.name, "registration", error)
            continue
        for blueprint in blueprints:
            app.register_blueprint(blueprint)


def trial(host: Host, plugin: Plugin, segments: Segments) -> Sequence[Blueprint]:
    """Register one plugin's pages on a scratch app and return its blueprints. Raises what the plugin raises."""
    segments.claim(plugin.name, plugin.manifest.segments)
    register = host.hooks.of(plugin.name, "register_blueprints")
    blueprints: Sequence[Blueprint] = register() if register else ()
    scratch = Flask("core.web", static_folder=None)
    configure_converters(scratch)
    for blueprint in blueprints:
        check_name(plugin.name, blueprint)
        scratch.register_blueprint(blueprint)
        segments.check(plugin.name, scratch, blueprint)
    return blueprints


def check_name(plugin: str, blueprint: Blueprint) -> None:
    """The name carries the plugin: that is how a request finds the owner of a page. Raises PluginError."""
    if blueprint.name != plugin and not blueprint.name.startswith(f"{plugin}_"):
        raise PluginError(f"{plugin}: the blueprint '{blueprint.name}' must be named '{plugin}' or '{plugin}_…'")
