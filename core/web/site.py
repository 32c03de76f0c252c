"""The frame around each page: names, and the addresses that its reader may open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request, url_for

from core import clock
from core.accounts.sessions import account_settings
from core.districts.snapshot import DistrictSnapshot
from core.i18n import _, pick
from core.web.context import RequestContext
from core.web.dates import format_date
from core.web.labels import opening_hours
from core.web.menus import contributed


def site(context: RequestContext) -> dict[str, Any]:
    """What layouts call ``site``."""
    return {**_district(context), **_account(context), "portal": url_for("portal.home")}


def _district(context: RequestContext) -> dict[str, Any]:
    district = context.district
    if district is None:
        return {"name": "Innesto", "home": url_for("portal.home"), "district": False}
    search, find = contributed(context, "search"), contributed(context, "find")
    return {
        "district": True,
        "name": pick(district.service, context.lang) or pick(district.name, context.lang),
        "tagline": pick(district.name, context.lang),
        "home": url_for("district.home"),
        "search": search[0][1] if search else None,
        "find": (find[0][0].label, find[0][1]) if find else None,
        "contacts": url_for("district.contacts"),
        "about": url_for("district.about"),
        "links": [(_("Privacy"), url_for("privacy.public"))],
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
    return {
        "account": context.actor.name,
        "printed": format_date(clock.today()),
        "today": today,
        "console": console,
        "logout": url_for("account.logout"),
        "profile": url_for("account.profile"),
        "second_factor": _second_factor(context),
        "lock": _lock(context),
    }


def _second_factor(context: RequestContext) -> str:
    """Where to set up the second step, while a role gives nothing without it."""
    return url_for("account.second_factor", next=request.path) if context.actor.needs_two_factor else ""


def _lock(context: RequestContext) -> dict[str, Any]:
    """In how many seconds the session asks for the password, how long before the page says so, and how to go on."""
    login = context.login
    if login is None:
        return {}
    settings = account_settings()
    spent = timedelta(0) if login.to_touch else clock.now() - login.seen_at
    return {
        "seconds": int((settings.idle - spent).total_seconds()),
        "idle": int(settings.idle.total_seconds()),
        "warning": int(settings.idle_warning.total_seconds()),
        "url": url_for("account.extend"),
    }
