"""Pages of the core itself: portal, districts, the staff's day, records, health."""

from __future__ import annotations

from flask import Flask

from core.web.district import bp as district
from core.web.health import bp as health
from core.web.portal import bp as portal
from core.web.records import bp as records
from core.web.staff import bp as staff


def configure_pages(app: Flask) -> None:
    """Register them."""
    for blueprint in (portal, district, staff, records, health):
        app.register_blueprint(blueprint)
