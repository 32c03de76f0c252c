"""The queue of subject requests: who may manage them works them off here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from core import access, audit
from core.errors import Conflict, FieldError, Invalid, NotFound, Refused
from core.i18n import _, ngettext
from core.privacy.requests import access_file, terms
from core.privacy.requests import operations as requests
from core.privacy.requests import queries as requests_queries
from core.privacy.requests.models import SubjectRequest
from core.privacy.requests.permissions import DECIDE, MANAGE, READ, REQUEST, holders
from core.privacy.requests.subjects import subject_label
from core.privacy.retention import erasure as retention_erasure
from core.privacy.retention import holds
from core.web.context import current
from core.web.dates import format_date
from core.web.paging import page_number, pager
from core.web.requests.actions import Action, actions_of
from core.web.requests.public import FIELDS, request_fields
from core.web.routing import staff_route

bp = Blueprint("requests", __name__)
SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422


@bp.after_request
def keep_private(response: Response) -> Response:
    """No cache keeps a page about somebody's request."""
    response.headers["Cache-Control"] = "no-store"
    return response


# --- queue -----------------------------------------------------------------------------------------------------------


@staff_route(bp, "/richieste", endpoint="index", methods=["GET"])
def index() -> str:
    """The open requests, the most urgent first; or the closed ones."""
    access.require(current.actor, READ, REQUEST)
    closed, page = request.args.get("chiuse") == "1", page_number()
    found = requests_queries.queue(current.session, current.actor, closed=closed, page=page)
    pages = -(-found.total // requests_queries.PAGE)
    late = ngettext(
        "%(num)s richiesta è in ritardo: la legge dà un mese, poi la persona può fare reclamo al Garante.",
        "%(num)s richieste sono in ritardo: la legge dà un mese, poi la persona può fare reclamo al Garante.",
        found.late,
    )
    return render_template(
        "requests/queue.html",
        create=(_("Scrivi una richiesta"), url_for("requests.desk")) if _may_manage() else None,
        tabs=[
            (_("Da fare"), url_for("requests.index"), None if closed else found.total, not closed),
            (_("Chiuse"), url_for("requests.index", chiuse=1), found.total if closed else None, closed),
        ],
        late=late if found.late else "",
        columns=[(label, False) for label in (_("Numero"), _("Che cosa"), _("Stato"), _("Termine"), _("Affidata a"))],
        lines=[_line(item) for item in found.items],
        total=found.total,
        pager=pager(page, pages),
    )


def _line(item: SubjectRequest) -> list[Any]:
    deadline = terms.deadline_of(item)
    when = f"{format_date(item.due_on)}, {deadline.sentence()}" if deadline.open else format_date(item.closed_at)
    return [
        {"text": item.number, "url": url_for("requests.show", request_id=item.id)},
        str(terms.KINDS[item.kind]),
        str(terms.STATES[item.state]),
        {"state": deadline.kind, "text": when},
        requests.account_name(current.session, item.assigned_to) or _("nessuno"),
    ]


def _may_manage() -> bool:
    return access.may(current.actor, MANAGE, REQUEST)


# --- at the desk -----------------------------------------------------------------------------------------------------


@staff_route(bp, "/richieste/nuova", endpoint="desk", methods=["GET"])
def desk() -> str:
    """Write a request for somebody who is at the desk, or who wrote on paper."""
    access.require(current.actor, MANAGE, REQUEST)
    return _desk(dict.fromkeys((*FIELDS, "received_on"), ""), {})


@staff_route(bp, "/richieste/nuova", endpoint="write", methods=["POST"])
def write() -> Response:
    """Keep it, and show the code to hand over."""
    values = {name: _typed(name) for name in (*FIELDS, "received_on")}
    facts = {name: values[name] for name in FIELDS}
    try:
        begin = _day(values["received_on"])
        found, code = requests.submit(current.session, actor=current.actor, desk=True, received_on=begin, **facts)
    except Invalid as error:
        return make_response(_desk(values, {e.field: e.message for e in error.errors}), UNPROCESSABLE)
    page = render_template(
        "requests/receipt.html",
        trail=_trail(_("Richiesta ricevuta")),
        number=found.number,
        code=code,
        due=format_date(found.due_on),
        status_url=url_for("requests_public.status"),
        back=(_("Vai alla richiesta"), url_for("requests.show", request_id=found.id)),
    )
    return make_response(page, 201)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid([FieldError("received_on", _("Scrivi il giorno così: 2026-03-31."), "date")]) from None


def _desk(values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    arrived = {
        "name": "received_on",
        "id": "received_on",
        "type": "date",
        "label": _("Giorno in cui è arrivata"),
        "hint": _("Lascia vuoto se è arrivata oggi. Il termine parte da questo giorno."),
        "value": values["received_on"],
        "error": errors.get("received_on", ""),
        "optional": True,
    }
    return render_template(
        "requests/desk.html",
        trail=_trail(_("Richiesta nuova")),
        action=url_for("requests.write"),
        fields=[*request_fields(values, errors, desk=True), arrived],
        errors=list(errors.items()),
        cancel_url=url_for("requests.index"),
    )


# --- one request -----------------------------------------------------------------------------------------------------


@staff_route(bp, "/richieste/<uuid:request_id>", endpoint="show", methods=["GET"])
def show(request_id: UUID) -> str:
    """One request; its texts stay covered until somebody asks for them."""
    return _show(_found(request_id))


@staff_route(bp, "/richieste/<uuid:request_id>/testo", endpoint="reveal", methods=["POST"])
def reveal(request_id: UUID) -> str:
    """The same with its texts, which may tell of health or measures: each look is written down."""
    found = _found(request_id)
    access.check(current.actor, MANAGE, found)
    audit.note(
        current.session,
        current.actor,
        "reveal",
        resource=REQUEST,
        object_id=found.id,
        subject_id=found.subject_id,
        fields=("text", "answer", "reason"),
        purpose="subject_request",
    )
    return _show(found, revealed=True)


@staff_route(bp, "/richieste/<uuid:request_id>/fascicolo", endpoint="file", methods=["POST"])
def file(request_id: UUID) -> AnyResponse:
    """The access file, to read and print, or as JSON."""
    found = _found(request_id)
    try:
        made = access_file.make(current.session, found, actor=current.actor, hooks=current.installation.host.hooks)
    except Refused as error:
        return _refused(request_id, {"": error.message}, CONFLICT)
    if request.form.get("format") == "json":
        answer = jsonify(made.as_json())
        answer.headers["Content-Disposition"] = f'attachment; filename="fascicolo-{found.number}.json"'
        return answer
    return make_response(render_template("requests/file.html", file=made))


@staff_route(bp, "/richieste/<uuid:request_id>/passo", endpoint="step", methods=["POST"])
def step(request_id: UUID) -> AnyResponse:
    """Take one step; what stands in its way is told on the page."""
    found = _found(request_id)
    taken = STEPS.get(request.form.get("step", ""))
    if taken is None:
        raise NotFound("step of a request")
    if request.form.get("version") != str(found.version):
        raise Conflict(f"request {found.number} was changed meanwhile")
    try:
        taken(found)
    except Invalid as error:
        return _refused(request_id, {e.field: e.message for e in error.errors}, UNPROCESSABLE)
    except Refused as error:
        return _refused(request_id, {"": error.message}, CONFLICT)
    except NotFound as error:
        return _refused(request_id, {"code": str(error)}, UNPROCESSABLE)
    return redirect(url_for("requests.show", request_id=request_id), SEE_OTHER)


def _refused(request_id: UUID, errors: Mapping[str, str], status: int) -> Response:
    current.session.rollback()
    return make_response(_show(_found(request_id), errors), status)


def _found(request_id: UUID) -> SubjectRequest:
    return requests_queries.request_of(current.session, current.actor, request_id)


def _typed(name: str) -> str:
    return "".join(c for c in request.form.get(name, "") if c.isprintable() or c in "\n\r").strip()


def _account() -> UUID:
    try:
        return UUID(request.form.get("account", ""))
    except ValueError:
        raise Invalid([FieldError("account", _("Scegli una persona."), "account")]) from None


def _facts() -> dict[str, Any]:
    return {"actor": current.actor, "hooks": current.installation.host.hooks}


STEPS: Mapping[str, Callable[[SubjectRequest], object]] = {
    "assign": lambda r: requests.assign(current.session, r, _account(), actor=current.actor),
    "ask_identity": lambda r: requests.ask_identity(current.session, r, actor=current.actor, reason=_typed("reason")),
    "identify": lambda r: requests.identify(current.session, r, actor=current.actor, how=_typed("identity")),
    "link": lambda r: requests.link(current.session, r, _typed("code"), actor=current.actor),
    "extend": lambda r: requests.extend(current.session, r, actor=current.actor, reason=_typed("reason")),
    "answer": lambda r: requests.answer(current.session, r, actor=current.actor, text=_typed("answer")),
    "refuse": lambda r: requests.refuse(current.session, r, actor=current.actor, reason=_typed("reason")),
    "withdraw": lambda r: requests.withdraw(current.session, r, actor=current.actor, reason=_typed("reason")),
    "task": lambda r: requests.ask_correction(current.session, r, actor=current.actor),
    "restrict": lambda r: holds.restrict(current.session, r, actor=current.actor),
    "release": lambda r: holds.end_restriction(current.session, r, actor=current.actor),
    "erase": lambda r: retention_erasure.erase_for_request(current.session, r, **_facts()),
    "names": lambda r: requests.disclose_names(
        current.session, r, request.form.get("names") == "yes", actor=current.actor, reason=_typed("reason")
    ),
}


def _show(found: SubjectRequest, errors: Mapping[str, str] | None = None, *, revealed: bool = False) -> str:
    session = current.session
    audit.look(
        session,
        current.actor,
        "view",
        resource=REQUEST,
        object_id=found.id,
        subject_id=found.subject_id,
        part="request",
    )
    deadline = terms.deadline_of(found)
    return render_template(
        "requests/show.html",
        trail=_trail(found.number),
        title=_("Richiesta %(number)s", number=found.number),
        request=found,
        kind=str(terms.KINDS[found.kind]),
        state=(deadline.kind, str(terms.STATES[found.state])),
        deadline=deadline,
        facts=_details(found),
        texts=_texts(found) if revealed else None,
        steps=[_step(item, revealed=revealed) for item in requests_queries.steps_of(session, found)],
        actions=_actions(found, errors or {}),
        errors=list((errors or {}).items()),
    )


def _details(found: SubjectRequest) -> list[tuple[str, str]]:
    session = current.session
    person = subject_label(session, found.subject_resource, found.subject_id) if found.subject_id else ""
    return [
        (_("Chi chiede"), requests.unsealed(session, found, "name")),
        (_("Come rispondere"), requests.unsealed(session, found, "contact")),
        (_("Arrivata"), format_date(found.received_on)),
        (_("Si risponde entro"), format_date(found.due_on)),
        (_("Identità"), str(terms.IDENTITIES[found.identity]) if found.identity else _("ancora da controllare")),
        (_("Persona"), person or _("ancora da collegare")),
        (_("Affidata a"), requests.account_name(session, found.assigned_to) or _("nessuno")),
    ]


def _texts(found: SubjectRequest) -> list[tuple[str, str]]:
    labels = {"text": _("Che cosa ha scritto"), "answer": _("La risposta")}
    return [(label, requests.unsealed(current.session, found, name)) for name, label in labels.items()]


def _step(item: Any, *, revealed: bool) -> dict[str, Any]:
    reason = requests.reason_of(current.session, item) if revealed else ""
    sentence = f"{terms.STEPS[item.what]} {reason}".strip()
    when = _("%(day)s, %(who)s", day=format_date(item.at), who=item.who or _("chi fa la richiesta"))
    return {"sentence": sentence, "when": when, "iso": item.at.isoformat()}


def _actions(found: SubjectRequest, errors: Mapping[str, str]) -> list[Action]:
    session, actor = current.session, current.actor
    if not access.allowed(actor, MANAGE, found):
        return []
    people = holders(session, MANAGE, REQUEST)
    names = sorted((requests.account_name(session, one), str(one)) for one in people)
    restricted = found.subject_id is not None and holds.restriction_of(session, found.subject_id) is not None
    return actions_of(
        found,
        people=[(key, name) for name, key in names],
        may_decide=access.may(actor, DECIDE, REQUEST),
        restricted=restricted,
        errors=errors,
    )


def _trail(page: str) -> list[tuple[str, str]]:
    return [(_("Richieste sui dati"), url_for("requests.index")), (page, "")]
