"""Put both consoles on the application: each district's under its address, the installation's beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask

from core.i18n import _l
from core.web.headers import nonce

if TYPE_CHECKING:
    from flask_admin import Admin

    from core.console.base import ConsolePage
    from core.installation import Installation

#: Page, name and category in the menu, endpoint, address.
Place = tuple[type["ConsolePage"], Any, Any, str, str]

DISTRICT_URL, PORTAL_URL = "/<district:district>/configura", "/configura"
DISTRICT_ENDPOINT, PORTAL_ENDPOINT = "console", "portal_console"


def configure_console(app: Flask, installation: Installation) -> None:
    """Add the two consoles. flask-admin is imported here and nowhere else, and takes no page after a first request."""
    app.register_blueprint(Blueprint("console_templates", "core.console", template_folder="templates"))
    with app.app_context():
        district, portal = district_pages(), portal_pages()
        _admin(app, DISTRICT_ENDPOINT, DISTRICT_URL, district)
        _admin(app, PORTAL_ENDPOINT, PORTAL_URL, portal)
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith((DISTRICT_ENDPOINT, PORTAL_ENDPOINT)):
            app.view_functions[endpoint] = _for_staff(view)


def _admin(app: Flask, endpoint: str, url: str, pages: Sequence[ConsolePage]) -> Admin:
    from flask_admin import Admin

    first, *others = pages
    # Without a static folder: no page of ours needs flask-admin's own scripts and styles, so none is served.
    admin = Admin(app, name="Innesto", index_view=first, endpoint=endpoint, url=url, csp_nonce_generator=nonce)
    admin.add_views(*others)
    return admin


def district_pages() -> Sequence[ConsolePage]:
    """The console of one district: the first page is the one at its root; a category makes one entry of the menu."""
    from core.console.district import DistrictPage
    from core.console.history import HistoryView
    from core.console.parameters import ParametersPage
    from core.console.people import PeopleView
    from core.console.plugins import PluginsPage
    from core.console.privacy import ProcessingPage
    from core.console.retention import RetentionPage
    from core.console.roles.pages import RolesPage
    from core.console.settings import SettingsPage
    from core.console.status import StatusPage
    from core.console.vocabulary import SynonymsView, VocabulariesPage

    functions, words, people = _l("Funzioni"), _l("Parole"), _l("Persone e ruoli")
    places: list[Place] = [
        (DistrictPage, _l("Distretto"), None, DISTRICT_ENDPOINT, DISTRICT_URL),
        (PluginsPage, _l("Accese e spente"), functions, "console_plugins", "funzioni"),
        (SettingsPage, _l("Impostazioni"), functions, "console_settings", "impostazioni"),
        (ParametersPage, _l("Parametri"), None, "console_parameters", "parametri"),
        (SynonymsView, _l("Sinonimi"), words, "console_synonyms", "sinonimi"),
        (VocabulariesPage, _l("Vocabolari"), words, "console_vocabularies", "vocabolari"),
        (PeopleView, _l("Persone"), people, "console_people", "persone"),
        (RolesPage, _l("Ruoli"), people, "console_roles", "ruoli"),
        (ProcessingPage, _l("Trattamenti"), _l("Privacy"), "console_processing", "trattamenti"),
        (RetentionPage, _l("Conservazione"), _l("Privacy"), "console_retention", "conservazione"),
        (HistoryView, _l("Storia"), None, "console_history", "storia"),
        (StatusPage, _l("Stato"), None, "console_status", "stato"),
    ]
    return [_page(place) for place in places]


def portal_pages() -> Sequence[ConsolePage]:
    """The console of the installation."""
    from core.console.portal import AdministratorsPage, DistrictsPage, InstalledPage, PortalStatusPage

    places: list[Place] = [
        (DistrictsPage, _l("Distretti"), None, PORTAL_ENDPOINT, PORTAL_URL),
        (InstalledPage, _l("Funzioni"), None, "portal_console_plugins", "funzioni"),
        (AdministratorsPage, _l("Amministratori"), None, "portal_console_people", "amministratori"),
        (PortalStatusPage, _l("Stato"), None, "portal_console_status", "stato"),
    ]
    return [_page(place) for place in places]


def _page(place: Place) -> ConsolePage:
    kind, name, category, endpoint, url = place
    return kind(name=name, category=category, endpoint=endpoint, url=url)


def _for_staff(view: Callable[..., Any]) -> Callable[..., Any]:
    """The same view as a page of the staff, whose language is that of the profile."""

    @wraps(view)
    def page(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    page.innesto_staff = True  # type: ignore[attr-defined]
    return page
