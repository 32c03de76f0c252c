"""Addresses: one view, one address for each language; segments that plugins own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask
from werkzeug.routing import BaseConverter, ValidationError

from core.districts.text import RESERVED_SLUGS
from core.errors import PluginError
from core.i18n import OTHERS
from core.web.context import STAFF

View = TypeVar("View", bound=Callable[..., Any])
#: First parts of addresses under a district that no plugin may take.
CORE_SEGMENTS = ("allegati", "perche", "squadra")


class DistrictConverter(BaseConverter):
    """A district's slug: what is reserved for the system never matches."""

    regex = r"[a-z][a-z0-9-]{1,39}"
    part_isolating = True

    def to_python(self, value: str) -> str:
        if value in RESERVED_SLUGS:
            raise ValidationError
        return value


def configure_converters(app: Flask) -> None:
    """Teach the app the ``district`` part of an address."""
    app.url_map.converters["district"] = DistrictConverter


def public_route(blueprint: Blueprint | Flask, rule: str, **options: Any) -> Callable[[View], View]:
    """Answer ``/<district><rule>`` in Italian and ``/<district>/<language><rule>`` in the other languages."""

    def decorate(view: View) -> View:
        blueprint.add_url_rule(f"/<district:district>{rule}", view_func=view, **options)
        blueprint.add_url_rule(f"/<district:district>/<any({','.join(OTHERS)}):lang>{rule}", view_func=view, **options)
        return view

    return decorate


def staff_route(blueprint: Blueprint | Flask, rule: str, **options: Any) -> Callable[[View], View]:
    """Answer ``/<district><rule>`` for people with an account; the language is the one of their profile."""

    def decorate(view: View) -> View:
        setattr(view, STAFF, True)
        blueprint.add_url_rule(f"/<district:district>{rule}", view_func=view, **options)
        return view

    return decorate


class Segments:
    """Who owns which first part of the addresses under a district."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}

    def claim(self, plugin: str, segments: tuple[str, ...]) -> None:
        """Give ``segments`` to ``plugin``. Raises PluginError where one has an owner already."""
        for segment in segments:
            owner = self._owners.get(segment, plugin)
            if owner != plugin:
                raise PluginError(f"{plugin}: the address segment '{segment}' belongs to '{owner}'; choose another")
        self._owners |= dict.fromkeys(segments, plugin)

    def check(self, plugin: str, app: Flask, blueprint: Blueprint) -> None:
        """Raise PluginError where a page of the blueprint lies outside the plugin's own segments."""
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith(f"{blueprint.name}.") and not self._inside(plugin, rule.rule):
                raise PluginError(f"{plugin}: the address {rule.rule} is outside its segments; add it to the manifest")

    def _inside(self, plugin: str, rule: str) -> bool:
        parts = [p for p in rule.split("/") if p and not p.startswith("<")]
        return rule.startswith("/<district:") and bool(parts) and self._owners.get(parts[0]) == plugin
