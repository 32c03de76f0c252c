"""A small application that shows each template with sample data: no database, no plugins, the policy of the portal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, abort, g, render_template
from flask_babel import Babel, format_date
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup

from core.i18n import LANGUAGES
from core.web.assets import serve_static
from scripts.repository import REPO
from tests.browser.preview.samples import PAGES, SITE

NONCE = "preview-nonce"
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; "
    f"script-src 'nonce-{NONCE}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FOLDERS = [REPO / "core" / "web" / "templates", REPO / "plugins" / "public_info" / "templates"]


def language() -> str:
    return str(g.get("lang", "it"))


def common() -> Mapping[str, Any]:
    """What the portal gives every page."""
    return {
        "current": SimpleNamespace(lang=language()),
        "nonce": lambda: NONCE,
        "languages": [(code, name, f"/{code}/preview") for code, name in LANGUAGES.items()],
        "demo": True,
        "menu": [("Servizi", "#servizi", True), ("Corsi", "#corsi", False), ("Regole", "#regole", False)],
        "site": SITE,
    }


def long_date(day: date) -> str:
    return str(format_date(day, "long"))


def create_preview() -> Flask:
    """The application; ``/<name>`` is one page of ``PAGES``."""
    app = Flask("preview", static_folder=None, template_folder=None)
    app.secret_key = "preview"
    app.jinja_loader = ChoiceLoader([FileSystemLoader(Path(folder)) for folder in FOLDERS])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Babel(app, locale_selector=language)
    serve_static(app)
    app.jinja_env.globals.update(format_date=long_date, csrf_token=lambda: "token")
    app.context_processor(lambda: dict(common()))
    app.after_request(add_policy)
    app.add_url_rule("/<name>", view_func=show)
    for name in ("services", "courses"):
        app.add_url_rule(f"/x/{name}", view_func=lambda: "", endpoint=f"public_info.{name}")
    app.add_url_rule("/favicon.ico", view_func=lambda: ("", 204), endpoint="favicon")
    return app


def show(name: str) -> str:
    if name not in PAGES:
        abort(404)
    template, context = PAGES[name]
    return render_template(template, slots=slots_of(context), **context)


def slots_of(context: Mapping[str, Any]) -> list[Markup]:
    """The piece of a plugin that stands in a page, if the sample has one."""
    if "slot_template" not in context:
        return []
    return [Markup(render_template(context["slot_template"], **context["slot_context"]))]


def add_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response
