"""Menus made of what plugins contribute; what an actor cannot open does not appear, because plugins ask first."""

from __future__ import annotations

from typing import NamedTuple

from flask import g, request, url_for
from werkzeug.routing import BuildError

from core import access
from core.contributions import MenuItem
from core.i18n import _
from core.web.context import RequestContext

MOST = 7


class Entry(NamedTuple):
    """A menu entry ready for the page."""

    label: str
    url: str
    current: bool


def menu(context: RequestContext) -> list[Entry]:
    """The entries of the public or of the staff menu, at most seven, in their order."""
    if context.district is None:
        return []
    area = "staff" if context.staff else "public"
    items = [*((item, url_for(item.endpoint)) for item in _own(context, area)), *contributed(context, area)]
    return [_entry(item, url) for item, url in sorted(items, key=lambda pair: (pair[0].order, pair[0].label))][:MOST]


def _own(context: RequestContext, area: str) -> list[MenuItem]:
    if area == "staff":
        administers = access.may(context.actor, "read", "core.district")
        console = [MenuItem(_("Configurazione"), "console.index", 950, area)] if administers else []
        works = access.may(context.actor, "read", "core.request")
        requests = [MenuItem(_("Richieste sui dati"), "requests.index", 700, area)] if works else []
        return [MenuItem(_("Oggi"), "staff.today", 0, area), *requests, *console]
    return [
        MenuItem(_("Chi siamo"), "district.about", 800, area),
        MenuItem(_("Contatti"), "district.contacts", 900, area),
    ]


def contributed(context: RequestContext, area: str) -> list[tuple[MenuItem, str]]:
    """What plugins offer for one place of the frame, with its address: ``public``, ``staff``, or ``search``."""
    if context.district is None:
        return []
    if "menu_items" not in g:
        hooks = context.installation.host.hooks
        found = hooks.display("menu_items", kind=MenuItem, district=context.district, actor=context.actor)
        g.menu_items = [(plugin, item) for plugin, items in found for item in items]
    offered = [(plugin, item) for plugin, item in g.menu_items if item.area == area]
    return [(item, url) for plugin, item in offered if (url := _address(context, plugin, item))]


def _address(context: RequestContext, plugin: str, item: MenuItem) -> str:
    """Where the entry leads; one that leads nowhere is left out and noted."""
    try:
        return url_for(item.endpoint, **item.values)
    except (BuildError, LookupError) as error:  # a page that is not there is a LookupError in our own url_defaults
        context.installation.host.hooks.problems.add(plugin, "menu_items", error)
        return ""


def _entry(item: MenuItem, url: str) -> Entry:
    return Entry(item.label, url, request.path.startswith(url.partition("?")[0]))
