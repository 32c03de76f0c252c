"""The one access layer: every list, page, count, export and search result passes through the criterion made here.

A criterion is the OR over an actor's grants of scope and states, written as SQL. No rule runs row by row in Python, so
lists, counts and single checks cannot disagree. Without a grant the criterion is false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.attributes import instance_state

from core import clock
from core.access.actor import ALL, EVERY_TYPE, FIELD_RIGHTS, PLAIN, Actor, FieldRight, Grant
from core.access.explanation import Explanation, Verdict, explanation
from core.access.registry import (
    NOW,
    EntityAccess,
    closed_resources,
    covers,
    entity_access,
    field_groups,
)
from core.errors import AccessDenied
from core.i18n import DEFAULT

E = TypeVar("E")
Criterion = sa.ColumnElement[bool]

#: The right that a grant of this action gives on the field groups it reaches; other actions say nothing of fields.
FIELD_ACTIONS: Mapping[str, FieldRight] = {"read": "read", "change": "write"}
#: The facts of a grant that a placed scope may look at.
PLACE = ("functions", "organisation_id", "municipality")


def select(actor: Actor, entity: type[E], action: str, resource: str | None = None) -> sa.Select[E]:
    """The only query that may be run for ``entity``: the rows on which ``actor`` holds a grant for ``action``.

    ``resource`` narrows it to one record type. Without a grant it yields nothing.
    """
    reachable = criterion(actor, entity, action, resource)
    return sa.select(entity).where(reachable)


def criterion(actor: Actor, entity: type[Any], action: str, resource: str | None = None) -> Criterion:
    """What ``select`` puts in its WHERE, for a statement that joins ``entity`` to something else."""
    entry = entity_access(entity)
    fixed = entry.fixed_resource
    if fixed is not None and resource not in {None, fixed}:
        raise ValueError(f"{entity.__name__} holds {fixed}, not {resource}")
    wanted = fixed or resource
    if actor.is_system:
        return sa.and_(sa.true(), *_home(actor, entity), *_only(entry, resource))
    grants = [g for g in actor.grants if g.action == action and (wanted is None or covers(g.resource, wanted))]
    if not all(entry.lasts(grant.scope) for grant in grants):
        return _made(_Question(entry, entity, actor, tuple(grants), resource), clock.now())
    # Stripped of what no lasting scope looks at, so that equal actors share one.
    who = Actor(actor.account_id, "", actor.kind, actor.district_id)
    alike = tuple(dict.fromkeys(_bare(entry, g) for g in grants))
    return _kept(_Question(entry, entity, who, alike, resource, closed_resources()))


def branches(actor: Actor, entity: type[Any], action: str) -> list[tuple[str, Criterion]]:
    """The criterion of an entity with a fixed resource in parts, each with its scope: their OR is ``criterion``.

    A list of which each part follows an index of its own is quicker than one over the OR of them.
    """
    entry = entity_access(entity)
    mine = [g for g in actor.grants if g.action == action and _reaches(entry, g)]
    parts = {_bare(entry, grant): grant for grant in mine}
    if actor.is_system or not parts or any(grant.scope == ALL and not grant.states for grant in parts):
        return [("", criterion(actor, entity, action))]
    ordered = sorted(parts, key=_order)
    return [(part.scope, criterion(replace(actor, grants=(parts[part],)), entity, action)) for part in ordered]


def _bare(entry: EntityAccess, grant: Grant) -> Grant:
    """What the SQL of a grant follows from; where the role is held counts in placed scopes alone."""
    resource, scope, states = grant.resource, grant.scope, grant.states
    if scope not in entry.placed:
        return Grant(resource, "", scope, states)
    place = {name: getattr(grant, name) for name in PLACE}
    return Grant(resource, "", scope, states, **place)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a criterion follows from: the rows asked for, who asks, the grants of the action."""

    entry: EntityAccess
    entity: type[Any]
    actor: Actor
    grants: tuple[Grant, ...]
    resource: str | None
    closed: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def _kept(question: _Question) -> Criterion:
    """Making the SQL costs more than running it. The grants were read for this request; the moment is bound late."""
    return _made(question, NOW)


def _made(question: _Question, now: datetime | sa.BindParameter[datetime]) -> Criterion:
    entry, resource = question.entry, question.resource
    outer = [*_home(question.actor, question.entity), *_only(entry, resource)]
    return sa.and_(*outer, _any_of(entry, question.actor, question.grants, entry.fixed_resource or resource, now))


def allowed(actor: Actor, action: str, obj: Any) -> bool:
    """Whether ``actor`` may do ``action`` with this row, as it is stored: pending changes do not open doors.

    ``obj`` belongs to a session. A row that is being added is flushed first; a creation is judged by ``may``.
    """
    if actor.is_system:
        return actor.district_id is None or getattr(obj, "district_id", None) in {None, actor.district_id}
    return _ask(obj, [sa.true()], criterion(actor, type(obj), action)) is not None


def check(actor: Actor, action: str, obj: Any) -> None:
    """Raise AccessDenied unless ``allowed``: the criterion of ``select`` with the id of this row."""
    if not allowed(actor, action, obj):
        raise AccessDenied(action, _resource_of(obj))


def may(actor: Actor, action: str, resource: str) -> bool:
    """Whether ``actor`` holds any grant at all for ``action`` on ``resource``: for menus, buttons and creations."""
    return actor.is_system or any(g.action == action and covers(g.resource, resource) for g in actor.grants)


def require(actor: Actor, action: str, resource: str) -> None:
    """Raise AccessDenied unless ``may``."""
    if not may(actor, action, resource):
        raise AccessDenied(action, resource)


@dataclass(frozen=True, slots=True)
class FieldFlags:
    """Field rights for a list: boolean columns, to be added to the list's own query.

    ``places`` says of each grant which column speaks of it: grants that reach the same rows share one.
    """

    grants: tuple[Grant, ...]
    columns: tuple[sa.Label[bool], ...]
    places: tuple[int, ...] = ()
    system: bool = False
    #: Rows of a list are much alike: what their flags say is worked out once.
    known: dict[tuple[Any, ...], dict[str, FieldRight]] = field(default_factory=dict, compare=False, repr=False)

    def rights(self, resource: str, flags: Iterable[Any]) -> dict[str, FieldRight]:
        """The right per field group of one row, from its values of ``columns``."""
        row = (resource, *map(bool, flags))
        if row not in self.known:
            self.known[row] = self._rights(resource, row[1:])
        return dict(self.known[row])

    def _rights(self, resource: str, row: Sequence[Any]) -> dict[str, FieldRight]:
        if self.system:
            return dict.fromkeys(field_groups(resource), "write")
        holding = [grant for grant, place in zip(self.grants, self.places, strict=True) if row[place]]
        return {group: _best(grant_right(grant, group) for grant in holding) for group in field_groups(resource)}

    def seeing(self, group: str) -> Criterion:
        """The rows of which a grant shows the field group: at least to be read."""
        if self.system:
            return sa.true()
        pairs = zip(self.grants, self.places, strict=True)
        shown = sorted({place for grant, place in pairs if grant_right(grant, group) in {"read", "write"}})
        return sa.or_(sa.false(), *[self.columns[place].element for place in shown])


def field_flags(actor: Actor, entity: type[Any]) -> FieldFlags:
    """The columns that tell, row by row, which of the actor's grants speak of the fields."""
    if actor.is_system:
        return FieldFlags((), (), system=True)
    entry = entity_access(entity)
    grants = tuple(g for g in actor.grants if g.action in FIELD_ACTIONS and _reaches(entry, g))
    bare = [_bare(entry, grant) for grant in grants]
    alike = tuple(dict.fromkeys(bare))
    places = tuple(alike.index(grant) for grant in bare)
    if all(entry.lasts(grant.scope) for grant in alike):
        who = Actor(actor.account_id, "", actor.kind, actor.district_id)
        return FieldFlags(grants, _kept_flags(_Question(entry, entity, who, alike, None, closed_resources())), places)
    return FieldFlags(grants, _flag_columns(_Question(entry, entity, actor, alike, None), clock.now()), places)


@lru_cache(maxsize=1024)
def _kept_flags(question: _Question) -> tuple[sa.Label[bool], ...]:
    """See ``_kept``."""
    return _flag_columns(question, NOW)


def _flag_columns(question: _Question, now: datetime | sa.BindParameter[datetime]) -> tuple[sa.Label[bool], ...]:
    flags = (_branch(question.entry, question.actor, grant, now) for grant in question.grants)
    return tuple(flag.label(f"access_{number}") for number, flag in enumerate(flags))


def fields(actor: Actor, obj: Any) -> dict[str, FieldRight]:
    """What ``actor`` may do with each field group of this row: ``write``, ``read``, ``mask`` or ``none``."""
    flags = field_flags(actor, type(obj))
    row = _ask(obj, flags.columns, *_home(actor, type(obj))) if flags.columns else None
    return flags.rights(_resource_of(obj), row or [False] * len(flags.columns))


def grant_right(grant: Grant, group: str) -> FieldRight:
    """What one grant alone gives on a field group. One that names no group reaches only the plain one."""
    most = FIELD_ACTIONS.get(grant.action, "none")
    groups = grant.field_groups or {PLAIN: most}
    return min(groups.get(group, "none"), most, key=FIELD_RIGHTS.index)


def explain(actor: Actor, action: str, obj: Any, *, lang: str = DEFAULT) -> Explanation:
    """Why ``actor`` may, or may not, do ``action`` with this row: the grants that decide, or their absence."""
    resource = _resource_of(obj)
    if actor.is_system:
        return explanation(actor, action, resource, [], allowed=allowed(actor, action, obj))
    entry, now = entity_access(type(obj)), clock.now()
    grants = [g for g in actor.grants if g.action == action and covers(g.resource, resource)]
    columns = [part for g in grants for part in (entry.reach(actor, now, g), _in_state(entry, g))]
    row = _ask(obj, columns, *_home(actor, type(obj))) if columns else None
    verdicts = [_verdict(g, row, 2 * n) for n, g in enumerate(grants)]
    return explanation(actor, action, resource, verdicts, allowed=any(v.holds for v in verdicts), lang=lang)


def _verdict(grant: Grant, row: Sequence[Any] | None, at: int) -> Verdict:
    scope, state = (bool(row[at]), bool(row[at + 1])) if row else (False, False)
    return Verdict(grant, in_scope=scope, in_state=state)


def _best(rights: Iterable[FieldRight]) -> FieldRight:
    return max(rights, key=FIELD_RIGHTS.index, default="none")


def _home(actor: Actor, entity: type[Any]) -> list[Criterion]:
    """Tie the rows to the actor's own district: an actor of one district is nobody in another's session."""
    column = getattr(entity, "district_id", None)
    if column is None or (actor.is_system and actor.district_id is None):
        return []
    return [sa.false() if actor.district_id is None else column == actor.district_id]


def _only(entry: EntityAccess, resource: str | None) -> list[Criterion]:
    if resource is None or isinstance(entry.resource, str):
        return []
    return [entry.resource == resource]


def _any_of(entry: EntityAccess, actor: Actor, grants: Iterable[Grant], wanted: str | None, now: Any) -> Criterion:
    """OR over the grants; those that differ in the resource alone share one branch."""
    resources: dict[Grant, set[str]] = {}
    for grant in grants:
        resources.setdefault(replace(_bare(entry, grant), resource=""), set()).add(grant.resource)
    parts = []
    for sample in sorted(resources, key=_order):
        rows = sa.and_(entry.reach(actor, now, sample), _in_state(entry, sample))
        parts.append(rows if wanted is not None else sa.and_(rows, _named(entry, resources[sample])))
    return sa.or_(sa.false(), *parts)


def _order(grant: Grant) -> tuple[str, ...]:
    """Equal grants in equal order, so that their statement is compiled once."""
    return (grant.scope, *grant.states, "", *grant.functions, str(grant.organisation_id), grant.municipality)


def _branch(entry: EntityAccess, actor: Actor, grant: Grant, now: Any) -> Criterion:
    return sa.and_(
        entry.reach(actor, now, grant),
        _in_state(entry, grant),
        _named(entry, {grant.resource}),
        sa.true(),
    )


def _in_state(entry: EntityAccess, grant: Grant) -> Criterion:
    if not grant.states:
        return sa.true()
    # A grant narrowed to states says nothing about rows that have none.
    return sa.false() if entry.state is None else entry.state.in_(sorted(grant.states))


def _named(entry: EntityAccess, names: set[str]) -> Criterion:
    if isinstance(entry.resource, str):
        return sa.true()
    if EVERY_TYPE not in names:
        return entry.resource.in_(sorted(names))
    shut = [name for name in closed_resources() if name not in names]
    return entry.resource.not_in(shut) if shut else sa.true()


def _reaches(entry: EntityAccess, grant: Grant) -> bool:
    return entry.fixed_resource is None or covers(grant.resource, entry.fixed_resource)


def _resource_of(obj: Any) -> str:
    entry = entity_access(type(obj))
    return entry.fixed_resource or str(getattr(obj, entry.resource.key))  # type: ignore[union-attr]


def _ask(obj: Any, columns: Sequence[Any], *where: Criterion) -> Any:
    """One row of ``columns`` for the stored row behind ``obj``, or ``None``."""
    session = _session_of(obj)
    entity = type(obj)
    statement = sa.select(*columns).select_from(entity)
    if instance_state(obj).pending:
        session.flush()
    with session.no_autoflush:
        return session.execute(statement.where(entity.id == obj.id, *where)).first()


def _session_of(obj: Any) -> Session:
    session = object_session(obj)
    if session is None:
        raise ValueError(f"{type(obj).__name__} belongs to no session, so no grant can be asked about it")
    return session
