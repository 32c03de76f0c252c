"""Records as documents of search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_
from sqlalchemy.orm import Session

from core import access, clock
from core.access import Actor
from core.db import district_of
from core.forms.definition import Field, Form
from core.forms.lookups import NOWHERE
from core.forms.richtext import plain
from core.forms.types import FIELD_TYPES
from core.forms.validation import searchable
from core.i18n import DEFAULT, LANGUAGES
from core.records.definitions import form_of, record_types
from core.records.models import Record
from core.records.permissions import READ
from core.records.writing import SOURCE
from core.search.documents import DocumentText, SearchDocument

#: Ids in one statement; SQLite allows 32,766 bound values.
_BATCH = 500


class RecordSource:
    """Every public record whose type is searched, also one whose validity begins later; an ended one is left out."""

    key = SOURCE

    def documents(self, session: Session, ids: Sequence[UUID]) -> Iterator[SearchDocument]:
        """The documents of these records."""
        for start in range(0, len(ids), _BATCH):
            chunk = ids[start : start + _BATCH]
            yield from _documents(session, _searched(session).where(Record.id.in_(chunk)))

    def all_documents(self, session: Session) -> Iterator[SearchDocument]:
        """Every document of the session's district."""
        return _documents(session, _searched(session).order_by(Record.id))


def _searched(session: Session) -> Select[Record]:
    types = [item.key for item in record_types() if item.searched]
    everything = access.select(Actor.system(district_of(session), SOURCE), Record, READ)
    not_ended = or_(Record.valid_to.is_(None), Record.valid_to > clock.now())
    return everything.where(Record.public.is_(True), Record.type.in_(types), not_ended)


def _documents(session: Session, statement: Select[Record]) -> Iterator[SearchDocument]:
    for record in session.scalars(statement.execution_options(yield_per=_BATCH)):
        yield document_of(record, form_of(session, record))


def document_of(record: Record, form: Form) -> SearchDocument:
    """What search knows of a record: the texts its form marks, its facets, its validity in whole days."""
    return SearchDocument(
        ref=record.ref,
        record_id=record.id,
        type=record.type,
        texts=_texts(form, record.answers),
        facets={"type": (record.type,), **_facets(form, record.answers)},
        updated=record.updated_at,
        valid_from=_day(record.valid_from),
        valid_to=_end_day(record.valid_to),
    )


def _texts(form: Form, answers: Mapping[str, Any]) -> dict[str, DocumentText]:
    texts = {lang: _text(form, answers, lang) for lang in LANGUAGES}
    return {lang: text for lang, text in texts.items() if text.title or lang == DEFAULT}


def _text(form: Form, answers: Mapping[str, Any], lang: str) -> DocumentText:
    title, summary, body = (_words(searchable(form, weight), answers, lang) for weight in ("title", "summary", "body"))
    return DocumentText(title, summary, body)


def _words(fields: Iterable[Field], answers: Mapping[str, Any], lang: str) -> str:
    return "\n".join(filter(None, (_plain(field, answers.get(field.key), lang) for field in fields)))


def _plain(field: Field, answer: Any, lang: str) -> str:
    """Only what was written in ``lang``: a fallback would file Italian words under English. What has no language
    (a name, a number) belongs to each.
    """
    text = answer.get(lang, "") if field.localized and isinstance(answer, Mapping) else answer
    if not text:
        return ""
    return plain(text) if field.type == "rich_text" else FIELD_TYPES[field.type].display_one(field, text, NOWHERE)


def _facets(form: Form, answers: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    facets: dict[str, tuple[str, ...]] = {}
    for field in form.fields:
        answer = answers.get(field.key)
        if field.facet and answer:
            values = answer if isinstance(answer, list) else [answer]
            facets[field.facet] = (*facets.get(field.facet, ()), *map(str, values))
    return facets


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(clock.ROME).date() if moment else None


def _end_day(moment: datetime | None) -> date | None:
    """The first day on which nothing of the validity is left."""
    if moment is None:
        return None
    return (moment - timedelta(microseconds=1)).astimezone(clock.ROME).date() + timedelta(days=1)
