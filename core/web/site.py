"""The frame around each page: names, and the addresses that its reader may open."""

from __future__ import annotations

from typing import Any

from flask import url_for

from core.districts.snapshot import DistrictSnapshot
from core.i18n import _, pick
from core.web.context import RequestContext
from core.web.labels import opening_hours
from core.web.menus import contributed


def site(context: RequestContext) -> dict[str, Any]:
    """What layouts call ``site``."""
    return {**_district(context), **_account(context), "portal": url_for("portal.home")}


def _district(context: RequestContext) -> dict[str, Any]:
    district = context.district
    if district is None:
        return {"name": "Innesto", "home": url_for("portal.home"), "district": False}
    search = contributed(context, "search")
    return {
        "district": True,
        "name": pick(district.service, context.lang) or pick(district.name, context.lang),
        "tagline": pick(district.name, context.lang),
        "home": url_for("district.home"),
        "search": search[0][1] if search else None,
        "contacts": url_for("district.contacts"),
        "about": url_for("district.about"),
        "hours": _hours(district),
        "phone": district.contacts.phone,
        "email": district.contacts.email,
    }


def _hours(district: DistrictSnapshot) -> str:
    lines = opening_hours(district.contacts.hours)
    return _("Orari: %(hours)s", hours="; ".join(lines)) if lines else ""


def _account(context: RequestContext) -> dict[str, Any]:
    """Nothing is looked up while an error page is made before the actor is known."""
    today = url_for("staff.today") if context.district else None
    if "actor" not in context.__dict__ or not context.actor.signed_in:
        return {"login": url_for("account.login", next=today)}
    console = url_for("portal_console.index") if context.actor.portal_admin else None
    return {"account": context.actor.name, "today": today, "console": console, "logout": url_for("account.logout")}
