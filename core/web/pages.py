"""Pages of the core itself: portal, districts, the staff's day, records, health."""

from __future__ import annotations

from flask import Flask

from core.web.district import bp as district
from core.web.files import bp as files
from core.web.health import bp as health
from core.web.notices import bp as notices
from core.web.portal import bp as portal
from core.web.privacy import bp as privacy
from core.web.records import bp as records
from core.web.register import public as public_register
from core.web.register import staff as register
from core.web.requests import public as public_requests
from core.web.requests import staff as requests
from core.web.staff import bp as staff
from core.web.teams import bp as teams


def configure_pages(app: Flask) -> None:
    """Register them."""
    everyday = (portal, district, staff, notices, records, files, health)
    for blueprint in (*everyday, privacy, requests, register, teams):
        app.register_blueprint(blueprint)
    for blueprint in (public_requests, public_register):
        app.register_blueprint(blueprint)
        # Their forms have a token of their own, which asks for no cookie.
        app.extensions["innesto_csrf"].exempt(blueprint)
