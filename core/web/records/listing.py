"""The list of the records of a type."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from core import access
from core.forms.validation import display
from core.i18n import _, _l, pick
from core.records import queries
from core.records.definitions import RecordType, form_of
from core.records.lookups import lookups_of
from core.records.models import Record
from core.records.permissions import CHANGE, CREATE
from core.web.context import current
from core.web.dates import format_date
from core.web.paging import asked, page_number
from core.web.records.common import bp, record_url, state_of, type_of
from core.web.routing import staff_route

PAGE_SIZE = 20


@staff_route(bp, "/schede/<type_>/", endpoint="index", methods=["GET"])
def index(type_: str) -> str:
    """The records of a type that the reader may change."""
    item = type_of(type_)
    access.require(current.actor, CHANGE, item.key)
    words, state = request.args.get("q", "").strip()[:200], request.args.get("stato", "")
    states = {s.key: s for s in item.workflow.states}
    filters = [queries.Filter(item.title_field, contains=words)] if words else []
    wanted = queries.Listing([state] if state in states else [], filters, page=page_number(), page_size=PAGE_SIZE)
    page = queries.listing(current.session, current.actor, item.key, wanted, action=CHANGE)
    title = pick(item.label_plural, current.lang)
    return render_template(
        "records/list.html",
        trail=[(_("Oggi"), url_for("staff.today")), (title, "")],
        title=title,
        url=url_for("records.index", type_=type_),
        q=words,
        hidden=[("stato", state)] if state in states else [],
        create=(_("Scrivi una scheda nuova"), url_for("records.new", type_=type_)) if _may_create(item) else None,
        states=_state_tabs(item, words, state),
        columns=[(_column_label(item, name), False) for name in item.list_columns],
        lines=[[_cell(item, record, name) for name in item.list_columns] for record in page.items],
        total=len(page.items),
        filtered=bool(words or state),
        clear_url=url_for("records.index", type_=type_),
        pager=_neighbours(page),
    )


def _may_create(item: RecordType) -> bool:
    return access.may(current.actor, CREATE, item.key)


def _state_tabs(item: RecordType, words: str, chosen: str) -> list[tuple[str, str, None, bool]]:
    known: list[tuple[str, str]] = [
        ("", _("Tutte")),
        *((s.key, pick(s.label, current.lang)) for s in item.workflow.states),
    ]
    return [
        (label, url_for("records.index", type_=item.key, stato=key or None, q=words or None), None, key == chosen)
        for key, label in known
    ]


OWN_LABELS = {
    "state": _l("Stato"),
    "updated_at": _l("Aggiornata"),
    "published_at": _l("Pubblicata"),
    "valid_from": _l("Vale dal"),
    "valid_to": _l("Vale fino al"),
    "ref": _l("Codice"),
}


def _column_label(item: RecordType, name: str) -> str:
    field = item.form.by_key.get(name)
    return pick(field.label, current.lang) if field else str(OWN_LABELS[name])


def _cell(item: RecordType, record: Record, name: str) -> Any:
    if name == item.title_field:
        texts = record.answers.get(name, {})
        return {"text": pick(texts, current.lang), "url": record_url("show", record)}
    if name == "state":
        return state_of(item, record)
    if name in OWN_LABELS:
        value = getattr(record, name)
        return value if isinstance(value, str) else format_date(value)
    form = form_of(current.session, record)
    return display(form, name, record.answers, lookups_of(current.session, [form], current.lang))


def _neighbours(page: queries.Page) -> dict[str, Any] | None:
    """A list that was not counted knows whether more follows."""
    if page.page == 1 and not page.has_more:
        return None
    values = asked()
    before, after = ({**values, "page": page.page + step} for step in (-1, 1))
    return {
        "page": page.page,
        "pages": page.page + (1 if page.has_more else 0),
        "previous": url_for("records.index", **before) if page.page > 1 else None,
        "next": url_for("records.index", **after) if page.has_more else None,
        "links": [(page.page, request.full_path, True)],
    }
