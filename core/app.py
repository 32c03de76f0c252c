"""Make the portal: an ordered list of short steps."""

from __future__ import annotations

from flask import Flask

from core.api.app import configure_api
from core.console.app import configure_console
from core.installation import Installation
from core.web.accounts import configure_accounts
from core.web.assets import serve_static
from core.web.context import configure_requests
from core.web.errors import configure_errors
from core.web.headers import configure_headers
from core.web.pages import configure_pages
from core.web.plugins import configure_plugins
from core.web.requestlog import configure_request_ids
from core.web.routing import configure_converters
from core.web.security import configure_csrf, configure_proxy, configure_sessions
from core.web.templating import configure_languages, configure_templates


def create_app(installation: Installation | None = None) -> Flask:
    """The WSGI application over one installation. Raises ConfigError or PluginError, naming file, key and remedy."""
    installation = installation or Installation()
    app = Flask("core.web", static_folder=None)
    configure_sessions(app, installation.settings)
    configure_proxy(app, installation.settings)
    configure_converters(app)
    configure_request_ids(app)
    configure_requests(app, installation)
    configure_csrf(app)
    configure_languages(app, installation)
    configure_templates(app, installation)
    configure_headers(app, installation.settings)
    configure_errors(app)
    configure_pages(app)
    configure_accounts(app, installation)
    configure_plugins(app, installation)
    configure_api(app, installation)
    configure_console(app, installation)
    serve_static(app)
    return app
