"""Cookies, proxies and forged requests."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import IO, Any

from flask import Flask, Request, Response
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from core.i18n import _
from core.settings import Settings
from core.web.errors import answer

LARGEST_BODY = 16 * 1024 * 1024
LARGEST_FIELD = 2 * 1024 * 1024


class PortalRequest(Request):
    """A request whose uploads stay in memory, which ``LARGEST_BODY`` bounds: none is laid on the disk in the clear."""

    def _get_file_stream(self, *_facts: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


def configure_sessions(app: Flask, settings: Settings) -> None:
    """Signed cookie, readable by the server alone, gone with the browser.

    The database says how long a login lasts. The cookie stays readable longer, so that what was typed in a form after
    the login was over is kept for its account.
    """
    app.request_class = PortalRequest
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TESTING=settings.testing,
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_FIELD,
        SESSION_COOKIE_NAME="innesto",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        PERMANENT_SESSION_LIFETIME=timedelta(days=3),
    )


def configure_proxy(app: Flask, settings: Settings) -> None:
    """Believe the forwarding headers of as many proxies as the settings say, and of no more."""
    count = settings.trusted_proxies
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def configure_csrf(app: Flask) -> None:
    """Every POST of a page carries the token of its session."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    app.extensions["innesto_csrf"] = CSRFProtect(app)
    app.register_error_handler(CSRFError, _forged)


def _forged(error: CSRFError) -> Response:
    return answer(400, _("Questa pagina era aperta da troppo tempo. Torna indietro, ricaricala e invia di nuovo."))
