"""Show one protected value: say why, confirm, see it for the minutes of the parameter, hide it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from flask import Response, make_response, render_template, request, url_for

from core import clock, privacy
from core.errors import Invalid
from core.i18n import _, pick
from core.privacy.fields.reveal import may_reveal
from core.privacy.fields.shown import label_of
from core.privacy.fields.subjects import SubjectEntity
from core.privacy.figures import REVEAL_MINUTES, figure
from core.web.context import current
from core.web.privacy.common import bp, page_of, row_of
from core.web.routing import staff_route

Kind = Literal["reveal", "print"]


@staff_route(bp, "/mostra/<resource>/<uuid:row_id>/<name>", endpoint="reveal", methods=["GET"])
def ask(resource: str, row_id: UUID, name: str) -> Response:
    """Why do you need it?"""
    entry, obj = row_of(resource, row_id)
    return _asking(entry, obj, name, [])


@staff_route(bp, "/mostra/<resource>/<uuid:row_id>/<name>", endpoint="revealed", methods=["POST"])
def show(resource: str, row_id: UUID, name: str) -> Response:
    """The value, for some minutes; the browser goes back by itself when they are over."""
    entry, obj = row_of(resource, row_id)
    purpose, reason = request.form.get("purpose", ""), request.form.get("reason", "")
    try:
        value = privacy.reveal(current.session, current.actor, obj, name, purpose=purpose, reason=reason, kind=_kind())
    except Invalid as invalid:
        return _asking(entry, obj, name, [(error.field, error.message) for error in invalid.errors])
    return _shown(entry, obj, name, value)


def _kind() -> Kind:
    return "print" if "stampa" in request.args else "reveal"


def _facts(entry: SubjectEntity, obj: Any, name: str) -> dict[str, Any]:
    item = may_reveal(current.session, current.actor, obj, name)
    code, label = entry.title(obj), label_of(item, current.lang)
    back = page_of(entry, obj)
    return {
        "trail": [(_("Oggi"), url_for("staff.today")), (code or _("Scheda"), back), (_("Mostra un dato protetto"), "")],
        "label": label,
        "code": code,
        "back": back,
        "paper": _kind() == "print",
        "minutes": figure(current.session, REVEAL_MINUTES, clock.today()),
    }


def _asking(entry: SubjectEntity, obj: Any, name: str, errors: list[tuple[str, str]]) -> Response:
    facts = _facts(entry, obj, name)
    chosen = request.form.get("purpose", "")
    page = render_template(
        "privacy/ask.html",
        **facts,
        errors=[(f"f_{field}", text) for field, text in errors],
        problems=dict(errors),
        action=request.full_path.rstrip("?"),
        purposes=[
            (key, pick(purpose.label, current.lang), key == chosen)
            for key, purpose in privacy.purposes(current.session).items()
        ],
        reason=request.form.get("reason", ""),
    )
    return make_response(page, 422 if errors else 200)


def _shown(entry: SubjectEntity, obj: Any, name: str, value: str) -> Response:
    facts = _facts(entry, obj, name)
    minutes = facts["minutes"]
    until = (clock.now() + timedelta(minutes=minutes)).astimezone(clock.ROME) if minutes else None
    page = render_template(
        "privacy/shown.html",
        **facts,
        value=value,
        until=f"{until.hour}.{until.minute:02}" if until else "",
        again=url_for("privacy.reveal", resource=request.view_args["resource"], row_id=obj.id, name=name, stampa=1),  # type: ignore[index]
    )
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    if minutes:
        # The header works without script; the page that it leads to shows dots again.
        response.headers["Refresh"] = f"{60 * minutes}; url={facts['back']}"
    return response
