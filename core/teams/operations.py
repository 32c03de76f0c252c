"""Every change of a team: it asks for the right, locks the row, changes, and leaves its trace and a notice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, clock
from core.access import Actor
from core.access.models import Account
from core.db import uuid7
from core.errors import AccessDenied, FieldError, Invalid, Refused
from core.i18n import _
from core.teams import checks
from core.teams.models import EMERGENCY, HOLDER, SUBSTITUTE, TeamPlace
from core.teams.rows import TeamRow

ASSIGN, SUPERVISE = "assign", "supervise"

_ASSIGNED = {
    "it": "Fai parte della squadra di %(code)s. Puoi vedere i dati del tuo compito.",
    "en": "You are in the team of %(code)s. You can see the data of your task.",
}
_ENDED = {
    "it": "Il tuo compito nella squadra di %(code)s è finito.",
    "en": "Your task in the team of %(code)s has ended.",
}
_SUBSTITUTE = {
    "it": "Sostituisci una persona della squadra di %(code)s nei giorni di assenza.",
    "en": "You stand in for somebody in the team of %(code)s during an absence.",
}
_SUBSTITUTED = {
    "it": "Nei giorni della tua assenza qualcuno ti sostituisce nella squadra di %(code)s.",
    "en": "During your absence somebody stands in for you in the team of %(code)s.",
}


def assign(
    session: Session,
    obj: Any,
    function: str,
    account: Account,
    *,
    actor: Actor,
    organisation_id: UUID | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    reason: str = "",
) -> TeamPlace:
    """Give ``account`` a function in the team of ``obj`` (LAG-007, LEG-097), for a body where one is named.

    The place ends with the basis of its body, where that has an end. Where one person alone may have the function in a
    case, whoever has it stops when this one starts. Raises Invalid (``function``, ``account``, ``organisation``,
    ``valid_from``, ``valid_to``, ``reason``); Refused where a holder is planned for later in the same days, the account
    has the place already, or the body has no basis to know; AccessDenied.
    """
    row = TeamRow.of(session, obj)
    access.check(actor, ASSIGN, obj)
    start, words = checks.period(valid_from, valid_to), checks.reason_text(reason, needed=False)
    info = checks.known_function(session, function)
    body = checks.body_of(session, account, function, start, organisation_id)
    checks.ask_gates(row, body)
    valid_to = checks.last_moment(row, body, valid_to)
    row.lock()
    present = checks.holders(row, function)
    checks.not_twice(present, account, body, start)
    place = TeamPlace(function=function, account_id=account.id, organisation_id=body, kind=HOLDER)
    place.valid_from, place.valid_to, place.single = start, valid_to, info.unique_in == "case"
    if place.single:
        _hand_over(session, present, place, actor)
    add_place(row, place, actor=actor, reason=words, what="team.assign")
    row.tell(place.account_id, _ASSIGNED)
    return place


def end(session: Session, place: TeamPlace, *, actor: Actor, reason: str = "") -> None:
    """End a place now, with those who stand in for it. The row stays in the history.

    Raises Refused for a place that has ended, AccessDenied.
    """
    row = TeamRow.behind(session, place.resource, place.object_id)
    _may_end(actor, place, row.obj)
    words = checks.reason_text(reason, needed=False)
    row.lock()
    session.refresh(place)
    if place.valid_to is not None and place.valid_to <= clock.now():
        raise Refused(_("Questo compito è già finito."), code="ended")
    _close(session, place, clock.now(), actor)
    place.sealed_end_reason = row.seal(place, "end_reason", words)
    session.flush()
    row.note(actor, "team.end", **_references(place))
    row.tell(place.account_id, _ENDED)


def substitute(
    session: Session, place: TeamPlace, account: Account, *, actor: Actor, valid_from: datetime, valid_to: datetime
) -> TeamPlace:
    """Let ``account`` stand in for the holder of ``place`` in a planned absence; it ends by itself, both see the row.

    Raises Invalid for the period or the account, Refused for a place that is no holder's or ends earlier, and where
    somebody stands in already in those days; AccessDenied.
    """
    row = TeamRow.behind(session, place.resource, place.object_id)
    access.check(actor, ASSIGN, row.obj)
    start = checks.period(valid_from, valid_to)
    row.lock()
    session.refresh(place)
    _fit_to_stand_in(place, account, start, valid_to)
    body = checks.body_of(session, account, place.function, start, place.organisation_id)
    checks.ask_gates(row, body)
    if any(checks.overlaps(other, start, valid_to) for other in _stand_ins(session, place)):
        raise Refused(_("In quei giorni c'è già chi sostituisce questa persona."), code="substituted")
    stand_in = TeamPlace(function=place.function, account_id=account.id, organisation_id=body, kind=SUBSTITUTE)
    stand_in.valid_from, stand_in.valid_to, stand_in.stands_for = start, valid_to, place.id
    add_place(row, stand_in, actor=actor, reason="", what="team.substitute")
    row.tell(stand_in.account_id, _SUBSTITUTE)
    row.tell(place.account_id, _SUBSTITUTED)
    return stand_in


def reason_of(session: Session, place: TeamPlace) -> str:
    """The free words with which a place was given; for those who may see the team. Raises crypto.Unreadable."""
    return TeamRow.behind(session, place.resource, place.object_id).unseal(place, "reason", place.sealed_reason)


def end_reason_of(session: Session, place: TeamPlace) -> str:
    """The free words with which a place was ended. Raises crypto.Unreadable."""
    row = TeamRow.behind(session, place.resource, place.object_id)
    return row.unseal(place, "end_reason", place.sealed_end_reason)


def add_place(row: TeamRow, place: TeamPlace, *, actor: Actor, reason: str, what: str) -> None:
    """Write a place that has been judged already: who gave it, its sealed reason, a row in the audit log."""
    place.id, place.resource, place.object_id = uuid7(), row.resource, row.obj.id
    place.given_by, place.given_by_name, place.given_at = actor.account_id, actor.name[:200], clock.now()
    place.sealed_reason = row.seal(place, "reason", reason)
    row.session.add(place)
    row.session.flush()
    row.note(actor, what, **_references(place))


def _references(place: TeamPlace) -> dict[str, str]:
    return {"function": place.function, "place": str(place.id), "account": str(place.account_id)}


def _hand_over(session: Session, present: Iterable[TeamPlace], new: TeamPlace, actor: Actor) -> None:
    """Let the holder stop when the new one starts."""
    meeting = [place for place in present if checks.overlaps(place, new.valid_from, new.valid_to)]
    if any(place.valid_from > clock.now() and place.valid_from >= new.valid_from for place in meeting):
        message = _("C'è già una persona con questo compito da più avanti: prima chiudi quel periodo.")
        raise Refused(message, code="planned")
    for place in meeting:
        _close(session, place, new.valid_from, actor)
    session.flush()


def _close(session: Session, place: TeamPlace, at: datetime, actor: Actor) -> None:
    """End the place and those who stand in for it; one that has not begun was never in force."""
    for row in (place, *_stand_ins(session, place)):
        if row.valid_to is None or row.valid_to > at:
            row.valid_to, row.ended_by = max(row.valid_from, at), actor.account_id


def _stand_ins(session: Session, place: TeamPlace) -> list[TeamPlace]:
    rows = sa.select(TeamPlace).where(TeamPlace.stands_for == place.id).execution_options(populate_existing=True)
    return list(session.scalars(rows))


def _fit_to_stand_in(place: TeamPlace, account: Account, start: datetime, finish: datetime) -> None:
    if place.kind != HOLDER:
        raise Refused(_("Si può sostituire solo chi ha il compito in prima persona."), code="not_holder")
    if place.account_id == account.id:
        raise Invalid([FieldError("account", _("Nessuno sostituisce sé stesso: scegli un'altra persona."), "same")])
    if start < place.valid_from or (place.valid_to is not None and finish > place.valid_to):
        raise Refused(_("La sostituzione deve stare dentro il periodo di chi è assente."), code="outside")


def _may_end(actor: Actor, place: TeamPlace, obj: Any) -> None:
    """Whoever assigns ends; an emergency is also ended by whoever opened it, or supervises the row."""
    if place.kind != EMERGENCY:
        access.check(actor, ASSIGN, obj)
        return
    mine = actor.account_id is not None and actor.account_id == place.account_id
    if not mine and not access.allowed(actor, SUPERVISE, obj):
        raise AccessDenied(SUPERVISE, place.resource)
