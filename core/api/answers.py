"""JSON answers with an ETag: who has the same version already gets 304 and no body."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request

from core.web.context import current


def cached_json(body: Any) -> Response:
    """The body as JSON, tagged by its content; what somebody signed in may read is kept by no cache."""
    response = jsonify(body)
    response.add_etag()
    response.headers["Cache-Control"] = "no-store" if current.actor.signed_in else "no-cache"
    response.make_conditional(request)
    return response
