"""What can be granted, and the SQL of each scope: filled at start by core and plugins, read by the access layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from core import clock
from core.access.actor import ALL, EVERY_TYPE, INSTALLATION, PLAIN, Actor
from core.db import UtcDateTime
from core.errors import PluginError

#: The rows an actor reaches, as SQL: ``Entity.id IN (SELECT ...)``, never a correlated EXISTS, values as binds.
Scope: TypeAlias = Callable[[Actor, datetime], sa.ColumnElement[bool]]

S = TypeVar("S", bound=Scope)
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

    @property
    def fixed_resource(self) -> str | None:
        """The resource of every row, or ``None`` when a column tells it row by row."""
        return self.resource if isinstance(self.resource, str) else None

    def scope(self, name: str, actor: Actor) -> Scope | None:
        """The scope of that name, or ``None`` when it does not exist or says nothing about this actor."""
        if actor.account_id is None and name not in self.visitor_scopes:
            return None
        return self.scopes.get(name)

    def lasts(self, name: str) -> bool:
        """Whether the SQL of a scope may be kept: it does not exist, or it is marked with ``lasting``."""
        return getattr(self.scopes.get(name), LASTING, name not in self.scopes)


def lasting(scope: S) -> S:
    """Mark a scope whose SQL is made once and used for many requests.

    It may look at nothing but the actor's account and district, and only compare the moment (then ``NOW``) in SQL.
    """
    setattr(scope, LASTING, True)
    return scope


_entities: dict[type[Any], EntityAccess] = {}
_permissions: dict[tuple[str, str], Permission] = {}


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


def register_entity(
    entity: type[Any],
    *,
    resource: str | InstrumentedAttribute[str],
    state: InstrumentedAttribute[str] | None = None,
    scopes: Mapping[str, Scope] | None = None,
    visitor_scopes: Iterable[str] = VISITOR_SCOPES,
) -> None:
    """Make ``entity`` reachable through the access layer; ``all`` is a scope of every entity unless given.

    ``resource`` is the name shared by all rows (with a dot) or the column that holds it. A second registration of
    the same class replaces the first. Raises PluginError for a fixed name without a dot.
    """
    if isinstance(resource, str) and "." not in resource:
        raise PluginError(f"{entity.__name__}: resource '{resource}' needs a dot: names without one are record types")
    every = {ALL: everything, INSTALLATION: everything, **(scopes or {})}
    _entities[entity] = EntityAccess(entity, resource, state, every, frozenset(visitor_scopes))


def add_scope(entity: type[Any], name: str, scope: Scope) -> None:
    """Give a registered entity one more scope, as a plugin does for records. Raises PluginError when it has it."""
    entry = entity_access(entity)
    if entry.scopes.get(name, scope) is not scope:
        raise PluginError(f"{entity.__name__}: scope '{name}' exists already")
    scopes = {**entry.scopes, name: scope}
    _entities[entity] = EntityAccess(entry.entity, entry.resource, entry.state, scopes, entry.visitor_scopes)


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


def permissions() -> tuple[Permission, ...]:
    """Everything declared so far, by resource and action."""
    return tuple(_permissions[key] for key in sorted(_permissions))


def scope_names() -> frozenset[str]:
    """Every scope that some entity knows."""
    return frozenset(name for entry in _entities.values() for name in entry.scopes)


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
