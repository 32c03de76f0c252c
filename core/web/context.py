"""What one request knows: its district, language, actor and the one session it works in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, Response, abort, g, has_request_context, request
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

from core.access import Actor, load_actor
from core.accounts.sessions import Login, current_login
from core.accounts.tokens import TokenLogin
from core.audit import write_looks
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.districts.text import MAX_SLUG
from core.i18n import DEFAULT, LANGUAGES

if TYPE_CHECKING:
    from core.installation import Installation

View = TypeVar("View", bound=Callable[..., Any])
#: Attribute of a view that says whether it writes, and of one that says that it is for the staff.
WRITES, STAFF = "innesto_writes", "innesto_staff"
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
#: Headers that speak of what was to be shown.
SHOWN = ("Content-Disposition", "ETag", "Last-Modified", "Location", "Accept-Ranges", "Content-Range")
log = logging.getLogger(__name__)


def reads(view: View) -> View:
    """Mark a view that answers a POST without writing."""
    setattr(view, WRITES, False)
    return view


def writes(view: View) -> View:
    """Mark a view that writes although it answers a GET."""
    setattr(view, WRITES, True)
    return view


class RequestContext:
    """Opened by the first use of each part; closed with the request."""

    def __init__(self, installation: Installation, writes: bool) -> None:
        self.installation = installation
        self.writes = writes
        self.district: DistrictSnapshot | None = None
        self.address_lang: str | None = None
        self.staff = False
        #: The key of a program that the request came with, where it came with one: the cookie then counts for nothing.
        self.token: TokenLogin | None = None
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """The request's session: of its district, or of the installation; it reads or writes as declared."""
        if self._session is None:
            district_id = self.district.id if self.district else None
            self._session = self.installation.database.open(district_id, write=self.writes)
            self._session.info["request_id"] = g.get("request_id", "")
        return self._session

    @cached_property
    def actor(self) -> Actor:
        """Who asks, with the grants held in this district; of a key, no more than its scopes leave."""
        if self.token is not None:
            return load_actor(self.session, self.token.account_id, two_factor=True, only=self.token.scopes)
        login = self.login
        if login is None or login.locked:
            return load_actor(self.session, None)
        return load_actor(self.session, login.account_id, two_factor=login.two_factor)

    @cached_property
    def login(self) -> Login | None:
        """The login that the request came with; a locked one gives nothing until it is unlocked."""
        return None if self.token is not None else current_login(self.session)

    def identify(self) -> Actor:
        """Find out who asks, on a page that does not need to know: who is signed in reads the own name above it."""
        return self.actor

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

    def keep_looks(self, success: bool) -> None:
        """Write who looked at what; after ``finish``. Raises the error of the database: then nothing may be shown."""
        if self._session is not None:
            write_looks(self.installation.database, self._session, success=success)

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
    app.url_value_preprocessor(partial(_open, app, installation))
    app.url_defaults(partial(_keep_district, app))
    app.after_request(_finish)
    app.teardown_request(_close)


def _open(app: Flask, installation: Installation, endpoint: str | None, values: dict[str, Any] | None) -> None:
    view = app.view_functions.get(endpoint or "")
    g.innesto = context = RequestContext(installation, getattr(view, WRITES, request.method in WRITING))
    context.staff = getattr(view, STAFF, False)
    if values is not None and "district" in values:
        _enter(context, values)
    elif endpoint is None:
        context.district = _first_part(installation)


def _enter(context: RequestContext, values: dict[str, Any]) -> None:
    """Take district and language out of the address; 404 where the district or the plugin is not there."""
    slug, lang = values.pop("district"), values.pop("lang", None)
    context.district = snapshots.get(context.installation.database, slug) or abort(404)
    if lang and lang not in context.district.languages:
        abort(404)
    context.address_lang = lang
    owner = context.installation.host.owner_of(request.blueprint)
    if owner and owner not in context.active_plugins:
        abort(404)


def _first_part(installation: Installation) -> DistrictSnapshot | None:
    """The district of an address that leads nowhere: the error page can still help to search there."""
    slug = request.path.split("/")[1]
    return snapshots.get(installation.database, slug) if slug and len(slug) <= MAX_SLUG else None


def _keep_district(app: Flask, endpoint: str, values: dict[str, Any]) -> None:
    context: RequestContext | None = g.get("innesto")
    if context and context.district and app.url_map.is_endpoint_expecting(endpoint, "district"):
        values.setdefault("district", context.district.slug)
    lang = values.pop("lang", None) or (context and context.address_lang) or DEFAULT
    if lang != DEFAULT and app.url_map.is_endpoint_expecting(endpoint, "lang"):
        values["lang"] = lang


def _finish(response: Response) -> Response:
    context: RequestContext | None = g.get("innesto")
    if context:
        success = response.status_code < HTTPStatus.BAD_REQUEST
        context.finish(success)
        _keep_looks(context, response, success)
    return response


def _keep_looks(context: RequestContext, response: Response, success: bool) -> None:
    """Nobody looks unseen: where the look cannot be written, the page is not shown."""
    try:
        context.keep_looks(success)
    except Exception as error:  # whatever kept it from being written, the answer is the same
        log.error("request %s: looks were not written", g.get("request_id", "-"), exc_info=error)
        _withhold(response)


def _withhold(response: Response) -> None:
    """Put the page of a fault in the place of what was to be shown, in an answer that keeps its safe headers."""
    from core.web.errors import answer

    instead = answer(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "30", "Cache-Control": "no-store"})
    response.direct_passthrough = False
    response.set_data(instead.get_data())
    response.status_code = instead.status_code
    for name in SHOWN:
        response.headers.pop(name, None)
    response.headers.update(dict(instead.headers))


def _close(_error: BaseException | None) -> None:
    context: RequestContext | None = g.pop("innesto", None)
    if context:
        context.close()
