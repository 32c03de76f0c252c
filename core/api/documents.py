"""``/api/v1/<district>/openapi.json``: what this district's API offers, and nothing of the plugins that are off."""

from __future__ import annotations

import copy
import json
import re
from functools import lru_cache
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask_smorest import Api

from core.web.context import current

bp = Blueprint("api_documents", __name__)
PARAMETER = "/api/v1/{district}"
KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key made in the profile of an account. Reading what is public needs none; writing always does.",
}
#: Every error, whichever it is (RFC 9457).
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "code"],
                "properties": {name: {"type": "string"} for name in ("field", "message", "code")},
            },
        },
        "version": {"type": "integer", "description": "409: the version that was sent."},
        "current_version": {"type": "integer", "description": "409: the version that is stored."},
    },
}
SCHEMA = re.compile(r'"#/components/schemas/([^"]+)"')


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
    whole = copy.deepcopy(spec_of(app))
    whole["components"]["responses"] = {
        name: _problem(response) for name, response in whole["components"]["responses"].items()
    }
    shown = plugins | {"records"}
    whole["paths"] = {
        path.replace(PARAMETER, f"/api/v1/{slug}"): _with_key(_without_district(item))
        for path, item in whole["paths"].items()
        if path.removeprefix(PARAMETER).split("/")[1] in shown
    }
    tags = {tag for item in whole["paths"].values() for tag in _tags(item)}
    whole["tags"] = [tag for tag in whole.get("tags", ()) if tag["name"] in tags]
    schemas = {**whole["components"]["schemas"], "Problem": PROBLEM}
    named = _named({"paths": whole["paths"], "responses": whole["components"].get("responses")}, schemas)
    whole["components"]["schemas"] = {name: schema for name, schema in schemas.items() if name in named}
    whole["components"]["securitySchemes"] = {"key": KEY}
    return whole


def spec_of(app: Flask) -> dict[str, Any]:
    """The whole OpenAPI document, of every plugin."""
    api: Api = app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    document: dict[str, Any] = api.spec.to_dict()
    return document


def _tags(item: dict[str, Any]) -> set[str]:
    return {tag for operation in item.values() if isinstance(operation, dict) for tag in operation.get("tags", ())}


def _named(part: Any, schemas: dict[str, Any]) -> set[str]:
    """The schemas that a part of the document refers to, and those that these refer to."""
    found: set[str] = set()
    waiting = [part]
    while waiting:
        fresh = set(SCHEMA.findall(json.dumps(waiting.pop()))) - found
        found |= fresh
        waiting.extend(schemas[name] for name in fresh)
    return found


def _problem(response: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {**response, "content": {"application/problem+json": {"schema": schema}}}


def _with_key(item: dict[str, Any]) -> dict[str, Any]:
    """Reading goes without a key as well; every other method needs one."""
    for method, operation in item.items():
        if isinstance(operation, dict):
            operation["security"] = [{}, {"key": []}] if method == "get" else [{"key": []}]
    return item


def _without_district(item: dict[str, Any]) -> dict[str, Any]:
    """The slug stands in the path already."""
    item["parameters"] = [p for p in item.get("parameters", ()) if p.get("name") != "district"]
    for operation in item.values():
        if isinstance(operation, dict) and "parameters" in operation:
            operation["parameters"] = [p for p in operation["parameters"] if p.get("name") != "district"]
    return item
