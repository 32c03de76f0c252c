"""The door of the installation: choose your district, by municipality first."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from flask import Blueprint, render_template, request, url_for

from core.districts import queries
from core.districts.info import DistrictCard, PlaceHit
from core.districts.snapshot import snapshots
from core.districts.text import folded
from core.i18n import pick
from core.web.context import current

bp = Blueprint("portal", __name__)


@bp.get("/")
def home() -> str:
    """Which service answers for the municipality that was typed, and the list of all districts."""
    cards = snapshots.directory(current.session)
    asked = request.args.get("comune", "").strip()[:100]
    hits = queries.find_places(cards, asked)
    return render_template(
        "portal/home.html",
        action=url_for("portal.home"),
        comune=asked,
        matches=[_match(hit) for hit in hits],
        no_match=bool(asked) and not hits,
        suggestions=[(name, url_for("portal.home", comune=name)) for name in _similar(cards, asked)]
        if not hits
        else [],
        districts=[_card(card) for card in cards],
    )


def _match(hit: PlaceHit) -> tuple[str, str, str]:
    return hit.name, _name(hit.district), _url(hit.district)


def _card(card: DistrictCard) -> dict[str, Any]:
    places = sorted(card.places.values())
    shown = ", ".join(places[:12]) + (" …" if len(places) > 12 else "")
    return {"name": _name(card), "url": _url(card), "service": pick(card.service, current.lang), "places": shown}


def _name(card: DistrictCard) -> str:
    return pick(card.name, current.lang)


def _url(card: DistrictCard) -> str:
    return url_for("district.home", district=card.slug)


def _similar(cards: tuple[DistrictCard, ...], asked: str) -> list[str]:
    """Names of municipalities that look like a misspelt one."""
    names = {folded(name): name for card in cards for name in card.places.values()}
    return [names[key] for key in get_close_matches(folded(asked), names, n=3, cutoff=0.7)]
