"""What one request knows: its district, language, actor and the one session it works in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, Response, abort, g, has_request_context, request
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

from core.access import Actor, load_actor
from core.access.session import account_of_request
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.i18n import DEFAULT, LANGUAGES

if TYPE_CHECKING:
    from core.installation import Installation

View = TypeVar("View", bound=Callable[..., Any])
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def reads(view: View) -> View:
    """Mark a view that answers a POST without writing."""
    view.innesto_writes = False  # type: ignore[attr-defined]
    return view


def writes(view: View) -> View:
    """Mark a view that writes although it answers a GET."""
    view.innesto_writes = True  # type: ignore[attr-defined]
    return view


class RequestContext:
    """Opened by the first use of each part; closed with the request."""

    def __init__(self, installation: Installation, writes: bool) -> None:
        self.installation = installation
        self.writes = writes
        self.district: DistrictSnapshot | None = None
        self.address_lang: str | None = None
        self.staff = False
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The request's session: of its district, or of the installation; it reads or writes as declared."""
        if self._session is None:
            district_id = self.district.id if self.district else None
            self._session = self.installation.database.open(district_id, write=self.writes)
        return self._session

    @cached_property
    def actor(self) -> Actor:
        """Who asks, with the grants held in this district."""
        return load_actor(self.session, account_of_request(self.session))

    @property
    def here(self) -> DistrictSnapshot:
        """The district of the address; 404 where there is none."""
        return self.district or abort(404)

    @property
    def lang(self) -> str:
        """Language of the page: from the address, for the staff from the profile."""
        if self.address_lang or not self.staff:
            return self.address_lang or DEFAULT
        return self.actor.language if self.actor.language in LANGUAGES else DEFAULT

    @property
    def active_plugins(self) -> frozenset[str]:
        """Plugins that are on in the district and that work in this process."""
        return self.here.enabled & self.installation.host.names

    def finish(self, success: bool) -> None:
        """Keep or discard what was written."""
        if self._session is None or not self.writes:
            return
        if success:
            self._session.commit()
            self.installation.wake()
        else:
            self._session.rollback()

    def close(self) -> None:
        """Give the connection back."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _context() -> RequestContext:
    return cast(RequestContext, g.innesto)


current: RequestContext = cast(RequestContext, LocalProxy(_context))


def page_language() -> str:
    """The language of the page being made; Italian outside a request."""
    return current.lang if has_request_context() and "innesto" in g else DEFAULT


def configure_requests(app: Flask, installation: Installation) -> None:
    """Give every request its context: district and language from the address, commit before the answer leaves."""

    @app.url_value_preprocessor
    def open_context(endpoint: str | None, values: dict[str, Any] | None) -> None:
        view = app.view_functions.get(endpoint or "")
        wanted = getattr(view, "innesto_writes", request.method in WRITING)
        g.innesto = context = RequestContext(installation, wanted)
        context.staff = getattr(view, "innesto_staff", False)
        if values is not None and "district" in values:
            _enter(context, values)

    @app.url_defaults
    def keep_district(endpoint: str, values: dict[str, Any]) -> None:
        context: RequestContext | None = g.get("innesto")
        if context and context.district and app.url_map.is_endpoint_expecting(endpoint, "district"):
            values.setdefault("district", context.district.slug)
        lang = values.pop("lang", None) or (context and context.address_lang) or DEFAULT
        if lang != DEFAULT and app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = lang

    @app.after_request
    def finish(response: Response) -> Response:
        context: RequestContext | None = g.get("innesto")
        if context:
            context.finish(success=response.status_code < 400)
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        context: RequestContext | None = g.pop("innesto", None)
        if context:
            context.close()


def _enter(context: RequestContext, values: dict[str, Any]) -> None:
    """Take district and language out of the address; 404 where the district or the plugin is not there."""
    slug, lang = values.pop("district"), values.pop("lang", None)
    context.district = snapshots.get(context.installation.database, slug)
    context.address_lang = lang
    if context.district is None or (lang and lang not in context.district.languages):
        context.district = None
        abort(404)
    owner = context.installation.host.owner_of(request.blueprint)
    if owner and owner not in context.active_plugins:
        abort(404)
