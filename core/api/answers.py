"""JSON answers with an ETag: who has the same version already gets 304 and no body."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request


def cached_json(body: Any) -> Response:
    """The body as JSON, tagged by its content."""
    response = jsonify(body)
    response.add_etag()
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response
