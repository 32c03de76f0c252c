"""The team of a row: who is in it, who was, and the forms that change it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from core import access, clock, crypto, teams
from core.access.functions import functions_of
from core.access.models import Account
from core.db import district_of
from core.errors import FieldError, Invalid, NotFound, Refused
from core.i18n import _, pick
from core.teams.models import EMERGENCY, SUBSTITUTE, TeamPlace
from core.teams.queries import assignable, names
from core.web.context import current
from core.web.dates import format_date
from core.web.routing import staff_route
from core.web.teams.common import (
    Shown,
    body_names,
    bp,
    end_of_day,
    field,
    first_day,
    last_day,
    moment_text,
    row_of,
    shown,
    with_errors,
)

Answer = str | Response | tuple[str, int]
SEE_OTHER = 303
#: What separates function, account and body in the value of an option.
SEPARATOR = "|"


def team_panel(obj: Any) -> Markup:
    """The team of ``obj`` for the page of a plugin: places in force and planned, history, ways to change it.

    The actor may read the row. Links and forms lead to pages of the core and come back to the row's own page.
    """
    return Markup(render_template("teams/_panel.html", **_panel(shown(obj))))  # noqa: S704 - a template, escaped


@staff_route(bp, "/squadra/<resource>/<uuid:object_id>/", endpoint="team", methods=["GET"])
def team(resource: str, object_id: UUID) -> str:
    """The team of a row on a page of its own."""
    row = row_of(resource, object_id)
    return render_template("teams/team.html", row=row, trail=[*row.trail, (_("Squadra"), "")], **_panel(row))


@staff_route(bp, "/squadra/<resource>/<uuid:object_id>/aggiungi", endpoint="add", methods=["GET", "POST"])
def add(resource: str, object_id: UUID) -> Answer:
    """Give somebody a place."""
    row = row_of(resource, object_id)
    access.check(current.actor, teams.ASSIGN, row.obj)
    fields = _add_fields(row)
    return _form(row, _("Aggiungi alla squadra"), _("Aggiungi"), fields, lambda: _add(row), lead=_lead(row))


@staff_route(bp, "/squadra/<resource>/<uuid:object_id>/<uuid:place_id>/chiudi", endpoint="end", methods=["GET", "POST"])
def end(resource: str, object_id: UUID, place_id: UUID) -> Answer:
    """End a place."""
    row = row_of(resource, object_id)
    place = _place(row, place_id)
    if not _may_end(row, place):
        access.check(current.actor, teams.ASSIGN, row.obj)
    name = names(current.session, {place.account_id}).get(place.account_id, "")
    lead = _("%(name)s non vedrà più questa scheda con questo compito. Resta scritto nella storia.", name=name)
    fields = [field("long_text", "reason", _("Perché"), optional=True, max_length=1000)]
    return _form(row, _("Chiudi il compito"), _("Chiudi il compito"), fields, lambda: _end(place), lead=lead)


@staff_route(
    bp, "/squadra/<resource>/<uuid:object_id>/<uuid:place_id>/sostituisci", endpoint="stand_in", methods=["GET", "POST"]
)
def stand_in(resource: str, object_id: UUID, place_id: UUID) -> Answer:
    """Name a substitute for a planned absence."""
    row = row_of(resource, object_id)
    access.check(current.actor, teams.ASSIGN, row.obj)
    place = _place(row, place_id)
    lead = _("In quei giorni vedono la scheda tutti e due. La sostituzione finisce da sola.")
    fields = _substitute_fields(place)
    return _form(row, _("Sostituzione per un'assenza"), _("Salva"), fields, lambda: _substitute(row, place), lead=lead)


# --- the panel -------------------------------------------------------------------------------------------------------


def _panel(row: Shown) -> dict[str, Any]:
    session, obj = current.session, row.obj
    history, now = teams.history_of(session, obj), clock.now()
    present = {place.id for place in teams.team_of(session, obj)}
    known = names(session, {place.account_id for place in history})
    words, bodies = functions_of(session), body_names()
    may_assign = access.allowed(current.actor, teams.ASSIGN, obj)

    def line(place: TeamPlace) -> dict[str, Any]:
        info = words.get(place.function)
        return {
            "name": known.get(place.account_id, _("una persona che non c'è più")),
            "function": pick(info.label, current.lang) if info else _("accesso d'emergenza"),
            "body": bodies.get(place.organisation_id, "") if place.organisation_id else "",
            "kind": place.kind,
            "stands_for": _absent(history, known, place),
            "since": moment_text(place.valid_from) if place.kind == EMERGENCY else format_date(place.valid_from),
            "until": last_day(place.valid_to),
            "by": place.given_by_name,
            "reason": _words(place) if place.kind == EMERGENCY or may_assign else "",
            "end_url": row.url("end", place_id=place.id) if may_assign or _may_end(row, place) else "",
            "substitute_url": row.url("stand_in", place_id=place.id) if may_assign and place.kind == "holder" else "",
        }

    running = sorted((p for p in history if p.id in present), key=lambda p: (p.kind == EMERGENCY, p.function))
    coming = [p for p in history if p.valid_from > now and (p.valid_to is None or p.valid_to > p.valid_from)]
    past = [p for p in history if p.id not in present and p not in coming and p.valid_to != p.valid_from]
    return {
        "places": [line(place) for place in running],
        "planned": [line(place) for place in reversed(coming)],
        "past": [line(place) for place in past],
        "add_url": row.url("add") if may_assign else "",
    }


def _absent(history: Any, known: Any, place: TeamPlace) -> str:
    if place.kind != SUBSTITUTE:
        return ""
    return next((known.get(p.account_id, "") for p in history if p.id == place.stands_for), "")


def _words(place: TeamPlace) -> str:
    try:
        return teams.reason_of(current.session, place)
    except crypto.Unreadable:
        return _("Questo dato non si può leggere adesso.")


def _may_end(row: Shown, place: TeamPlace) -> bool:
    if place.kind != EMERGENCY or (place.valid_to is not None and place.valid_to <= clock.now()):
        return False
    mine = place.account_id == current.actor.account_id
    return mine or access.allowed(current.actor, teams.SUPERVISE, row.obj)


def _place(row: Shown, place_id: UUID) -> TeamPlace:
    place = current.session.get(TeamPlace, (district_of(current.session), place_id))
    if place is None or (place.resource, place.object_id) != (row.entry.resource, row.obj.id):
        raise NotFound
    return place


# --- forms -----------------------------------------------------------------------------------------------------------


def _form(
    row: Shown, title: str, button: str, fields: list[dict[str, Any]], act: Callable[[], object], *, lead: str = ""
) -> Answer:
    """Show the form; after a POST act and go back to the row, or show it again with what was wrong."""
    errors: list[tuple[str, str]] = []
    status = HTTPStatus.OK
    back = row.back
    if request.method == "POST":
        try:
            act()
        except Invalid as error:
            errors, status = with_errors(fields, error.errors), HTTPStatus.UNPROCESSABLE_ENTITY
        except Refused as error:
            errors, status = [("", error.message)], HTTPStatus.CONFLICT
        else:
            return redirect(back, SEE_OTHER)
    trail = [*row.trail, (title, "")]
    page: dict[str, Any] = {
        "title": title,
        "button": button,
        "lead": lead,
        "fields": fields,
        "errors": errors,
        "back": back,
    }
    page["nobody"] = _nobody(fields)
    return render_template("teams/form.html", row=row, trail=trail, action=request.path, **page), status


def _nobody(fields: list[dict[str, Any]]) -> tuple[str, str] | None:
    """What to say instead of a form that offers nobody."""
    if all(item["options"] for item in fields if item["type"] == "choice"):
        return None
    text = _("Serve un’altra persona che ha un ruolo con questo compito. I ruoli li dà chi amministra il territorio.")
    return _("Non c’è nessuno da scegliere"), text


def _lead(row: Shown) -> str:
    return _("Chi aggiungi vede i dati del suo compito e riceve un avviso con il codice %(code)s.", code=row.code)


def _add_fields(row: Shown) -> list[dict[str, Any]]:
    words, bodies = functions_of(current.session), body_names()
    offered = [
        (
            SEPARATOR.join((key, str(account.id), str(body or ""))),
            _option(pick(words[key].label, current.lang), account.name, bodies.get(body, "") if body else ""),
        )
        for key, account, body in assignable(current.session, row.entry.resource)
        if key in words
    ]
    chosen = request.form.get("who", "")
    options = [(value, text, value == chosen) for value, text in sorted(offered, key=lambda pair: pair[1])]
    hint = _("Dove il compito è di una persona sola, chi ce l'ha adesso lo lascia.")
    return [
        field("choice", "who", _("Compito e persona"), options=options, hint=hint),
        field("date", "valid_from", _("Dal giorno"), optional=True, hint=_("Se lo lasci vuoto comincia adesso.")),
        field("date", "valid_to", _("Fino al giorno compreso"), optional=True),
        field("long_text", "reason", _("Perché"), optional=True, max_length=1000),
    ]


def _option(function: str, name: str, body: str) -> str:
    return f"{function}: {name}, {body}" if body else f"{function}: {name}"


def _substitute_fields(place: TeamPlace) -> list[dict[str, Any]]:
    offered = {
        str(account.id): account.name
        for key, account, _body in assignable(current.session, place.resource)
        if key == place.function and account.id != place.account_id
    }
    chosen = request.form.get("account", "")
    options = [(value, text, value == chosen) for value, text in offered.items()]
    return [
        field("choice", "account", _("Chi sostituisce"), options=options),
        field("date", "valid_from", _("Dal giorno"), hint=_("Se lo lasci vuoto comincia adesso."), optional=True),
        field("date", "valid_to", _("Fino al giorno compreso")),
    ]


def _add(row: Shown) -> None:
    function, number, body = _chosen(request.form.get("who", ""))
    account = _account(number, "who")
    teams.assign(
        current.session,
        row.obj,
        function,
        account,
        actor=current.actor,
        organisation_id=body,
        valid_from=first_day("valid_from"),
        valid_to=end_of_day("valid_to"),
        reason=request.form.get("reason", ""),
    )


def _chosen(value: str) -> tuple[str, str, UUID | None]:
    function, _first, rest = value.partition(SEPARATOR)
    number, _second, body = rest.partition(SEPARATOR)
    try:
        return function, number, UUID(body) if body else None
    except ValueError:
        return function, "", None


def _account(number: str, name: str) -> Account:
    try:
        found = current.session.get(Account, UUID(number))
    except ValueError:
        found = None
    if found is None:
        raise Invalid([FieldError(name, _("Scegli una persona."), "account")])
    return found


def _end(place: TeamPlace) -> None:
    teams.end(current.session, place, actor=current.actor, reason=request.form.get("reason", ""))


def _substitute(row: Shown, place: TeamPlace) -> None:
    last = end_of_day("valid_to")
    if last is None:
        raise Invalid([FieldError("valid_to", _("Scrivi fino a quando."), "needed")])
    begin = first_day("valid_from") or clock.now()
    account = _account(request.form.get("account", ""), "account")
    teams.substitute(current.session, place, account, actor=current.actor, valid_from=begin, valid_to=last)
