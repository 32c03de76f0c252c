"""For those who cannot open a row: ask for access by its code, or open it in an emergency; and who answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from werkzeug.utils import redirect

from core import access, crypto, teams
from core.access.functions import functions_of
from core.db import district_of
from core.errors import AccessDenied, FieldError, Invalid, NotFound, Refused
from core.i18n import _, pick
from core.teams import settings
from core.teams.models import GRANTED, REFUSED
from core.teams.queries import assignable, names
from core.web.context import current
from core.web.routing import staff_route
from core.web.teams.common import any_row, bp, end_of_day, field, moment_text, shown, with_errors
from core.web.teams.panel import SEE_OTHER, Answer

LONGEST_CODE = 60


@staff_route(bp, "/squadra/accesso", endpoint="ask", methods=["GET", "POST"])
def ask() -> Answer:
    """Ask those who coordinate for access to a row, by its code. Known and unknown codes get the same answer."""
    entities = _askable()
    if not entities:
        raise AccessDenied("ask", "core.team")
    fields = _code_fields(entities)
    errors: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            _check_code()
            resource, code = request.form.get("resource", ""), request.form["code"]
            reason = request.form.get("reason", "")
            teams.ask_access(current.session, _known(resource), code, actor=current.actor, reason=reason)
        except Invalid as error:
            errors = with_errors(fields, error.errors)
        except Refused as error:
            errors = [("", error.message)]
        else:
            return redirect(url_for("teams.requests", inviata=1), SEE_OTHER)
    return _code_page("teams/ask.html", fields, errors, urgent=_urgent_entities())


@staff_route(bp, "/squadra/emergenza", endpoint="emergency", methods=["GET", "POST"])
def emergency() -> Answer:
    """Open a row in an emergency, by its code: why, what happens, confirm."""
    _signed_in()
    entities = _urgent_entities()
    if not entities:
        raise AccessDenied(teams.BREAK_GLASS, "core.team")
    fields = [*_code_fields(entities), _confirmation()]
    errors: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            place = _open()
        except Invalid as error:
            errors = with_errors(fields, error.errors)
        except Refused as error:
            errors = [("", error.message)]
        else:
            if place is not None:
                return redirect(any_row(place.resource, place.object_id).back, SEE_OTHER)
            # 200: the try is kept and counts.
            message = _("Con questo codice non si apre niente. Controlla il codice, o telefona a chi coordina.")
            return _code_page("teams/emergency.html", fields, [("f-code", message)], status=HTTPStatus.OK, **_figures())
    return _code_page("teams/emergency.html", fields, errors, **_figures())


@staff_route(bp, "/squadra/richieste", endpoint="requests", methods=["GET"])
def requests() -> str:
    """What waits for my answer, and what I asked for."""
    _signed_in()
    return _requests_page()


@staff_route(bp, "/squadra/richieste/<uuid:request_id>", endpoint="answer", methods=["POST"])
def answer(request_id: UUID) -> Answer:
    """Grant or refuse a request."""
    found = current.session.get(teams.AccessRequest, (district_of(current.session), request_id))
    if found is None or found.object_id is None:
        raise NotFound
    if not access.allowed(current.actor, teams.SUPERVISE, any_row(found.resource, found.object_id).obj):
        raise NotFound
    try:
        _answer(found)
    except (Invalid, Refused) as error:
        message = error.message if isinstance(error, Refused) else " ".join(e.message for e in error.errors)
        current.session.rollback()
        return _requests_page(message), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for("teams.requests"), SEE_OTHER)


# --- codes -----------------------------------------------------------------------------------------------------------


def _signed_in() -> None:
    if not current.actor.signed_in:
        raise AccessDenied("ask", "core.team")


def _askable() -> tuple[teams.TeamEntity, ...]:
    """What the actor may ask to see."""
    return tuple(entry for entry in teams.team_entities() if teams.may_ask(current.actor, entry.resource))


def _urgent_entities() -> tuple[teams.TeamEntity, ...]:
    """What the actor may open in an emergency at all."""
    entities = teams.team_entities()
    return tuple(entry for entry in entities if access.may(current.actor, teams.BREAK_GLASS, entry.resource))


def _code_fields(entities: tuple[teams.TeamEntity, ...]) -> list[dict[str, Any]]:
    chosen = request.form.get("resource", "")
    options = [(entry.resource, pick(entry.label, current.lang), entry.resource == chosen) for entry in entities]
    hint = _("Almeno tre parole. Lo leggono chi coordina e la squadra.")
    fields = [
        field("text", "code", _("Codice"), max_length=LONGEST_CODE),
        field("long_text", "reason", _("Perché ti serve"), hint=hint, max_length=1000),
    ]
    if len(options) > 1:
        fields.insert(0, field("choice", "resource", _("Che cosa"), options=options))
    return fields


def _known(resource: str) -> str:
    """The resource that was chosen; the only one where there is no choice. Raises Invalid."""
    entities = teams.team_entities()
    if len(entities) == 1:
        return entities[0].resource
    if teams.entry_of(resource) is None:
        raise Invalid([FieldError("resource", _("Scegli che cosa vuoi vedere."), "resource")])
    return resource


def _check_code() -> None:
    if not 0 < len(request.form.get("code", "").strip()) <= LONGEST_CODE:
        raise Invalid([FieldError("code", _("Scrivi il codice."), "code")])


def _confirmation() -> dict[str, Any]:
    options = [("1", _("Ho capito: apro in emergenza, e chi coordina lo sa subito."), bool(request.form.get("sure")))]
    return field("choices", "sure", _("Conferma"), options=options)


def _open() -> teams.TeamPlace | None:
    _check_code()
    if not request.form.get("sure"):
        raise Invalid([FieldError("sure", _("Conferma che hai capito che cosa succede."), "sure")])
    entities = _urgent_entities()
    resource = entities[0].resource if len(entities) == 1 else _known(request.form.get("resource", ""))
    code, reason = request.form["code"], request.form.get("reason", "")
    return teams.break_glass_by_code(current.session, resource, code, actor=current.actor, reason=reason)


def _figures() -> dict[str, Any]:
    """For how long it opens and how many times are left today; ``None`` where the model does not say."""
    hours = settings.optional(current.session, settings.EMERGENCY_HOURS)
    most = settings.optional(current.session, settings.EMERGENCIES_A_DAY)
    return {"hours": hours, "left": teams.emergencies_left(current.session, current.actor) if most else None}


def _code_page(
    template: str,
    fields: list[dict[str, Any]],
    errors: list[tuple[str, str]],
    status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY,
    **facts: Any,
) -> Answer:
    page = render_template(
        template,
        trail=[(_("Oggi"), url_for("staff.today")), (_("Accesso"), "")],
        action=request.path,
        fields=fields,
        errors=errors,
        **facts,
    )
    return page, status if errors else HTTPStatus.OK


# --- requests --------------------------------------------------------------------------------------------------------


def _requests_page(problem: str = "") -> str:
    waiting = teams.open_requests(current.session, current.actor)
    known = names(current.session, {found.account_id for found, _obj in waiting})
    return render_template(
        "teams/requests.html",
        trail=[(_("Oggi"), url_for("staff.today")), (_("Richieste di accesso"), "")],
        notices=_notices(problem),
        ask=(_("Chiedi l’accesso"), url_for("teams.ask")) if _askable() else None,
        waiting=[_waiting(found, obj, known.get(found.account_id, "")) for found, obj in waiting],
        mine=[_mine(found) for found in teams.requests_by(current.session, current.actor)],
    )


def _notices(problem: str) -> list[tuple[str, str, str]]:
    if problem:
        return [("danger", problem, "")]
    if not request.args.get("inviata"):
        return []
    text = _("Se il codice è giusto, chi coordina la riceve adesso e ti risponde qui.")
    return [("success", _("Richiesta inviata."), text)]


def _waiting(found: teams.AccessRequest, obj: Any, name: str) -> dict[str, Any]:
    words = functions_of(current.session)
    places = assignable(current.session, found.resource)
    fitting = dict.fromkeys(key for key, account, _body in places if account.id == found.account_id)
    return {
        "id": str(found.id),
        "name": name,
        "code": shown(obj).code,
        "when": moment_text(found.asked_at),
        "reason": _read(found)[0],
        "functions": [(key, pick(words[key].label, current.lang)) for key in fitting if key in words],
        "url": url_for("teams.answer", request_id=found.id),
    }


def _mine(found: teams.AccessRequest) -> dict[str, Any]:
    state = {GRANTED: ("ok", _("accolta")), REFUSED: ("late", _("non accolta"))}
    answered = _read(found)[1] if found.state in state else ""
    told = state.get(found.state, ("soon", _("in attesa")))
    return {"when": moment_text(found.asked_at), "state": told, "answer": answered}


def _read(found: teams.AccessRequest) -> tuple[str, str]:
    try:
        return teams.request_words(current.session, found)
    except (crypto.Unreadable, NotFound):
        return _("Questo dato non si può leggere adesso."), ""


def _answer(found: teams.AccessRequest) -> None:
    words = request.form.get("answer", "")
    if request.form.get("decision") != "grant":
        teams.refuse_request(current.session, found, actor=current.actor, answer=words)
        return
    function, until = request.form.get("function", ""), end_of_day("valid_to")
    teams.grant_request(current.session, found, function, actor=current.actor, valid_to=until, answer=words)
