"""Security headers of every answer."""

from __future__ import annotations

import secrets
from typing import cast

from flask import Flask, Response, g, request

from core.settings import Settings

YEAR = 31_536_000


def nonce() -> str:
    """The random word that lets this answer's own script and style blocks run."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast(str, g.nonce)


def content_security_policy(word: str | None) -> str:
    """Only our own files; blocks in the page only with the nonce of this answer."""
    own = f"'self' 'nonce-{word}'" if word else "'self'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {own}",
            f"style-src {own}",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "manifest-src 'self'",
        )
    )


def configure_headers(app: Flask, settings: Settings) -> None:
    """Add them after each request."""

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", content_security_policy(g.get("nonce")))
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if settings.https or request.is_secure:
            headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
        if "Cookie" in request.headers or "Authorization" in request.headers:
            headers.setdefault("Cache-Control", "no-store")
        if "Location" in headers:
            headers["Location"] = without_own_name(headers["Location"])
        return response


def without_own_name(address: str) -> str:
    """A redirect to this same host as a path: the name of the host is what the request said, and anybody can say it."""
    own = request.host_url
    return f"/{address.removeprefix(own).lstrip('/')}" if address.startswith(own) else address
