"""Who sees a row and why, and the log of who looked: for the team, those who supervise, and data protection."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Response, render_template, request
from markupsafe import Markup

from core import access, teams
from core.access.models import Account
from core.errors import AccessDenied, NotFound
from core.i18n import _
from core.privacy.looks import KINDS
from core.teams.queries import able
from core.web.context import current
from core.web.routing import staff_route
from core.web.teams.common import Shown, any_row, bp, field, shown
from core.web.teams.looks import DEFAULT_PERIOD, PERIODS, as_csv, every_look, looked, note_look

#: The right by which data protection reads the log of every row, by code and without names of persons.
AUDIT, READ = "core.audit", "read"
PART = "accessi"


def may_ask_why(obj: Any) -> bool:
    """Whether the actor may see who looks at the row: in its team, supervising it, or reading the audit."""
    return (
        access.allowed(current.actor, teams.SUPERVISE, obj)
        or (access.allowed(current.actor, READ, obj) and teams.in_team(current.session, obj, current.actor.account_id))
        or access.may(current.actor, READ, AUDIT)
    )


def access_panel(obj: Any) -> Markup:
    """The tab "Chi ha guardato" for the page of a plugin: why, the log with its filter, who may open.

    Raises AccessDenied unless ``may_ask_why``. Writes that the log was looked at.
    """
    row = shown(obj)
    _demand(row)
    note_look(row, "view", PART)
    return Markup(render_template("teams/_access.html", row=row, **_facts(row)))  # noqa: S704 - a template, escaped


@staff_route(bp, "/perche/<resource>/<uuid:object_id>", endpoint="why", methods=["GET"])
def why(resource: str, object_id: UUID) -> str:
    """The same on a page of its own."""
    row = _asked(resource, object_id)
    note_look(row, "view", PART)
    trail = [*row.trail, (_("Chi ha guardato"), "")]
    return render_template("teams/why.html", row=row, trail=trail, **_facts(row))


@staff_route(bp, "/perche/<resource>/<uuid:object_id>/registro.csv", endpoint="log_file", methods=["GET"])
def log_file(resource: str, object_id: UUID) -> Response:
    """The log as a file for a spreadsheet, with the same filter."""
    row = _asked(resource, object_id)
    note_look(row, "export", PART)
    answer = Response(as_csv(every_look(row, request.args)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(row)}"'
    return answer


def _asked(resource: str, object_id: UUID) -> Shown:
    """The row of the address. One that the actor may neither see nor ask about is not there."""
    row = any_row(resource, object_id)
    if not may_ask_why(row.obj):
        if row.readable:
            raise AccessDenied(teams.SUPERVISE, resource)
        raise NotFound
    return row


def _demand(row: Shown) -> None:
    if not may_ask_why(row.obj):
        raise AccessDenied(teams.SUPERVISE, row.entry.resource)


def _file_name(row: Shown) -> str:
    safe = "".join(sign for sign in row.code if sign.isascii() and (sign.isalnum() or sign in "-_"))
    return f"accessi-{safe}.csv"


def _facts(row: Shown) -> dict[str, Any]:
    session = current.session
    people = session.scalars(sa.select(Account).where(Account.id.in_(able(session))).order_by(Account.name)).all()
    openers = teams.who_may(session, row.obj, lang=current.lang)
    chosen = _chosen(people)
    lines, more = looked(row, request.args)
    return {
        "here": request.path,
        "question": _question(people, chosen),
        "answer": teams.why(session, chosen, row.obj, lang=current.lang) if chosen else None,
        "openers": openers,
        "others": len(people) - len(openers),
        "lines": lines,
        "more": more,
        "flagged": sum(1 for line in lines if line["flags"]),
        "filter": _filter(),
        "filtered": any(request.args.get(key) for key in ("periodo", "cosa", "solo")),
        "file_url": row.url("log_file", **{key: request.args.get(key, "") for key in ("periodo", "cosa", "solo")}),
    }


def _chosen(people: Any) -> Account | None:
    wanted = request.args.get("chi", "")
    return next((account for account in people if str(account.id) == wanted), None)


def _question(people: Any, chosen: Account | None) -> dict[str, Any]:
    options = [(str(account.id), account.name, account is chosen) for account in people]
    return {**field("choice", "chi", _("Persona"), options=options), "id": "chi"}


def _filter() -> list[dict[str, Any]]:
    period, kind = request.args.get("periodo", DEFAULT_PERIOD), request.args.get("cosa", "")
    periods = [(key, str(text), key == period) for key, text in PERIODS.items()]
    kinds = [("", _("tutto"), not kind), *((key, str(text), key == kind) for key, text in KINDS.items())]
    only = request.args.get("solo", "")
    checks = [("", _("tutte le righe"), not only), ("controllare", _("solo da controllare"), only == "controllare")]
    made = (("periodo", _("Quando"), periods), ("cosa", _("Che cosa"), kinds), ("solo", _("Quali"), checks))
    return [{"name": name, "id": f"filtro-{name}", "label": label, "options": options} for name, label, options in made]
