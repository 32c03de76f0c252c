"""The public privacy page of a district: who decides, why, for how long, which rights, how to ask."""

from __future__ import annotations

from typing import Any

from flask import current_app, render_template, url_for

from core.districts.legal import BASES
from core.districts.models import CONFIRMED, Processing
from core.i18n import _, pick
from core.privacy.bases.notices import notice_in_force
from core.privacy.bases.processing import in_force
from core.web.context import current
from core.web.district import contacts_of
from core.web.privacy.common import bp
from core.web.routing import public_route

#: The page of the form for those who ask about their data, where it is installed.
REQUEST_PAGE = "requests_public.form"


@public_route(bp, "/privacy/", endpoint="public")
def public() -> str:
    """What the service does with personal data."""
    return render_template(
        "privacy/public.html",
        trail=[(pick(current.here.name, current.lang), url_for("district.home")), (_("Privacy"), "")],
        text=notice_in_force(current.session).text,
        entries=[_entry(entry) for entry in in_force(current.session)],
        contacts=contacts_of(current.here),
        request_url=url_for(REQUEST_PAGE) if REQUEST_PAGE in current_app.view_functions else None,
    )


def _entry(entry: Processing) -> dict[str, Any]:
    basis = pick(BASES[entry.basis].label, current.lang) if entry.basis in BASES else entry.basis
    place = current.here.municipalities.get(entry.municipality)
    return {
        "title": pick(entry.purpose, current.lang),
        "waits": entry.status != CONFIRMED,
        "facts": [
            (_("Chi decide (titolare)"), entry.controller),
            (_("Chi lavora con i dati (responsabile)"), entry.processor),
            (_("Comune"), place.name if place else ""),
            (_("Perché è permesso"), f"{basis} ({', '.join(map(str, entry.articles))})"),
            (_("Per quanto tempo"), pick(entry.kept, current.lang) or _("da confermare")),
            (_("Responsabile della protezione dei dati"), entry.dpo_contact or _("da confermare")),
            (_("Dove sta scritto"), entry.source),
        ],
    }
