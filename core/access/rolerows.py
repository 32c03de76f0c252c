"""Roles between their rows and the shape of ``roles.toml``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import FIELD_RIGHTS, PLAIN, FieldRight
from core.access.layer import FIELD_ACTIONS
from core.access.models import Role, RoleGrant, RoleHolder
from core.access.rolespecs import GrantSpec, RoleSpec
from core.errors import NotFound
from core.i18n import _

#: What makes two grants one: resource, action, scope, states, field groups.
Facts = tuple[str, str, str, tuple[str, ...], tuple[tuple[str, str], ...]]


def role_by_key(session: Session, key: str) -> Role:
    """The role of the session's district with this key. Raises NotFound."""
    role = session.scalar(sa.select(Role).where(Role.key == key))
    if role is None:
        known = ", ".join(session.scalars(sa.select(Role.key).where(Role.is_visitor.is_(False)).order_by(Role.key)))
        raise NotFound(_("Il ruolo «%(role)s» non c'è. Ruoli del distretto: %(known)s.", role=key, known=known))
    return role


def facts_of(grant: RoleGrant) -> Facts:
    """What a stored grant says."""
    return grant.resource, grant.action, grant.scope, tuple(grant.states), tuple(sorted(grant.field_groups.items()))


def facts_of_spec(spec: RoleSpec) -> frozenset[Facts]:
    """What the grants of a role say."""
    return frozenset(facts_of(row) for row in grant_rows(spec))


def stored_facts(session: Session) -> dict[UUID, frozenset[Facts]]:
    """What the grants of every role of the session's district say, by role."""
    stored: dict[UUID, set[Facts]] = {}
    for grant in session.scalars(sa.select(RoleGrant)):
        stored.setdefault(grant.role_id, set()).add(facts_of(grant))
    return {role: frozenset(facts) for role, facts in stored.items()}


def grant_rows(spec: RoleSpec) -> Iterator[RoleGrant]:
    """The rows of a role: one for each action."""
    return (_row(grant, action) for grant in spec.grants for action in dict.fromkeys(grant.actions))


def _row(grant: GrantSpec, action: str) -> RoleGrant:
    return RoleGrant(
        resource=grant.resource,
        action=action,
        scope=grant.scope,
        states=sorted(set(grant.states)),
        field_groups=_groups(grant.field_groups, FIELD_ACTIONS[action]) if action in FIELD_ACTIONS else {},
    )


def _groups(groups: Mapping[str, str], most: FieldRight) -> dict[str, str]:
    """The rights by field group in one shape: none above what the action gives, and nothing said twice."""
    given = {name: min(right, most, key=FIELD_RIGHTS.index) for name, right in groups.items() if right != "none"}
    if groups and not given:
        return {PLAIN: "none"}
    return {} if given == {PLAIN: most} else given


def grants_of(facts: Iterable[Facts]) -> tuple[GrantSpec, ...]:
    """Grants that differ in the action alone, put together as ``roles.toml`` writes them."""
    actions: dict[tuple[Any, ...], list[str]] = {}
    for resource, action, scope, states, groups in sorted(facts):
        actions.setdefault((resource, scope, states, groups), []).append(action)
    return tuple(
        GrantSpec(resource, tuple(names), scope, states, dict(groups))
        for (resource, scope, states, groups), names in actions.items()
    )


def spec_of(role: Role, facts: Iterable[Facts]) -> RoleSpec:
    """A stored role in the shape of ``roles.toml``."""
    grants = grants_of(facts)
    return RoleSpec(role.key, dict(role.label), role.is_visitor, grants, tuple(role.functions), role.two_factor)


def stored_spec(session: Session, role: Role) -> RoleSpec:
    """One stored role in the shape of ``roles.toml``."""
    rows = session.scalars(sa.select(RoleGrant).where(RoleGrant.role_id == role.id))
    return spec_of(role, {facts_of(row) for row in rows})


def console_roles(session: Session) -> list[tuple[RoleSpec, bool]]:
    """The roles that the console made or changed, and whether it retired them."""
    ours = sa.select(Role).where(Role.origin.in_(("changed", "console"))).order_by(Role.key)
    stored = stored_facts(session)
    return [(spec_of(role, stored.get(role.id, ())), role.retired_at is not None) for role in session.scalars(ours)]


def write_role(session: Session, role: Role | None, spec: RoleSpec, *, origin: str) -> Role:
    """Make the role's rows those of the spec."""
    if role is None:
        role = Role(key=spec.key, version=0)
        session.add(role)
    role.label, role.is_visitor, role.origin = dict(spec.label), spec.visitor, origin
    role.functions, role.two_factor, role.retired_at = list(spec.functions), spec.two_factor, None
    role.version += 1
    session.flush()
    write_grants(session, role, spec)
    return role


def write_grants(session: Session, role: Role, spec: RoleSpec) -> None:
    """Make the role's grants those of the spec; the rows that stay keep their id."""
    wanted: Mapping[Facts, RoleGrant] = {facts_of(row): row for row in grant_rows(spec)}
    kept = set()
    for row in session.scalars(sa.select(RoleGrant).where(RoleGrant.role_id == role.id)).all():
        if facts_of(row) in wanted and facts_of(row) not in kept:
            kept.add(facts_of(row))
        else:
            session.delete(row)
    for facts, row in wanted.items():
        if facts not in kept:
            row.role_id = role.id
            session.add(row)
    session.flush()


def retire(session: Session, role: Role, *, origin: str) -> None:
    """Take every grant away; the role itself stays while anybody holds or held it, or the model would bring it back."""
    session.execute(sa.delete(RoleGrant).where(RoleGrant.role_id == role.id))
    held = session.scalar(sa.select(RoleHolder.id).where(RoleHolder.role_id == role.id).limit(1)) is not None
    if held or origin == "changed":
        # Kept: who held it, and when, must still be readable.
        role.origin, role.retired_at, role.version = origin, clock.now(), role.version + 1
    else:
        session.delete(role)
    session.flush()
