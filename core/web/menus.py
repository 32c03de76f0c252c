"""Menus made of what plugins contribute; what an actor cannot open does not appear, because plugins ask first."""

from __future__ import annotations

from typing import NamedTuple

from flask import g, request, url_for

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
    items = [*_own(area), *contributed(context, area)]
    return [_entry(item) for item in sorted(items, key=lambda item: (item.order, item.label))][:MOST]


def _own(area: str) -> list[MenuItem]:
    if area == "staff":
        return [MenuItem(_("Oggi"), "staff.today", 0, area)]
    return [
        MenuItem(_("Chi siamo"), "district.about", 800, area),
        MenuItem(_("Contatti"), "district.contacts", 900, area),
    ]


def contributed(context: RequestContext, area: str) -> list[MenuItem]:
    """What plugins offer for one place of the frame: ``public``, ``staff``, or ``search`` (the search page)."""
    if context.district is None:
        return []
    if "menu_items" not in g:
        hooks = context.installation.host.hooks
        found = hooks.display("menu_items", district=context.district, actor=context.actor)
        g.menu_items = [item for _plugin, items in found for item in items]
    return [item for item in g.menu_items if item.area == area]


def _entry(item: MenuItem) -> Entry:
    url = url_for(item.endpoint, **item.values)
    return Entry(item.label, url, request.path.startswith(url.split("?")[0]))
