"""Pieces of page that plugins put in a named place; one that fails is left out and noted."""

from __future__ import annotations

import logging
from typing import Any

from flask import render_template
from markupsafe import Markup

from core.contributions import SlotContent
from core.web.context import current

log = logging.getLogger(__name__)


def render_slot(slot: str) -> list[Markup]:
    """The pieces for ``slot``, in their order, as safe HTML."""
    hooks = current.installation.host.hooks
    facts: dict[str, Any] = {"district": current.here, "session": current.session, "actor": current.actor, "slot": slot}
    found = hooks.display("render_slot", kind=SlotContent, **facts)
    pieces = [(plugin, piece) for plugin, contents in found for piece in contents]
    html = [_render(plugin, piece) for plugin, piece in sorted(pieces, key=lambda pair: pair[1].order)]
    return [piece for piece in html if piece]


def _render(plugin: str, piece: SlotContent) -> Markup:
    try:
        return Markup(render_template(piece.template, **piece.context))  # noqa: S704 - a template escapes
    except Exception as error:  # the page must not fall with the piece
        log.exception("plugin %s failed to render %s", plugin, piece.template)
        current.installation.host.hooks.problems.add(plugin, "render_slot", error)
        return Markup()
