"""What can be granted, and the SQL of each scope: filled at start by core and plugins, read by the access layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from core import clock
from core.access.actor import ALL, EVERY_TYPE, INSTALLATION, PLAIN, Actor, Grant
from core.db import UtcDateTime
from core.errors import PluginError

#: The rows an actor reaches, as SQL: ``Entity.id IN (SELECT ...)``, never a correlated EXISTS, values as binds.
Scope: TypeAlias = Callable[[Actor, datetime], sa.ColumnElement[bool]]

#: The same for a scope that also depends on where the role is held: its functions, body and municipality.
PlacedScope: TypeAlias = Callable[[Actor, datetime, Grant], sa.ColumnElement[bool]]

S = TypeVar("S", bound=Scope | PlacedScope)
#: The moment at which a statement is executed, as a value bound in it.
NOW: sa.BindParameter[datetime] = sa.bindparam("execution_moment", callable_=clock.now, type_=UtcDateTime)
LASTING = "innesto_lasting"

#: Scopes that mean something without an account. Any other yields nothing to a visitor, whose account is NULL.
VISITOR_SCOPES = frozenset({ALL, "public"})


@dataclass(frozen=True, slots=True)
class Permission:
    """An action on a resource that grants may name, with the states and field groups that they may narrow it to.

    A resource with a dot (``intake.case``, ``core.plugin``) belongs to code; one without is a record type.
    ``closed=True`` takes a record type out of what a grant on ``"*"`` reaches.
    """

    resource: str
    action: str
    states: tuple[str, ...] = ()
    field_groups: tuple[str, ...] = ()
    closed: bool = False


# Equal only to itself: what was made of one registration is not used for the next.
@dataclass(frozen=True, slots=True, eq=False)
class EntityAccess:
    """How the rows of one mapped class are granted."""

    entity: type[Any]
    resource: str | InstrumentedAttribute[str]
    state: InstrumentedAttribute[str] | None
    scopes: Mapping[str, Scope]
    visitor_scopes: frozenset[str]
    placed: Mapping[str, PlacedScope] = field(default_factory=dict)

    @property
    def fixed_resource(self) -> str | None:
        """The resource of every row, or ``None`` when a column tells it row by row."""
        return self.resource if isinstance(self.resource, str) else None

    def reach(self, actor: Actor, now: datetime, grant: Grant) -> sa.ColumnElement[bool]:
        """The rows in the grant's scope: none when it does not exist or says nothing about this actor."""
        name = grant.scope
        if actor.account_id is None and name not in self.visitor_scopes:
            return sa.false()
        if name in self.placed:
            return self.placed[name](actor, now, grant)
        scope = self.scopes.get(name)
        return sa.false() if scope is None else scope(actor, now)

    def knows(self, name: str) -> bool:
        """Whether the entity has a scope of that name."""
        return name in self.placed or name in self.scopes

    def lasts(self, name: str) -> bool:
        """Whether the SQL of a scope may be kept: it does not exist, or it is marked with ``lasting``."""
        scope = self.placed.get(name) or self.scopes.get(name)
        return getattr(scope, LASTING, scope is None)


def lasting(scope: S) -> S:
    """Mark a scope whose SQL is made once and used for many requests.

    It may look at nothing but the actor's account and district and, when it is placed, the grant's functions, body and
    municipality; and only compare the moment (then ``NOW``) in SQL.
    """
    setattr(scope, LASTING, True)
    return scope


_entities: dict[type[Any], EntityAccess] = {}
_permissions: dict[tuple[str, str], Permission] = {}
_resource_labels: dict[str, Mapping[str, str]] = {}


@lasting
def everything(_actor: Actor, _now: datetime) -> sa.ColumnElement[bool]:
    """The scope ``all``."""
    return sa.true()


def owned_by(column: InstrumentedAttribute[Any]) -> Scope:
    """A scope: the rows whose ``column`` holds the actor's account."""

    @lasting
    def own(actor: Actor, _now: datetime) -> sa.ColumnElement[bool]:
        return sa.false() if actor.account_id is None else column == actor.account_id

    return own


def held_for_organisation(column: InstrumentedAttribute[Any]) -> PlacedScope:
    """A placed scope: the rows whose ``column`` holds the body for which the role is held; none without a body."""

    @lasting
    def organisation(_actor: Actor, _now: datetime, grant: Grant) -> sa.ColumnElement[bool]:
        return sa.false() if grant.organisation_id is None else column == grant.organisation_id

    return organisation


def held_for_municipality(column: InstrumentedAttribute[Any]) -> PlacedScope:
    """A placed scope: the rows whose ``column`` holds the ISTAT code of the municipality for which the role is held."""

    @lasting
    def municipality(_actor: Actor, _now: datetime, grant: Grant) -> sa.ColumnElement[bool]:
        return column == grant.municipality if grant.municipality else sa.false()

    return municipality


def register_entity(
    entity: type[Any],
    *,
    resource: str | InstrumentedAttribute[str],
    state: InstrumentedAttribute[str] | None = None,
    scopes: Mapping[str, Scope] | None = None,
    placed: Mapping[str, PlacedScope] | None = None,
    visitor_scopes: Iterable[str] = VISITOR_SCOPES,
) -> None:
    """Make ``entity`` reachable through the access layer; ``all`` is a scope of every entity unless given.

    ``resource`` is the name shared by all rows (with a dot) or the column that holds it. ``placed`` scopes are given
    the grant, so that a role held for one body or municipality reaches nothing of another. A second registration of
    the same class replaces the first. Raises PluginError for a fixed name without a dot, or a scope written twice.
    """
    if isinstance(resource, str) and "." not in resource:
        raise PluginError(f"{entity.__name__}: resource '{resource}' needs a dot: names without one are record types")
    every = {ALL: everything, INSTALLATION: everything, **(scopes or {})}
    if twice := sorted(set(every) & set(placed or {})):
        raise PluginError(f"{entity.__name__}: scope '{twice[0]}' exists already")
    _entities[entity] = EntityAccess(entity, resource, state, every, frozenset(visitor_scopes), dict(placed or {}))


def add_scope(entity: type[Any], name: str, scope: Scope) -> None:
    """Give a registered entity one more scope, as a plugin does for records. Raises PluginError when it has it."""
    entry = entity_access(entity)
    if name in entry.placed or entry.scopes.get(name, scope) is not scope:
        raise PluginError(f"{entity.__name__}: scope '{name}' exists already")
    _entities[entity] = replace(entry, scopes={**entry.scopes, name: scope})


def add_placed_scope(entity: type[Any], name: str, scope: PlacedScope) -> None:
    """Give a registered entity one more placed scope. Raises PluginError when it has one of that name."""
    entry = entity_access(entity)
    if name in entry.scopes or entry.placed.get(name, scope) is not scope:
        raise PluginError(f"{entity.__name__}: scope '{name}' exists already")
    _entities[entity] = replace(entry, placed={**entry.placed, name: scope})


def entity_access(entity: type[Any]) -> EntityAccess:
    """How ``entity`` (or the class it derives from) is granted. Raises PluginError when nobody registered it."""
    for cls in entity.__mro__:
        if cls in _entities:
            return _entities[cls]
    raise PluginError(f"{entity.__name__}: not registered with core.access.registry.register_entity")


def register_permissions(permissions: Iterable[Permission]) -> None:
    """Declare what grants may name; a second declaration of the same resource and action replaces the first."""
    for permission in permissions:
        _permissions[(permission.resource, permission.action)] = permission
    closed_resources.cache_clear()


def name_resource(resource: str, label: Mapping[str, str]) -> None:
    """Say what a resource is called on screen, in the plural: ``{"it": "casi", "en": "cases"}``."""
    _resource_labels[resource] = label


def resource_labels() -> Mapping[str, Mapping[str, str]]:
    """What ``name_resource`` was told."""
    return _resource_labels


def permissions() -> tuple[Permission, ...]:
    """Everything declared so far, by resource and action."""
    return tuple(_permissions[key] for key in sorted(_permissions))


def scope_names() -> frozenset[str]:
    """Every scope that some entity knows."""
    return frozenset(name for entry in _entities.values() for name in (*entry.scopes, *entry.placed))


def scopes_of(resource: str) -> frozenset[str]:
    """The scopes that the entities of a resource know; a record type has those of every entity that tells its type."""
    dotted = "." in resource
    entries = (e for e in _entities.values() if e.fixed_resource == (resource if dotted else None))
    return frozenset(name for entry in entries for name in (*entry.scopes, *entry.placed))


def field_groups(resource: str) -> tuple[str, ...]:
    """The field groups of a resource: those its permissions declare, the plain one first."""
    declared = {group for p in _permissions.values() if p.resource == resource for group in p.field_groups}
    return (PLAIN, *sorted(declared - {PLAIN}))


@cache
def closed_resources() -> tuple[str, ...]:
    """Record types that a grant on ``"*"`` does not reach."""
    return tuple(sorted({p.resource for p in _permissions.values() if p.closed}))


def covers(granted: str, resource: str) -> bool:
    """Whether a grant on ``granted`` speaks of ``resource``."""
    if granted == resource:
        return True
    return granted == EVERY_TYPE and "." not in resource and resource not in closed_resources()
