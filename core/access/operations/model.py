"""Roles and functions as a territorial model writes them; what the console changed stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.access.actor import Actor
from core.access.guards import district_keeps_administrator, own_district
from core.access.models import Function, Role
from core.access.operations.trail import trail
from core.access.permissions import ROLES
from core.access.rolerows import Facts, facts_of_spec, retire, stored_facts, write_role
from core.access.rolespecs import FunctionSpec, RoleSpec, function_specs, role_specs
from core.db import district_of
from core.errors import ConfigError

MODEL, CHANGED, CONSOLE, RETIRED = "model", "changed", "console", "retired"


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """Keys of the roles that an apply added, changed and retired."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def replace_roles(
    session: Session,
    roles: Iterable[Mapping[str, Any]],
    *,
    functions: Iterable[Mapping[str, Any]] = (),
    actor: Actor | None = None,
    file: str = "roles.toml",
) -> RoleChanges:
    """Make the model's roles and functions of the session's district be these, in the shape of ``roles.toml``.

    A role that disappears is deleted; while somebody holds it, it stays without grants. A role that the console changed
    stays as it is. Applying the same roles again changes nothing. Raises ConfigError naming ``file`` and key, Refused
    when no administrator would be left.
    """
    actor = actor or Actor.system(district_of(session), "model")
    own_district(session, actor, ROLES)
    specs = role_specs(roles, file=file)
    before = {role.key: role for role in session.scalars(sa.select(Role))}
    for spec in specs:
        if spec.key in before and before[spec.key].origin == CONSOLE:
            remedy = "Rename one of the two"
            raise ConfigError(file, f"roles.{spec.key}", "the console has made a role with this key", remedy)
    _write_functions(session, function_specs(functions, file=file))
    with district_keeps_administrator(session):
        changes = _replace(session, specs, before)
        session.flush()
    if changes.added or changes.changed or changes.retired:
        parts = {"added": changes.added, "changed": changes.changed, "retired": changes.retired}
        trail(session, actor, "replace_roles", file, None, **{key: list(value) for key, value in parts.items()})
    return changes


def _replace(session: Session, specs: tuple[RoleSpec, ...], before: Mapping[str, Role]) -> RoleChanges:
    stored = stored_facts(session)
    ours = [spec for spec in specs if spec.key not in before or before[spec.key].origin != CHANGED]
    added = tuple(spec.key for spec in ours if spec.key not in before)
    changed = tuple(s.key for s in ours if s.key in before and _differs(before[s.key], s, stored))
    for spec in ours:
        if spec.key in {*added, *changed}:
            write_role(session, before.get(spec.key), spec, origin=MODEL)
    wanted = {spec.key for spec in specs}
    gone = [role for key, role in before.items() if key not in wanted and role.origin == MODEL]
    for role in gone:
        retire(session, role, origin=RETIRED)
    return RoleChanges(added, changed, tuple(role.key for role in gone))


def _differs(role: Role, spec: RoleSpec, stored: Mapping[UUID, frozenset[Facts]]) -> bool:
    ours = (role.label, role.is_visitor, role.origin, tuple(role.functions), role.two_factor)
    theirs = (dict(spec.label), spec.visitor, MODEL, spec.functions, spec.two_factor)
    return ours != theirs or stored.get(role.id, frozenset()) != facts_of_spec(spec)


def _write_functions(session: Session, specs: tuple[FunctionSpec, ...]) -> None:
    left = {row.key: row for row in session.scalars(sa.select(Function))}
    for spec in specs:
        row = left.pop(spec.key, None)
        if row is None:
            row = Function(key=spec.key)
            session.add(row)
        row.label, row.unique_in = dict(spec.label), spec.unique_in
    for row in left.values():
        session.delete(row)
    session.flush()
