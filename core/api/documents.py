"""``/api/v1/<district>/openapi.json``: what this district's API offers, and nothing of the plugins that are off."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request

from core.web.context import current

bp = Blueprint("api_documents", __name__)
PARAMETER = "/api/v1/{district}"


@bp.get("/api/v1/<district:district>/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 document of the district."""
    district = current.here
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    response = jsonify(document(app, district.slug, current.active_plugins, district.version))
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


@lru_cache(maxsize=64)
def document(app: Flask, slug: str, plugins: frozenset[str], version: int) -> dict[str, Any]:
    """The document of one district as of one version of its settings."""
    from core.api.app import spec_of

    whole = copy.deepcopy(spec_of(app))
    shown = plugins | {"records"}
    whole["paths"] = {
        path.replace(PARAMETER, f"/api/v1/{slug}"): _without_district(item)
        for path, item in whole["paths"].items()
        if path.removeprefix(PARAMETER).split("/")[1] in shown
    }
    return whole


def _without_district(item: dict[str, Any]) -> dict[str, Any]:
    """The slug stands in the path already."""
    item["parameters"] = [p for p in item.get("parameters", ()) if p.get("name") != "district"]
    for operation in item.values():
        if isinstance(operation, dict) and "parameters" in operation:
            operation["parameters"] = [p for p in operation["parameters"] if p.get("name") != "district"]
    return item
