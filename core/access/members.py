"""Who works in a district, from a moment to another."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import Actor
from core.access.guards import (
    check_period,
    district_keeps_administrator,
    end_rows,
    log,
    own_district,
    roles_held,
    text_of,
)
from core.access.models import Account, Membership
from core.access.permissions import ACCOUNTS, valid
from core.errors import NotFound
from core.i18n import _


def add_membership(
    session: Session,
    account: Account,
    *,
    actor: Actor,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Membership:
    """Let the account work in the session's district. Raises Invalid for an empty period, AccessDenied."""
    district = own_district(session, actor, ACCOUNTS)
    begin = valid_from or clock.now()
    check_period(begin, valid_to)
    membership = Membership(account_id=account.id, member_of=district, valid_from=begin, valid_to=valid_to)
    session.add(membership)
    session.flush()
    log(session, actor, "add_membership", account.email, until=text_of(valid_to))
    return membership


def end_membership(session: Session, account: Account, *, actor: Actor) -> None:
    """End the account's work in the session's district now; its roles there end with it.

    Raises NotFound when it is no member, Refused for the last administrator of the district.
    """
    district, now = own_district(session, actor, ACCOUNTS), clock.now()
    mine = sa.select(Membership).where(Membership.account_id == account.id, Membership.member_of == district)
    rows = session.scalars(mine.where(valid(Membership, now))).all()
    if not rows:
        raise NotFound(_("Questo account non lavora nel distretto."))
    with district_keeps_administrator(session):
        end_rows(session, rows, now)
        end_rows(session, roles_held(session, account.id, None, now), now)
    log(session, actor, "end_membership", account.email)
