"""Dated parameters set from the console."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.districts.models import (
    DistrictMunicipality,
    ParameterDefinition,
    SubArea,
)
from core.districts.parameters import DatedValue, dump_value, read_value
from core.districts.permissions import PARAMETER, demand
from core.districts.timeline import insert_value, values_at
from core.districts.trace import begin, invalid, raise_version, text_problem, trace
from core.errors import NotFound, Refused
from core.i18n import _


def set_parameter(
    session: Session,
    key: str,
    value: Any,
    *,
    actor: Actor,
    valid_from: date,
    valid_to: date | None = None,
    municipality: str | None = None,
    subarea: str | None = None,
    source: str = "",
) -> None:
    """Set the value of a parameter from a day on, for the district or, where it is ``local``, for one of its places.

    A value of the same place that was in force ends on that day; a later one keeps its day, and the new value ends
    there. ``valid_to`` is the first day on which it no longer holds. Amounts are cents. Raises NotFound for an unknown
    parameter or place, Invalid for a wrong value, Refused for a place where the parameter is not local.
    """
    demand(session, actor, PARAMETER)
    definition = _definition(session, key)
    layer, place = _layer(session, definition, municipality, subarea)
    try:
        stored = dump_value(definition.type, read_value(definition.type, value, definition.options))
    except ValueError as error:
        raise invalid("value", str(error)) from None
    if valid_to is not None and valid_to <= valid_from:
        raise invalid("valid_to", _("La fine viene prima dell'inizio."))
    if problem := text_problem(source):
        raise invalid("source", problem)
    raise_version(session)
    mine = DatedValue(stored, valid_from, valid_to, layer, place, source)
    old = insert_value(session, key, mine)
    trace(
        session,
        actor,
        "parameter.set",
        _traced(key, place),
        old=old,
        new={"value": stored, "valid_from": valid_from.isoformat(), "valid_to": valid_to and valid_to.isoformat()},
    )


def _definition(session: Session, key: str) -> ParameterDefinition:
    row = session.scalar(select(ParameterDefinition).where(ParameterDefinition.key == key))
    if row is None:
        raise NotFound(_("Il parametro «%(key)s» non c'è in questo distretto.", key=key))
    return row


def _layer(
    session: Session, definition: ParameterDefinition, municipality: str | None, subarea: str | None
) -> tuple[str, str]:
    if not municipality and not subarea:
        return "district", ""
    if not definition.local:
        raise Refused(_("Il parametro «%(key)s» vale per tutto il distretto.", key=definition.key), code="not_local")
    if municipality and subarea:
        raise invalid("municipality", _("Scegli un Comune oppure un'area, non tutti e due."))
    wanted = DistrictMunicipality.istat == municipality if municipality else SubArea.key == subarea
    table = DistrictMunicipality if municipality else SubArea
    if session.scalar(select(table.id).where(wanted)) is None:
        raise NotFound(_("Questo luogo non è nel distretto."))
    return ("municipality", municipality) if municipality else ("subarea", cast(str, subarea))


def _traced(key: str, place: str) -> str:
    return f"{key}[{place}]" if place else key


def reset_parameter(
    session: Session, key: str, *, actor: Actor, municipality: str | None = None, subarea: str | None = None
) -> None:
    """Remove what the console set for the district or for one place. Raises NotFound when there is nothing."""
    begin(session, actor, PARAMETER)
    layer, place = _layer(session, _definition(session, key), municipality, subarea)
    rows = values_at(session, key, layer, place)
    if not rows:
        raise NotFound(_("Questo parametro segue già il modello."))
    old = [{"value": row.value, "valid_from": row.valid_from.isoformat()} for row in rows]
    for row in rows:
        session.delete(row)
    trace(session, actor, "parameter.reset", _traced(key, place), old=old, new=None)
