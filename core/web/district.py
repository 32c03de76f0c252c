"""Public pages that every district has: home, who we are, contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, render_template, url_for

from core.districts.info import Contacts, MunicipalityInfo, OrganisationInfo
from core.districts.snapshot import DistrictSnapshot
from core.i18n import _, pick
from core.web.context import current
from core.web.labels import BODY_KINDS, BODY_ROLES, FOREMOST_ROLES, opening_hours
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
        unlisted=[pick(area.name, current.lang) for area in district.subareas if not _in_area(district, area.key)],
        loose_note=_shared_note(district),
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
    hours = opening_hours(found.hours)
    return {"address": found.address, "phone": found.phone, "email": found.email, "hours": hours}


def _facts(district: DistrictSnapshot) -> list[tuple[str, str]]:
    return [(pick(fact.value, current.lang), pick(fact.text, current.lang)) for fact in district.facts]


def _trail(page: str) -> list[tuple[str, str]]:
    return [(pick(current.here.name, current.lang), url_for("district.home")), (page, "")]


def _areas(district: DistrictSnapshot) -> list[dict[str, Any]]:
    """The sub-areas whose municipalities are known, then the municipalities that stand in none."""
    areas = [
        {
            "name": pick(area.name, current.lang),
            "status": _status(area.confirmed),
            "municipalities": [_place(place) for place in _in_area(district, area.key)],
        }
        for area in district.subareas
        if _in_area(district, area.key)
    ]
    shared = _shared_note(district)
    loose = [_place(place, said=shared) for place in _in_area(district, "")]
    return [*areas, {"name": "", "status": "confirmed", "municipalities": loose}] if loose else areas


def _in_area(district: DistrictSnapshot, key: str) -> list[MunicipalityInfo]:
    return [place for place in district.municipalities.values() if place.subarea == key]


def _shared_note(district: DistrictSnapshot) -> str:
    """What is noted of every municipality outside the sub-areas alike: a page says it once."""
    notes = {pick(place.note, current.lang) for place in _in_area(district, "")}
    return notes.pop() if len(notes) == 1 else ""


def _place(place: MunicipalityInfo, said: str = "") -> dict[str, Any]:
    manifests = {plugin.name: plugin.manifest for plugin in current.installation.host.plugins}
    titles = [pick(manifests[name].title, current.lang) if name in manifests else name for name in place.opted_out]
    note = pick(place.note, current.lang)
    return {
        "name": place.name,
        "lead": place.lead,
        "note": note if note != said else "",
        "opted_out": sorted(titles),
    }


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
