"""The values that the console sets for a parameter at one place: one after the other, never two on the same day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.districts.models import ParameterValue
from core.districts.parameters import DatedValue
from core.districts.trace import invalid
from core.i18n import _


def values_at(session: Session, key: str, layer: str, place: str) -> list[ParameterValue]:
    """What the console set for a parameter at one place, in order of time."""
    rows = select(ParameterValue).where(
        ParameterValue.key == key,
        ParameterValue.layer == layer,
        ParameterValue.place == place,
        ParameterValue.file == "",
    )
    return list(session.scalars(rows.order_by(ParameterValue.valid_from)))


def insert_value(session: Session, key: str, mine: DatedValue) -> Any:
    """Make room for the value and add it; returns the value that was in force on its first day."""
    rows = values_at(session, key, mine.layer, mine.place)
    later = next((row.valid_from for row in rows if row.valid_from > mine.valid_from), None)
    end = min(filter(None, (mine.valid_to, later)), default=None)
    if mine.valid_to and later and mine.valid_to > later:
        raise invalid("valid_to", _("Dal %(day)s vale già un altro valore.", day=later.strftime("%d/%m/%Y")))
    old = None
    for row in rows:
        if row.valid_from <= mine.valid_from and (row.valid_to is None or row.valid_to > mine.valid_from):
            old = row.value
            _make_room(session, row, mine.valid_from, end)
    mine = replace(mine, valid_to=end)
    session.add(
        ParameterValue(
            key=key,
            layer=mine.layer,
            place=mine.place,
            value=mine.value,
            file="",
            valid_from=mine.valid_from,
            valid_to=mine.valid_to,
            source=mine.source,
        )
    )
    return old


def _make_room(session: Session, row: ParameterValue, start: date, end: date | None) -> None:
    """Take the days from ``start`` to ``end`` out of a value that covers them; what lies after them goes on."""
    if end is not None and (row.valid_to is None or row.valid_to > end):
        session.add(
            ParameterValue(
                key=row.key,
                layer=row.layer,
                place=row.place,
                value=row.value,
                file="",
                valid_from=end,
                valid_to=row.valid_to,
                source=row.source,
            )
        )
    if row.valid_from < start:
        row.valid_to = start
    else:
        session.delete(row)
    session.flush()
