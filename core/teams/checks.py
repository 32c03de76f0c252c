"""What must hold before somebody gets a place: periods, who may have the function, one holder at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.functions import LABELS, FunctionInfo
from core.access.functions import function as function_info
from core.access.models import Account
from core.errors import FieldError, Invalid, Refused
from core.i18n import _
from core.teams.models import HOLDER, TeamPlace
from core.teams.queries import holders_of_function
from core.teams.registry import gates, limits
from core.teams.rows import TeamRow

#: A reason of fewer words explains nothing to whoever reads it.
FEWEST_WORDS = 3
LONGEST_REASON = 1000


def period(valid_from: datetime | None, valid_to: datetime | None) -> datetime:
    """The start of a place: now when not given. Raises Invalid for a start in the past or an end before it."""
    now = clock.now()
    start = valid_from or now
    if start < now:
        message = _("L'inizio non può essere nel passato: chi era nella squadra fino a oggi resta scritto così.")
        raise Invalid([FieldError("valid_from", message, "past")])
    if valid_to is not None and valid_to <= start:
        raise Invalid([FieldError("valid_to", _("La fine deve venire dopo l'inizio."), "period")])
    return start


def reason_text(reason: str, *, needed: bool) -> str:
    """The reason without spaces around it. Raises Invalid when it says too little or too much."""
    text = " ".join(reason.split())
    if needed and len([word for word in text.split() if any(sign.isalpha() for sign in word)]) < FEWEST_WORDS:
        message = _("Scrivi perché, con almeno %(count)s parole: chi coordina lo leggerà.", count=FEWEST_WORDS)
        raise Invalid([FieldError("reason", message, "reason")])
    if len(text) > LONGEST_REASON:
        message = _("Scrivi al massimo %(count)s caratteri.", count=LONGEST_REASON)
        raise Invalid([FieldError("reason", message, "length")])
    return text


def known_function(session: Session, key: str) -> FunctionInfo:
    """The function of that key. Raises Invalid for one that does not exist."""
    if key not in LABELS:
        raise Invalid([FieldError("function", _("Scegli che cosa farà."), "function")])
    return function_info(session, key)


def body_of(
    session: Session, account: Account, function: str, start: datetime, organisation_id: UUID | None
) -> UUID | None:
    """The body for which the account would have the function: the one named, else the one its role is held for.

    Raises Invalid where the account does not hold a role with the function, or holds it for several bodies.
    """
    held = holders_of_function(session, function, start, organisation_id)
    mine = {holder.organisation_id for found, holder in held if found.id == account.id}
    if not mine:
        message = _("%(name)s non ha un ruolo con questa funzione in quei giorni.", name=account.name)
        raise Invalid([FieldError("account", message, "no_role")])
    if organisation_id is not None or None in mine:
        return organisation_id
    if len(mine) > 1:
        message = _("%(name)s lavora per più enti: scegli per quale.", name=account.name)
        raise Invalid([FieldError("organisation", message, "several")])
    return mine.pop()


def ask_gates(row: TeamRow, organisation_id: UUID | None) -> None:
    """Raise Refused where the body has no basis to know of the person that the row is about."""
    if organisation_id is None:
        return
    for gate in gates():
        gate(row.session, row.subject, organisation_id)


def last_moment(row: TeamRow, organisation_id: UUID | None, valid_to: datetime | None) -> datetime | None:
    """When a place ends: as asked, or with the basis on which its body may know, whichever comes first."""
    asked = [] if valid_to is None else [valid_to]
    if organisation_id is not None:
        ends = (limit(row.session, row.subject, organisation_id) for limit in limits())
        asked.extend(end for end in ends if end is not None)
    return min(asked, default=None)


def holders(row: TeamRow, function: str) -> Sequence[TeamPlace]:
    """The places as holder of a function that are in force or still to come, read anew."""
    rows = sa.select(TeamPlace).where(
        TeamPlace.resource == row.resource,
        TeamPlace.object_id == row.obj.id,
        TeamPlace.function == function,
        TeamPlace.kind == HOLDER,
        sa.or_(TeamPlace.valid_to.is_(None), TeamPlace.valid_to > clock.now()),
    )
    fresh = {"populate_existing": True}
    return row.session.scalars(rows.order_by(TeamPlace.valid_from, TeamPlace.id), execution_options=fresh).all()


def overlaps(place: TeamPlace, start: datetime, end: datetime | None) -> bool:
    """Whether a moment exists in which both are in force."""
    begins_before = end is None or place.valid_from < end
    return begins_before and (place.valid_to is None or start < place.valid_to)


def not_twice(places: Sequence[TeamPlace], account: Account, organisation_id: UUID | None, start: datetime) -> None:
    """Raise Refused where the account has this place already, for the same body."""
    for place in places:
        same = (place.account_id, place.organisation_id) == (account.id, organisation_id)
        if same and (place.valid_to is None or place.valid_to > start):
            message = _("%(name)s ha già questo compito nella squadra.", name=account.name)
            raise Refused(message, code="already")
