"""``/health``: whether the portal answers, and which plugin is broken, by name alone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core import __version__
from core.installation import Installation
from core.web.context import current

bp = Blueprint("health", __name__)


@bp.get("/health")
def health() -> tuple[Response, int]:
    """200 while pages are served, also with a broken plugin; 503 when the database does not answer."""
    installation = current.installation
    database = _database_answers(installation)
    broken = sorted({problem.plugin for problem in installation.host.hooks.problems})
    status = "down" if not database else "degraded" if broken else "ok"
    body: dict[str, Any] = {
        "status": status,
        "version": __version__,
        "database": "ok" if database else "down",
        "plugins": sorted(installation.host.names),
        "broken_plugins": [{"plugin": name, "stages": _stages(installation, name)} for name in broken],
    }
    return jsonify(body), 200 if database else 503


def _stages(installation: Installation, plugin: str) -> list[str]:
    return sorted({problem.stage for problem in installation.host.hooks.problems.of(plugin)})


def _database_answers(installation: Installation) -> bool:
    try:
        with installation.database.read(None) as session:
            session.execute(text("SELECT 1"))
        return True
    except SQLAlchemyError:
        return False
