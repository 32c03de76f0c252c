"""Public pages that every district has: home, who we are, contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, url_for

from core.districts.info import Contacts, MunicipalityInfo, OpeningHours, OrganisationInfo
from core.districts.snapshot import DistrictSnapshot
from core.i18n import _, pick
from core.web.context import current
from core.web.labels import BODY_KINDS, BODY_ROLES, DAYS, FOREMOST_ROLES
from core.web.routing import public_route
from core.web.slots import render_slot

bp = Blueprint("district", __name__)


@public_route(bp, "/", endpoint="home")
def home() -> str:
    """What do you need?"""
    district = current.here
    foremost = [body for body in district.organisations if FOREMOST_ROLES & set(body.roles)]
    return render_template(
        "district/home.html",
        claim=pick(district.claim, current.lang),
        facts=_facts(district),
        contacts=contacts_of(district),
        bodies=[_body(body) for body in foremost],
        slots=render_slot("district_home"),
    )


@public_route(bp, "/chi-siamo/", endpoint="about")
def about() -> str:
    """Municipalities and bodies, with what is still to be confirmed."""
    district = current.here
    return render_template(
        "district/about.html",
        trail=_trail(_("Chi siamo")),
        claim=pick(district.claim, current.lang),
        areas=_areas(district),
        organisations=_by_kind(district.organisations),
        facts=_facts(district),
        source=district.source,
    )


@public_route(bp, "/contatti/", endpoint="contacts")
def contacts() -> str:
    """How to reach the service."""
    return render_template("district/contacts.html", trail=_trail(_("Contatti")), contacts=contacts_of(current.here))


def contacts_of(district: DistrictSnapshot) -> dict[str, Any]:
    """Contacts as plain values; empty ones are left to the page, which says what to do instead."""
    found: Contacts = district.contacts
    hours = [_span(item) for item in found.hours]
    return {"address": found.address, "phone": found.phone, "email": found.email, "hours": hours}


def _span(hours: OpeningHours) -> str:
    """``dal lunedì al venerdì, 9.00-12.30``: days in a row as a span, others one by one."""
    order = list(DAYS)
    places = [order.index(day) for day in hours.days]
    names = [str(DAYS[day]) for day in hours.days]
    time = f"{hours.start.lstrip('0').replace(':', '.')}-{hours.end.lstrip('0').replace(':', '.')}"
    if len(places) > 2 and places == list(range(places[0], places[0] + len(places))):
        return _("dal %(first)s al %(last)s, %(time)s", first=names[0], last=names[-1], time=time)
    return _("%(days)s, %(time)s", days=", ".join(names), time=time)


def _facts(district: DistrictSnapshot) -> list[tuple[str, str]]:
    return [(pick(fact.value, current.lang), pick(fact.text, current.lang)) for fact in district.facts]


def _trail(page: str) -> list[tuple[str, str]]:
    return [(pick(current.here.name, current.lang), url_for("district.home")), (page, "")]


def _areas(district: DistrictSnapshot) -> list[dict[str, Any]]:
    places = district.municipalities.values()
    loose = [_place(place) for place in places if not place.subarea]
    areas = [
        {
            "name": pick(area.name, current.lang),
            "status": _status(area.confirmed),
            "municipalities": [_place(place) for place in places if place.subarea == area.key],
        }
        for area in district.subareas
    ]
    return [*areas, {"name": "", "status": "confirmed", "municipalities": loose}] if loose else areas


def _place(place: MunicipalityInfo) -> dict[str, Any]:
    manifests = {plugin.name: plugin.manifest for plugin in current.installation.host.plugins}
    titles = [pick(manifests[name].title, current.lang) if name in manifests else name for name in place.opted_out]
    return {"name": place.name, "lead": place.lead, "note": pick(place.note, current.lang), "opted_out": sorted(titles)}


def _by_kind(bodies: Iterable[OrganisationInfo]) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for body in bodies:
        groups.setdefault(body.kind, []).append(_member(body))
    known = [kind for kind in BODY_KINDS if kind in groups]
    return [{"kind": str(BODY_KINDS[kind]), "members": groups[kind]} for kind in known]


def _member(body: OrganisationInfo) -> dict[str, Any]:
    return {
        "name": body.name,
        "roles": [str(BODY_ROLES[role]) for role in body.roles if role in BODY_ROLES],
        "note": pick(body.note, current.lang),
        "status": _status(body.confirmed),
    }


def _body(body: OrganisationInfo) -> dict[str, Any]:
    member = _member(body)
    return {"name": member["name"], "role": ", ".join(member["roles"]), "status": member["status"]}


def _status(confirmed: bool) -> str:
    return "confirmed" if confirmed else "to_confirm"
