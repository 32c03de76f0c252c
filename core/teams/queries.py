"""Reads of teams: who is in one, who was, and who may do what with a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, clock
from core.access import Actor
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.permissions import valid
from core.access.queries import load_actor
from core.access.registry import covers
from core.db import district_of
from core.teams.models import EMERGENCY, OPEN, AccessRequest, TeamPlace
from core.teams.registry import entry_for, team_entities
from core.teams.scopes import in_force


def team_of(session: Session, obj: Any, on: datetime | None = None) -> Sequence[TeamPlace]:
    """The places in force at ``on`` (now when not given), by function; those of who works here no more are left out."""
    moment = on or clock.now()
    rows = _places_on(obj).where(in_force(moment), TeamPlace.account_id.in_(able(session, moment)))
    return session.scalars(rows.order_by(TeamPlace.function, TeamPlace.valid_from, TeamPlace.id)).all()


def history_of(session: Session, obj: Any) -> Sequence[TeamPlace]:
    """Every place that the row ever had, and those that are to come, newest first."""
    return session.scalars(_places_on(obj).order_by(TeamPlace.valid_from.desc(), TeamPlace.id.desc())).all()


def in_team(session: Session, obj: Any, account_id: UUID | None) -> bool:
    """Whether the account is in the team now: as holder or substitute, not by an emergency."""
    return any(place.account_id == account_id and place.kind != EMERGENCY for place in team_of(session, obj))


def open_requests(session: Session, actor: Actor) -> list[tuple[AccessRequest, Any]]:
    """What waits for this actor's answer, oldest first: each request with its row, which the actor supervises."""
    found = []
    for entry in team_entities():
        reachable = access.select(actor, entry.entity, "supervise").with_only_columns(entry.entity.id)
        waiting = sa.select(AccessRequest, entry.entity).join(
            entry.entity,
            sa.and_(entry.entity.district_id == AccessRequest.district_id, entry.entity.id == AccessRequest.object_id),
        )
        waiting = waiting.where(
            AccessRequest.resource == entry.resource,
            AccessRequest.state == OPEN,
            AccessRequest.object_id.in_(reachable),
        )
        found += [(request, obj) for request, obj in session.execute(waiting)]
    return sorted(found, key=lambda pair: (pair[0].asked_at, pair[0].id))


def able(session: Session, moment: datetime | None = None) -> sa.Select[UUID]:
    """The active accounts that work in the session's district at ``moment``, now when not given."""
    members = sa.select(Membership.account_id).where(
        Membership.member_of == district_of(session), valid(Membership, moment or clock.now())
    )
    return sa.select(Account.id).where(Account.active, Account.id.in_(members))


def holders_of_function(
    session: Session, function: str, moment: datetime, organisation_id: UUID | None = None
) -> list[tuple[Account, RoleHolder]]:
    """Who may have the function at ``moment``: able accounts with a role that has it, for a body where one is named."""
    held = (
        sa.select(Account, RoleHolder, Role)
        .join(RoleHolder, RoleHolder.account_id == Account.id)
        .join(Role, sa.and_(Role.district_id == RoleHolder.district_id, Role.id == RoleHolder.role_id))
        .where(valid(RoleHolder, moment), Account.id.in_(able(session)))
        .order_by(Account.name, Account.id, RoleHolder.id)
    )
    rows = session.execute(held)
    found = [(account, holder) for account, holder, role in rows if function in role.functions]
    return [pair for pair in found if organisation_id is None or pair[1].organisation_id in {None, organisation_id}]


def assignable(session: Session, resource: str) -> list[tuple[str, Account, UUID | None]]:
    """Who may be given what in a team of the resource now: function, account, body; by function and name.

    Only functions of roles that reach something by the scope ``team``: any other place would open nothing.
    """
    now = clock.now()
    grants = sa.select(RoleGrant.role_id, RoleGrant.resource).where(RoleGrant.scope == "team", valid(RoleGrant, now))
    roles = {row.role_id for row in session.execute(grants) if covers(row.resource, resource)}
    held = (
        sa.select(Account, RoleHolder.organisation_id, Role.functions)
        .join(RoleHolder, RoleHolder.account_id == Account.id)
        .join(Role, sa.and_(Role.district_id == RoleHolder.district_id, Role.id == RoleHolder.role_id))
        .where(valid(RoleHolder, now), Role.id.in_(roles), Account.id.in_(able(session)))
    )
    found = {(key, account.id, body): account for account, body, keys in session.execute(held) for key in keys}
    ordered = sorted(found, key=lambda item: (item[0], found[item].name, str(item[2])))
    return [(key, found[key, number, body], body) for key, number, body in ordered]


def candidates(session: Session, resource: str, action: str) -> Sequence[Account]:
    """The able accounts that hold a grant for ``action`` on ``resource`` at all, by name; each is still to be asked."""
    now = clock.now()
    grants = sa.select(RoleGrant.role_id, RoleGrant.resource).where(RoleGrant.action == action, valid(RoleGrant, now))
    roles = {row.role_id for row in session.execute(grants) if covers(row.resource, resource)}
    if not roles:
        return []
    held = sa.select(RoleHolder.account_id).where(RoleHolder.role_id.in_(roles), valid(RoleHolder, now))
    who = sa.select(Account).where(Account.id.in_(able(session)))
    everybody = session.scalar(sa.select(Role.id).where(Role.id.in_(roles), Role.is_visitor).limit(1))
    if everybody is None:
        who = who.where(Account.id.in_(held))
    return session.scalars(who.order_by(Account.name, Account.id)).all()


def who_can(session: Session, action: str, obj: Any) -> list[tuple[Account, Actor]]:
    """The accounts that may do ``action`` with the row now, each as the actor that it is after its second factor."""
    resource = entry_for(obj).resource
    actors = (
        (account, load_actor(session, account.id, two_factor=True)) for account in candidates(session, resource, action)
    )
    return [(account, actor) for account, actor in actors if access.allowed(actor, action, obj)]


def names(session: Session, accounts: set[UUID]) -> dict[UUID, str]:
    """The names of accounts, by id."""
    rows = session.execute(sa.select(Account.id, Account.name).where(Account.id.in_(accounts)))
    return {row.id: row.name for row in rows}


def _places_on(obj: Any) -> sa.Select[TeamPlace]:
    resource = entry_for(obj).resource
    return sa.select(TeamPlace).where(TeamPlace.resource == resource, TeamPlace.object_id == obj.id)
