"""Tables as pages: flask-admin's model view, tied to one district, the access layer and the operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast
from uuid import UUID

from flask import abort, request, url_for
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import BaseForm
from sqlalchemy.orm import Query, Session
from werkzeug.local import LocalProxy

from core import access
from core.console.base import Answer, ConsolePage, done, flashed
from core.console.pieces import Cell
from core.districts.permissions import MANAGE, READ
from core.i18n import _
from core.web.context import current
from core.web.outcomes import Outcome, attempt

#: Beyond this nobody pages; it also keeps offsets within what databases take.
LAST_PAGE = 100_000


class RequestSessions:
    """Where flask-admin looks for its session: always the request's own."""

    session: Session = cast(Session, LocalProxy(lambda: current.session))


class DistrictView(ConsolePage, ModelView):
    """A table of the district as a list, perhaps with a form to add a row and a page to remove one.

    Rows come from the access layer alone. ``create_model`` and ``delete_model`` call operations and never commit; a
    page that is not in ``pages`` does not exist (404): bulk actions, inline edits and exports have no operation.
    """

    entity: ClassVar[type[Any]]
    title: ClassVar[Any] = ""
    lead: ClassVar[Any] = ""
    pages: ClassVar[frozenset[str]] = frozenset({"index_view"})
    create_label: ClassVar[Any] = ""
    empty_text: ClassVar[Any] = ""
    search_label: ClassVar[Any] = ""

    list_template = "console/list.html"
    form = BaseForm
    can_edit = can_view_details = can_export = False
    can_set_page_size = False
    simple_list_pager = True
    page_size = 50
    column_display_actions = False
    column_select_related_list: list[Any] = []  # noqa: RUF012 - read by flask-admin

    def __init__(self, **options: Any) -> None:
        super().__init__(self.entity, RequestSessions(), **options)
        self.can_create = "create_view" in self.pages
        self.can_delete = "delete_view" in self.pages
        self._auto_joins = []
        # What is not listed is not routed: flask-admin's own edits and actions write past the operations.
        self._urls: list[Any] = [entry for entry in type(self)._urls if entry[1] in self.pages]

    def is_action_allowed(self, name: str) -> bool:
        """No action on many rows at once."""
        return False

    # --- rows ---

    def headings(self) -> list[tuple[str, bool]]:
        """The columns of the list, for ``macros/tables.html``."""
        return [(str(label), False) for _name, label in self.get_list_columns()]

    def lines(self, rows: Sequence[Any]) -> list[list[Cell]]:
        """The cells of the list, row by row."""
        raise NotImplementedError

    def get_query(self) -> Query[Any]:
        """The rows that the reader may see."""
        reachable = access.criterion(current.actor, self.entity, READ)
        return current.session.query(self.entity).filter(reachable)

    def get_list(  # type: ignore[override]  # noqa: PLR0917 - flask-admin's signature
        self,
        page: int | None,
        sort_column: Any,
        sort_desc: Any,
        search: str | None,
        filters: Any,
        execute: bool = True,
        page_size: int | None = None,
    ) -> Any:
        """A page of rows; what an address says that makes no sense is ignored."""
        words = "".join(c for c in (search or "")[:100] if c.isprintable())
        number = min(max(page or 0, 0), LAST_PAGE)
        return super().get_list(number, sort_column, bool(sort_desc), words, filters, execute, page_size)

    def _get_list_extra_args(self) -> Any:
        """What else stands in an address is not carried on: it might name an argument of ``url_for``."""
        found = super()._get_list_extra_args()
        found.extra_args = {}
        return found

    def get_pk_value(self, model: Any) -> str:
        """The id alone: the district stands in the address."""
        return str(model.id)

    def get_one(self, id: Any) -> Any:  # noqa: A002 - flask-admin's signature
        """The row of this district with that id; 404 for anything else."""
        try:
            wanted = UUID(str(id))
        except ValueError:
            abort(404)
        return self.get_query().filter(self.entity.id == wanted).one_or_none() or abort(404)

    # --- pages ---

    def render(self, template: str, **kwargs: Any) -> str:
        """The list with what is particular to this table."""
        own = {"title": str(self.title), "lead": str(self.lead), "notices": flashed(), "view": self}
        create = (str(self.create_label), url_for(".create_view")) if self.can_create and self.may_manage else None
        return super().render(template, **{**own, "primary": create, **kwargs})

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Answer:
        """The form of a new row; 422 with what was typed when something is wrong."""
        access.require(current.actor, MANAGE, self.resource)
        outcome = Outcome()
        if request.method == "POST":
            outcome = attempt(lambda: self.create_model(self.create_form()))
            if outcome.done:
                return done(self.created_message(), ".index_view")
        return self.create_page(outcome)

    def create_page(self, outcome: Outcome) -> Answer:
        """Draw the form of a new row."""
        raise NotImplementedError

    def created_message(self) -> str:
        """Said after a row was added."""
        return _("Fatto.")

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Answer:
        """Ask on a page of its own, then remove: it works without script."""
        access.require(current.actor, MANAGE, self.resource)
        model = self.get_one(request.args.get("id", ""))
        outcome = Outcome()
        if request.method == "POST":
            message = self.deleted_message(model)
            outcome = attempt(lambda: self.delete_model(model))
            if outcome.done:
                return done(message, ".index_view")
        return self.delete_page(model, outcome)

    def delete_page(self, model: Any, outcome: Outcome) -> Answer:
        """Ask whether to remove the row."""
        raise NotImplementedError

    def deleted_message(self, model: Any) -> str:
        """Said after a row was removed."""
        return _("Fatto.")
