"""What every page of the console shares: who may open it, the frame around it, how an action is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from flask import flash, get_flashed_messages, redirect, request, url_for
from flask_admin import BaseView
from flask_admin.menu import BaseMenu
from werkzeug.wrappers import Response

from core import access
from core.districts.permissions import DISTRICT, MANAGE, READ
from core.errors import AccessDenied
from core.i18n import _, pick
from core.web.context import current
from core.web.menus import Entry
from core.web.outcomes import Outcome
from core.web.site import site

if TYPE_CHECKING:
    from flask_admin import Admin

SEE_OTHER, CONFLICT, UNPROCESSABLE = 303, 409, 422
PAGE = "console/page.html"
#: A page, with its status where it is not 200.
Answer = str | tuple[str, int] | Response


def done(message: str, endpoint: str, **values: Any) -> Response:
    """Say what was done on the page that comes next."""
    flash(message, "success")
    return redirect(url_for(endpoint, **values), SEE_OTHER)


def typed(name: str, source: Mapping[str, str] | None = None) -> str:
    """What was typed in a field, without the control characters that PostgreSQL refuses; line breaks stay."""
    text = (request.form if source is None else source).get(name, "")
    return "".join(c for c in text if c.isprintable() or c in "\n\r").strip()


class ConsolePage(BaseView):
    """A page of the console. ``resource``: what one must be allowed to read to open it, to manage to change it."""

    resource: ClassVar[str] = DISTRICT

    def is_accessible(self) -> bool:
        """Whether the reader may open the page; the menu asks as well."""
        return any(access.may(current.actor, action, self.resource) for action in (READ, MANAGE))

    @property
    def may_manage(self) -> bool:
        """Whether the reader may change what the page shows."""
        return access.may(current.actor, MANAGE, self.resource)

    def _handle_view(self, *args: Any, **kwargs: Any) -> None:
        # Named arguments are the parts of the address: one of them may well be called ``name``.
        if request.method not in {"GET", "HEAD"}:
            access.require(current.actor, MANAGE, self.resource)
        if not self.is_accessible():
            raise AccessDenied(READ, self.resource)

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # flask-admin's own runs a view a second time after a TypeError.
        return fn(self, *args, **kwargs)

    def render(self, template: str, **kwargs: Any) -> str:
        """Draw a page inside the frame of the console."""
        return str(super().render(template, **{**frame(self), **kwargs}))

    def page(self, title: str, outcome: Outcome | None = None, **content: Any) -> Answer:
        """``console/page.html`` with ``panels`` and ``aside``, and with what went wrong."""
        outcome = outcome or Outcome()
        notices = [("danger", outcome.problem, "")] if outcome.problem else flashed()
        html = self.render(PAGE, title=title, notices=notices, errors=list(outcome.errors.items()), **content)
        return (html, outcome.status) if not outcome.done else html


def frame(view: ConsolePage) -> dict[str, Any]:
    """Names, menu and tabs around a page."""
    here = site(current)
    name = pick(current.district.name, current.lang) if current.district else _("Tutto il portale")
    return {
        "site": {**here, "tagline": _("%(where)s · Configurazione", where=name), "search": None},
        "menu": menu(cast("Admin", view.admin), view),
        "section_tabs": tabs(view),
    }


def menu(admin: Admin, view: ConsolePage) -> list[Entry]:
    """One entry for each part of the console that holds a page the reader may open."""
    found = [(item, page) for item in admin.menu() if (page := _first(item))]
    return [Entry(str(item.name), address(page), item.is_active(cast(Any, view))) for item, page in found]


def tabs(view: ConsolePage) -> list[tuple[str, str, None, bool]]:
    """The pages of the part that this one belongs to; none where it stands alone."""
    part = view.menu.parent if view.menu else None
    pages = [cast(Any, item)._view for item in part.get_children()] if part else []
    return [(str(page.name), address(page), None, page is view) for page in pages] if len(pages) > 1 else []


def _first(item: BaseMenu) -> ConsolePage | None:
    pages: Iterable[Any] = item.get_children() if item.is_category() else [item]
    return next((page._view for page in pages if page.is_accessible() and page.is_visible()), None)


def address(view: ConsolePage) -> str:
    """Where a page is. flask-admin keeps the first address it made, which would lead into another district."""
    return url_for(f"{view.endpoint}.{view._default_view}")  # type: ignore[attr-defined]


def flashed() -> list[tuple[str, str, str]]:
    """What was just done, as notices of the layout."""
    found: Iterable[Any] = get_flashed_messages(with_categories=True)
    return [(kind, text, "") for kind, text in found]
