"""What a person sees when something does not work, and what a program gets on the API."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.wrappers import Response as AnyResponse

from core.api.words import said
from core.crypto import Unreadable
from core.errors import AccessDenied, Conflict, FieldError, Invalid, NotFound, Refused
from core.i18n import _
from core.web.context import RequestContext

log = logging.getLogger(__name__)
PAGES = frozenset({400, 403, 404, 405, 409, 410, 413, 429, 500, 503})


def configure_errors(app: Flask) -> None:
    """Answer every error with a page that helps, or with problem+json under ``/api/``."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(NotFound, missing)
    app.register_error_handler(AccessDenied, denied)
    app.register_error_handler(Refused, lambda error: answer(409, error.message))
    app.register_error_handler(Invalid, lambda error: answer(422, errors=error.errors))
    app.register_error_handler(Conflict, lambda error: answer(409, _conflict()))
    app.register_error_handler(Unreadable, _unreadable)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _crash)


def answer(
    status: int, detail: str = "", *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The error as page or as problem+json, whichever the address is for."""
    made = problem(status, detail, errors) if request.path.startswith("/api/") else page(status, detail, errors)
    made.headers.extend(headers or {})
    return made


def page(status: int, detail: str = "", errors: Sequence[FieldError] = ()) -> Response:
    """A page that says what happened and where to go."""
    name = status if status in PAGES else (400 if status < 500 else 500)
    text = detail or " ".join(error.message for error in errors)
    return make_response(render_template(f"errors/{name}.html", detail=text, reference=g.get("request_id", "")), status)


def problem(
    status: int, detail: str = "", errors: Sequence[FieldError] = (), *, more: Mapping[str, Any] | None = None
) -> Response:
    """RFC 9457 answer of the API; ``more``: members of its own."""
    title = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body: dict[str, Any] = {**title, **(more or {})}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = [{"field": e.field, "message": e.message, "code": e.code} for e in errors]
    response = jsonify(body)
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _http(error: HTTPException) -> Response | HTTPException:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if isinstance(error, SecurityError):
        # The host name is not one of ours: no address can be made for it, so no page with links either.
        return make_response(
            _("Il portale non risponde a questo nome."), 400, {"Content-Type": "text/plain; charset=utf-8"}
        )
    kept = {k: v for k, v in error.get_headers() if k not in ("Content-Type", "Content-Length")}
    return answer(error.code, errors=list(_arguments(getattr(error, "data", None))), headers=kept)


def _arguments(data: Any) -> Iterator[FieldError]:
    """What webargs found wrong with the arguments of a resource: a message for each, by place and name."""
    messages = data.get("messages") if isinstance(data, Mapping) else None
    for by_name in messages.values() if isinstance(messages, Mapping) else ():
        for name, found in by_name.items() if isinstance(by_name, Mapping) else ():
            yield FieldError(str(name), " ".join(map(said, _flat(found))))


def _flat(found: Any) -> Iterator[str]:
    """The sentences of a field's errors, also of those of the parts of a list."""
    parts = found.values() if isinstance(found, Mapping) else found if isinstance(found, list | tuple) else None
    if parts is None:
        yield str(found)
    for part in parts or ():
        yield from _flat(part)


def denied(error: AccessDenied) -> AnyResponse:
    """Ask a visitor to sign in, and who lacks the second step to set it up; to others the page is not open."""
    context: RequestContext | None = g.get("innesto")
    if context and context.actor.needs_two_factor and request.method == "GET" and not request.path.startswith("/api/"):
        return redirect(url_for("account.second_factor", next=request.full_path.rstrip("?")), 303)
    if context is None or context.actor.kind != "visitor":
        return answer(403, _("Il tuo ruolo o la tua chiave non arrivano fin qui.") if context and context.token else "")
    if request.path.startswith("/api/"):
        detail = _("Serve una chiave: creala nel tuo profilo e mandala così: Authorization: Bearer …")
        return answer(401, detail, headers={"WWW-Authenticate": 'Bearer realm="innesto"'})
    if request.method == "GET":
        return redirect(url_for("account.login", next=request.full_path.rstrip("?")))
    return answer(403)


def missing(_error: NotFound) -> AnyResponse:
    """Nothing there; a visitor on a page of the staff is led to the door, whether or not there is something behind."""
    context: RequestContext | None = g.get("innesto")
    if context and context.staff and context.actor.kind == "visitor":
        return denied(AccessDenied("read", "staff"))
    return answer(404)


def _conflict() -> str:
    return _("Un'altra persona ha cambiato questa scheda mentre la stavi modificando. Ricarica la pagina e riprova.")


def _unreadable(error: Unreadable) -> Response:
    log.error("request %s: a sealed value cannot be read", g.get("request_id", "-"), exc_info=error)
    return answer(503, error.message)


def _database(error: OperationalError) -> Response:
    log.error("the database does not answer", exc_info=error)
    return answer(503, headers={"Retry-After": "30"})


def _crash(error: Exception) -> Response:
    log.error("request %s failed", g.get("request_id", "-"), exc_info=error)
    _blame(error)
    return answer(500)


def _blame(error: Exception) -> None:
    """Note a failure in a plugin's own page, so that health and console name the plugin."""
    context: RequestContext | None = g.get("innesto")
    host = context.installation.host if context else None
    owner = host.owner_of(request.blueprint) if host else None
    if host and owner:
        host.hooks.problems.add(owner, "page", error)
