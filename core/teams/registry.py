"""Which rows have a team, and how they are named: filled at start by the plugins that own them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.registry import entity_access
from core.db import district_of
from core.errors import PluginError

#: Told the subject and the body of a new place. Returns the sentence of the basis on which that body may know, or
#: ``""`` where it has nothing to say. Raises Refused where the body has no basis.
Gate: TypeAlias = Callable[[Session, UUID, UUID], str]
#: Told the same, returns the moment at which that basis ends, ``None`` where it has no end.
Limit: TypeAlias = Callable[[Session, UUID, UUID], datetime | None]


@dataclass(frozen=True, slots=True)
class TeamEntity:
    """A mapped class whose rows have teams.

    ``code`` names a row without saying anything about the person; ``subject`` is the person that the row is about,
    whose key seals the free words; ``find`` is the row of a code, whoever asks.
    """

    entity: type[Any]
    resource: str
    label: Mapping[str, str]
    code: Callable[[Any], str]
    subject: Callable[[Any], UUID]
    find: Callable[[Session, str], Any | None]


_entities: dict[str, TeamEntity] = {}
_gates: list[Gate] = []
_limits: list[Limit] = []


def register_team_entity(
    entity: type[Any],
    *,
    label: Mapping[str, str],
    code: Callable[[Any], str],
    find: Callable[[Session, str], Any | None],
    subject: Callable[[Any], UUID] = lambda obj: obj.id,
) -> None:
    """Give the rows of ``entity`` teams. Raises PluginError unless it was registered with a fixed resource."""
    resource = entity_access(entity).fixed_resource
    if resource is None:
        raise PluginError(f"{entity.__name__}: only rows of a fixed resource have teams")
    _entities[resource] = TeamEntity(entity, resource, label, code, subject, find)


def register_gate(gate: Gate) -> None:
    """Ask ``gate`` before somebody gets a place on behalf of a body; the same gate is not asked twice."""
    if gate not in _gates:
        _gates.append(gate)


def gates() -> tuple[Gate, ...]:
    """Everything that was registered with ``register_gate``."""
    return tuple(_gates)


def register_limit(limit: Limit) -> None:
    """Let a place on behalf of a body last no longer than ``limit`` says; the same one is not asked twice."""
    if limit not in _limits:
        _limits.append(limit)


def limits() -> tuple[Limit, ...]:
    """Everything that was registered with ``register_limit``."""
    return tuple(_limits)


def team_entities() -> tuple[TeamEntity, ...]:
    """Every class whose rows have teams, by resource."""
    return tuple(_entities[key] for key in sorted(_entities))


def entry_of(resource: str) -> TeamEntity | None:
    """The class of a resource, or ``None`` when its rows have no teams."""
    return _entities.get(resource)


def entry_for(obj: Any) -> TeamEntity:
    """The registration of the row's class. Raises PluginError when nobody registered it."""
    resource = entity_access(type(obj)).fixed_resource
    found = _entities.get(resource or "")
    if found is None:
        raise PluginError(f"{type(obj).__name__}: not registered with teams.register_team_entity")
    return found


def load(session: Session, resource: str, object_id: UUID) -> Any | None:
    """The row behind a place, whoever asks; ``None`` when it is gone or nobody registered its class."""
    entry = entry_of(resource)
    return session.get(entry.entity, (district_of(session), object_id)) if entry else None
