"""What every write of records shares: derived columns, filter values, history and the search outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.db import district_of
from core.errors import FieldError, Invalid
from core.forms.definition import Form
from core.forms.validation import filter_values, missing_complete
from core.i18n import _
from core.records.models import Record, RecordHistory, RecordValue
from core.search.outbox import enqueue
from core.workflows.definition import Workflow

#: Name of the search source of all records.
SOURCE = "records"

SENTENCES: Mapping[str, Mapping[str, str]] = {
    "created": {"it": "%(actor)s ha creato la scheda", "en": "%(actor)s created the page"},
    "changed": {"it": "%(actor)s ha modificato la scheda", "en": "%(actor)s changed the page"},
    "imported": {"it": "%(actor)s ha importato la scheda", "en": "%(actor)s imported the page"},
    "reimported": {
        "it": "%(actor)s ha aggiornato la scheda con un file",
        "en": "%(actor)s updated the page from a file",
    },
    "readdressed": {
        "it": "%(actor)s ha cambiato l'indirizzo della scheda",
        "en": "%(actor)s changed the page's address",
    },
    "upgraded": {
        "it": "%(actor)s ha portato la scheda alla versione nuova del modulo",
        "en": "%(actor)s moved the page to the new version of its form",
    },
}


def check_validity(valid_from: datetime | None, valid_to: datetime | None) -> None:
    """Refuse an end that is not after the beginning, and years no clock can turn. Raises Invalid."""
    for name, moment in (("valid_from", valid_from), ("valid_to", valid_to)):
        # A year's distance from the ends of the calendar: a moment there has no date in another time zone.
        if moment and not MINYEAR < moment.year < MAXYEAR:
            raise Invalid([FieldError(name, _("L'anno %(year)s non si può usare", year=moment.year), "range")])
    if valid_from and valid_to and valid_to <= valid_from:
        raise Invalid([FieldError("valid_to", _("La fine deve venire dopo l'inizio"), "order")])


def settle(record: Record, form: Form, workflow: Workflow) -> None:
    """Bring the derived columns in line with state and answers."""
    record.public = workflow.is_public(record.state)
    record.complete = not missing_complete(form, record.answers)
    record.updated_at = clock.now()
    if record.public and record.published_at is None:
        record.published_at = record.updated_at


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The answers that differ."""
    return sorted(key for key in {*before, *after} if before.get(key) != after.get(key))


def write_values(session: Session, records: Sequence[tuple[Record, Form]], *, fresh: bool = False) -> None:
    """Copy the filterable answers of flushed records; ``fresh``: none of them has any yet."""
    district = district_of(session)
    if not fresh:
        ids = [record.id for record, _form in records]
        old = delete(RecordValue).where(RecordValue.district_id == district, RecordValue.record_id.in_(ids))
        session.execute(old, execution_options={"synchronize_session": False})
    rows = [
        {
            "district_id": district,
            "record_id": record.id,
            "key": key,
            "ord": value.ord,
            "lang": value.lang,
            "text": value.text,
            "number": value.number,
            "date": value.date,
        }
        for record, form in records
        for key, value in filter_values(form, record.answers)
    ]
    if rows:
        session.execute(insert(RecordValue.__table__), rows)  # type: ignore[arg-type]


def remember(
    session: Session,
    record: Record,
    actor: Actor,
    action: str,
    *,
    fields: Sequence[str] = (),
    sentence: Mapping[str, str] | None = None,
) -> None:
    """Add a line to the history of a flushed record."""
    session.add(
        RecordHistory(
            record_id=record.id,
            at=clock.now(),
            account_id=actor.account_id,
            actor=actor.name[:200],
            action=action,
            sentence=dict(sentence or SENTENCES[action]),
            fields=list(fields),
            version=record.version,
        )
    )


def tell_search(session: Session, ids: Iterable[UUID]) -> None:
    """Queue records for search, in the transaction of the change."""
    enqueue(session, SOURCE, ids)
