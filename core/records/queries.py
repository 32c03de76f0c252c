"""Reads of records. Each begins with the access layer's own query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, select
from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.db import district_of
from core.forms.definition import Field
from core.forms.folding import strip_controls
from core.forms.types.base import folded
from core.forms.validation import missing_complete
from core.i18n import DEFAULT, _, pick
from core.records.definitions import form_of, record_type
from core.records.models import Record, RecordHistory, RecordSlug, RecordValue
from core.records.permissions import READ, VISIBLE_NOW

Scalar = str | int | float | dt.date


@dataclass(frozen=True, slots=True)
class Redirect:
    """The item moved: its present slug."""

    slug: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a filterable answer: one of ``equal``, between ``least`` and ``most``, or text in it."""

    key: str
    equal: Sequence[Scalar] = ()
    least: Scalar | None = None
    most: Scalar | None = None
    contains: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list; it knows whether more follows, not how many (a count would read every row)."""

    items: tuple[Record, ...]
    page: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list shows and in which order. ``public``: only what visitors may see now."""

    states: Sequence[str] = ()
    filters: Sequence[Filter] = field(default_factory=tuple)
    order: str = "-updated_at"
    public: bool = False
    page: int = 1
    page_size: int = 20


#: Orders a list may ask for; a minus turns them round. ``title`` sorts by the folded Italian title.
ORDERS: Mapping[str, Any] = {
    "updated_at": Record.updated_at,
    "published_at": Record.published_at,
    "valid_from": Record.valid_from,
    "state": Record.state,
    "slug": Record.slug,
}
MAX_PAGE_SIZE = 100
#: Deeper pages of a list are nobody's reading; databases also limit the offset.
MAX_PAGE = 100_000


def published(session: Session, actor: Actor, type_: str, slug: str) -> Record | Redirect | None:
    """The public item at this address, where it moved to, or None."""
    if strip_controls(slug) != slug:
        return None
    reachable = access.criterion(actor, Record, READ, type_)
    found = session.scalars(_at_address(reachable), {"address": slug}).one_or_none()
    if found is not None:
        return found
    visible = select(Record).where(reachable, VISIBLE_NOW)
    former = select(RecordSlug.record_id).where(RecordSlug.type == type_, RecordSlug.slug == slug)
    moved = session.scalars(visible.where(Record.id.in_(former))).one_or_none()
    return Redirect(moved.slug) if moved is not None else None


@lru_cache(maxsize=256)
def _at_address(reachable: ColumnElement[bool]) -> Select[Record]:
    """The statement of every public page, made once for each criterion."""
    return select(Record).where(reachable, VISIBLE_NOW, Record.slug == bindparam("address"))


def by_ref(session: Session, actor: Actor, ref: str, *, action: str = READ, type_: str | None = None) -> Record | None:
    """The record with this public id, if the actor holds ``action`` on it."""
    if strip_controls(ref) != ref:
        return None
    return session.scalars(access.select(actor, Record, action, type_).where(Record.ref == ref)).one_or_none()


def by_ids(session: Session, actor: Actor, ids: Sequence[UUID], *, public: bool = True) -> list[Record]:
    """The records the actor may read among ``ids``, in that order: for the hits of a search."""
    statement = access.select(actor, Record, READ).where(Record.id.in_(ids))
    if public:
        statement = statement.where(VISIBLE_NOW)
    found = {record.id: record for record in session.scalars(statement)}
    return [found[id_] for id_ in ids if id_ in found]


def listing(session: Session, actor: Actor, type_: str, wanted: Listing | None = None, *, action: str = READ) -> Page:
    """A page of the records of a type that the actor may ``action``."""
    wanted = wanted or Listing()
    size, page = min(max(wanted.page_size, 1), MAX_PAGE_SIZE), min(max(wanted.page, 1), MAX_PAGE)
    statement = access.select(actor, Record, action, type_)
    if wanted.states:
        statement = statement.where(Record.state.in_(wanted.states))
    if wanted.public:
        statement = statement.where(VISIBLE_NOW)
    for condition in wanted.filters:
        statement = statement.where(Record.id.in_(_matching(session, condition)))
    statement = _ordered(session, statement, type_, wanted.order)
    rows = session.scalars(statement.offset((page - 1) * size).limit(size + 1)).all()
    return Page(tuple(rows[:size]), page, len(rows) > size)


def _ordered(session: Session, statement: Select[Record], type_: str, order: str) -> Select[Record]:
    name, down = order.removeprefix("-"), order.startswith("-")
    if name == "title":
        # A join, so that the index of values gives the order; the title is asked of every record, so none is lost.
        statement, column = statement.join(RecordValue, _is_title(session, type_)), RecordValue.text
    else:
        column = ORDERS.get(name, Record.updated_at)
    return statement.order_by(column.desc() if down else column.asc(), Record.id)


def _is_title(session: Session, type_: str) -> ColumnElement[bool]:
    return and_(
        RecordValue.district_id == district_of(session),
        RecordValue.record_id == Record.id,
        RecordValue.key == record_type(type_).title_field,
        RecordValue.lang == DEFAULT,
        RecordValue.text.is_not(None),
    )


def _matching(session: Session, condition: Filter) -> Select[UUID]:
    matching = select(RecordValue.record_id).where(
        RecordValue.district_id == district_of(session), RecordValue.key == condition.key
    )
    return matching.where(*_conditions(condition))


def _conditions(condition: Filter) -> Iterator[ColumnElement[bool]]:
    if condition.equal:
        yield _column(condition.equal[0]).in_([_comparable(value) for value in condition.equal])
    if condition.least is not None:
        yield _column(condition.least) >= _comparable(condition.least)
    if condition.most is not None:
        yield _column(condition.most) <= _comparable(condition.most)
    if condition.contains:
        yield RecordValue.text.contains(_comparable(condition.contains), autoescape=True)


def _column(value: Scalar) -> Any:
    if isinstance(value, dt.date):
        return RecordValue.date
    return RecordValue.text if isinstance(value, str) else RecordValue.number


def _comparable(value: Scalar) -> Scalar:
    return folded(strip_controls(value)) if isinstance(value, str) else value


def by_refs(session: Session, actor: Actor, refs: Sequence[str]) -> list[Record]:
    """The public records with these public ids that the actor may read, in that order."""
    if not refs:
        return []
    statement = access.select(actor, Record, READ).where(VISIBLE_NOW, Record.ref.in_(refs))
    found = {item.ref: item for item in session.scalars(statement)}
    return [found[ref] for ref in refs if ref in found]


def related(session: Session, actor: Actor, record: Record, key: str) -> list[Record]:
    """The public records that the answer ``key`` (of type ``records``) names, in its order."""
    return by_refs(session, actor, record.answers.get(key) or [])


def incomplete_records(
    session: Session, actor: Actor, type_: str | None = None
) -> Iterator[tuple[Record, tuple[Field, ...]]]:
    """Public records that lack blocks publishing asks for, each with those blocks: work for editors."""
    statement = access.select(actor, Record, "change", type_).where(Record.public.is_(True), Record.complete.is_(False))
    for record in session.scalars(statement.order_by(Record.updated_at, Record.id)):
        yield record, missing_complete(form_of(session, record), record.answers)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line of a record's history, as a sentence."""

    at: dt.datetime
    text: str
    fields: tuple[str, ...]
    version: int


def history(session: Session, actor: Actor, record: Record, lang: str = DEFAULT) -> list[HistoryLine]:
    """What happened to the record, newest first. Raises AccessDenied when the actor may not read it."""
    access.check(actor, READ, record)
    rows = session.scalars(
        select(RecordHistory)
        .where(RecordHistory.record_id == record.id)
        .order_by(RecordHistory.at.desc(), RecordHistory.id.desc())
    )
    form = form_of(session, record)
    return [_line(row, {key: item.label for key, item in form.by_key.items()}, lang) for row in rows]


def _line(row: RecordHistory, labels: Mapping[str, Mapping[str, str]], lang: str) -> HistoryLine:
    text = pick(row.sentence, lang) % {"actor": row.actor or _("Qualcuno")}
    return HistoryLine(row.at, text, tuple(pick(labels.get(key), lang) or key for key in row.fields), row.version)
