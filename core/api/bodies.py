"""JSON bodies that nothing behind could read, keep or give back are refused at the door."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Flask, Response, request

from core.i18n import _
from core.web.errors import answer

#: Levels of lists and objects inside one another; the deepest form has five.
DEEPEST = 32


def check_body() -> Response | None:
    """Answer 400 for JSON that is broken or too deep, or whose numbers and texts are none that a database can keep."""
    if not request.url_rule or not request.url_rule.rule.startswith("/api/") or not request.is_json:
        return None
    try:
        body = json.loads(request.get_data(cache=True) or b"null", parse_constant=_no_number)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return answer(400, _("Il contenuto non è JSON leggibile."))
    return answer(400, _("Il contenuto è annidato troppo in profondità.")) if depth(body) > DEEPEST else None


def depth(body: Any) -> int:
    """How many lists and objects lie inside one another."""
    levels, here = 0, [body]
    while here := [part for part in here if isinstance(part, dict | list)]:
        levels += 1
        here = [inner for part in here for inner in (part.values() if isinstance(part, dict) else part)]
    return levels


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def configure_bodies(app: Flask) -> None:
    """Look at the body once it is known who sent it."""
    app.before_request(check_body)
