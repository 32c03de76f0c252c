"""Put the resources on the app: flask-smorest, with our own errors and a document for each district."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask
from flask_smorest import Api, Blueprint
from flask_wtf.csrf import CSRFProtect

from core import __version__
from core.api.bearer import configure_bearer
from core.api.bodies import configure_bodies
from core.api.documents import bp as documents
from core.api.records import bp as records
from core.web.plugins import check_name

if TYPE_CHECKING:
    from core.installation import Installation

PREFIX = "/api/v1/<district:district>"


class ProblemApi(Api):
    """flask-smorest without its app-wide error handler: pages and API share ours, which speaks problem+json here."""

    def _register_error_handlers(self) -> None:
        return None


def configure_api(app: Flask, installation: Installation) -> None:
    """Register the core's resources, then each plugin's; a plugin that fails is named and left out."""
    app.config.update(API_TITLE="Innesto", API_VERSION=__version__, OPENAPI_VERSION="3.1.0")
    api = ProblemApi(app)
    configure_bearer(app, installation)
    configure_bodies(app)
    app.register_blueprint(documents)
    # A key, not a form's token, is what lets a program write here.
    csrf: CSRFProtect = app.extensions["innesto_csrf"]
    api.register_blueprint(csrf.exempt(records), url_prefix=f"{PREFIX}/records")
    host = installation.host
    for name, blueprints in host.hooks.display("register_api"):
        for blueprint in blueprints:
            try:
                register(app, api, name, csrf.exempt(blueprint))
            except Exception as error:  # noqa: BLE001 - a plugin may fail in any way; the site stays up
                host.drop(name, "api", error)


def register(app: Flask, api: Api, plugin: str, blueprint: Blueprint) -> None:
    """Try a plugin's resources on a scratch app first. Raises what the plugin raises."""
    check_name(plugin, blueprint)
    prefix = f"{PREFIX}/{plugin}"
    scratch = Flask("core.web", static_folder=None)
    scratch.config.update({k: v for k, v in app.config.items() if k.startswith(("API_", "OPENAPI_"))})
    scratch.url_map.converters.update(app.url_map.converters)
    ProblemApi(scratch).register_blueprint(blueprint, url_prefix=prefix)
    api.register_blueprint(blueprint, url_prefix=prefix)
