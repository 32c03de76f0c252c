"""The door of the installation: choose your district, by municipality first."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.districts import queries
from core.districts.info import DistrictCard, PlaceHit
from core.districts.snapshot import snapshots
from core.districts.text import folded
from core.i18n import DEFAULT, OTHERS, _, pick
from core.web.assets import asset
from core.web.context import current

bp = Blueprint("portal", __name__)
#: Municipalities named on a district's card; the search box knows all of them.
NAMED = 12
LANGUAGE_RULE = f"/<any({','.join(OTHERS)}):lang>/"


@bp.url_value_preprocessor
def keep_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the language out of the address; the portal belongs to no district that could do it."""
    current.address_lang = (values or {}).pop("lang", None)


@bp.get("/")
@bp.get(LANGUAGE_RULE)
def home() -> str | Response:
    """Which service answers for the municipality that was typed, and the list of all districts.

    A name written in full that one district answers for leads straight there.
    """
    current.identify()
    cards = snapshots.directory(current.session)
    asked = request.args.get("comune", "").strip()[:100]
    hits = queries.find_places(cards, asked)
    if len(hits) == 1 and folded(hits[0].name) == folded(asked):
        return redirect(_url(hits[0].district), 303)
    return render_template(
        "portal/home.html",
        action=url_for("portal.home"),
        comune=asked,
        known=_names(cards),
        matches=[_match(hit) for hit in hits],
        no_match=bool(asked) and not hits,
        suggestions=[] if hits else [(name, url_for("portal.home", comune=name)) for name in _similar(cards, asked)],
        likely=[] if hits else [(_name(card), _url(card)) for card in _by_name(cards, asked)],
        districts=[_card(card) for card in cards],
    )


@bp.get("/favicon.ico")
def icon() -> Response:
    """Browsers ask here for the icon of what is not a page."""
    return redirect(asset("icon.svg"), 308)


def _names(cards: tuple[DistrictCard, ...]) -> list[str]:
    """Every municipality that some district answers for, to be offered while one writes."""
    return sorted({name for card in cards for name in card.places.values()}, key=folded)


def _match(hit: PlaceHit) -> tuple[str, str, str]:
    return hit.name, _name(hit.district), _url(hit.district)


def _card(card: DistrictCard) -> dict[str, Any]:
    return {
        "name": _name(card),
        "url": _url(card),
        "service": pick(card.service, current.lang),
        "places": _places(card),
    }


def _places(card: DistrictCard) -> str:
    names = sorted(card.places.values())
    if not names:
        return _("Elenco dei Comuni da confermare")
    shown = ", ".join(names[:NAMED])
    more = len(names) - NAMED
    return _("%(places)s e altri %(count)s Comuni", places=shown, count=more) if more > 1 else ", ".join(names)


def _name(card: DistrictCard) -> str:
    return pick(card.name, current.lang)


def _url(card: DistrictCard) -> str:
    lang = current.lang if current.lang in card.languages else DEFAULT
    return url_for("district.home", district=card.slug, lang=lang)


def _by_name(cards: tuple[DistrictCard, ...], asked: str) -> list[DistrictCard]:
    """The districts whose names have most words of what was asked: their lists may lack the municipality."""
    words = {word for word in folded(asked).split() if len(word) > 2}
    shared = [(len(words & set(folded(pick(card.name, DEFAULT)).split())), card) for card in cards]
    most = max((count for count, _card in shared), default=0)
    return [card for count, card in shared if most and count == most]


def _similar(cards: tuple[DistrictCard, ...], asked: str) -> list[str]:
    """Names of municipalities that look like a misspelt one."""
    names = {folded(name): name for name in _names(cards)}
    return [names[key] for key in get_close_matches(folded(asked), names, n=3, cutoff=0.7)]
