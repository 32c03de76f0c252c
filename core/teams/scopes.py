"""The scopes ``team`` and ``emergency`` as SQL: who has a place in force at this moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from core.access import Actor, Grant
from core.access.registry import PlacedScope, lasting
from core.teams.models import EMERGENCY, HOLDER, SUBSTITUTE, TeamPlace

Moment: TypeAlias = datetime | sa.BindParameter[datetime]


def in_force(now: Moment) -> sa.ColumnElement[bool]:
    """The places in force at ``now``: from included, to not."""
    return sa.and_(TeamPlace.valid_from <= now, sa.or_(TeamPlace.valid_to.is_(None), TeamPlace.valid_to > now))


def team_places(resource: str, actor: Actor, now: Moment, grant: Grant) -> sa.Select[UUID]:
    """The ids of the rows on which the actor has a place, or stands in for somebody, in a function of the role.

    A role held for a body reaches no place held for another. A role without functions reaches nothing. For entities
    that hang on one with teams: ``Person.id.in_(select(Case.person_id).where(Case.id.in_(team_places(...))))``.
    """
    places = _places(resource, actor, now).where(
        TeamPlace.kind.in_((HOLDER, SUBSTITUTE)), TeamPlace.function.in_(sorted(grant.functions))
    )
    if grant.organisation_id is None:
        return places
    mine = TeamPlace.organisation_id == grant.organisation_id
    return places.where(sa.or_(TeamPlace.organisation_id.is_(None), mine))


def emergency_places(resource: str, actor: Actor, now: Moment) -> sa.Select[UUID]:
    """The ids of the rows that the actor opened in an emergency whose hours are not over."""
    return _places(resource, actor, now).where(TeamPlace.kind == EMERGENCY)


def team_scope(entity: type[Any], resource: str) -> PlacedScope:
    """The scope ``team`` of an entity with teams: see ``team_places``."""

    @lasting
    def team(actor: Actor, now: Moment, grant: Grant) -> sa.ColumnElement[bool]:
        if actor.account_id is None or not grant.functions:
            return sa.false()
        reached: sa.ColumnElement[bool] = entity.id.in_(team_places(resource, actor, now, grant))
        return reached

    return team


def emergency_scope(entity: type[Any], resource: str) -> PlacedScope:
    """The scope ``emergency`` of an entity with teams: see ``emergency_places``."""

    @lasting
    def emergency(actor: Actor, now: Moment, _grant: Grant) -> sa.ColumnElement[bool]:
        return sa.false() if actor.account_id is None else entity.id.in_(emergency_places(resource, actor, now))

    return emergency


def _places(resource: str, actor: Actor, now: Moment) -> sa.Select[UUID]:
    return sa.select(TeamPlace.object_id).where(
        TeamPlace.resource == resource, TeamPlace.account_id == actor.account_id, in_force(now)
    )
