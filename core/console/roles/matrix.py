"""One resource of a role's matrix as a form: a line for each set of rows, and one more to fill."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import request

from core.access.actor import FIELD_RIGHTS
from core.access.declared import declared_for, scopes_for
from core.access.layer import FIELD_ACTIONS
from core.access.rolespecs import GrantSpec, RoleSpec, role_specs
from core.console.roles.words import action_text, scope_text
from core.console.words import GROUPS, RIGHTS
from core.errors import ConfigError, FieldError, Invalid
from core.i18n import _
from core.web.questions import Field, choice, field

#: Lines offered beyond those that exist, and the most that are read.
SPARE, MOST = 1, 30


def resource_actions(resource: str) -> list[str]:
    """The actions that can be given on a resource."""
    return list(dict.fromkeys(permission.action for permission in declared_for(resource)))


def resource_states(resource: str) -> list[str]:
    """The states that a grant may be narrowed to."""
    return list(dict.fromkeys(state for permission in declared_for(resource) for state in permission.states))


def resource_groups(resource: str) -> list[str]:
    """The groups of fields that a grant may name, the plain one first; none where there is only that."""
    found = dict.fromkeys(group for permission in declared_for(resource) for group in permission.field_groups)
    return ["plain", *(group for group in found if group != "plain")] if found else []


def lines_field(resource: str, grants: Sequence[GrantSpec], error: str = "") -> Field:
    """The question with all its lines."""
    spare = [GrantSpec(resource, (), "") for _n in range(SPARE)]
    lines = [{"fields": _line(resource, n, grant), "remove": None} for n, grant in enumerate([*grants, *spare])]
    hint = _("Per togliere una riga togli tutte le sue azioni. L'ultima riga è libera.")
    return field("grants", _("Permessi"), "rows", hint=hint, lines=lines, error=error)


def _line(resource: str, number: int, grant: GrantSpec) -> list[Field]:
    actions = [(name, action_text(name), name in grant.actions) for name in resource_actions(resource)]
    scopes = [(name, scope_text(name)) for name in scopes_for(resource)]
    states = [(name, name, name in grant.states) for name in resource_states(resource)]
    parts = [
        field(f"actions-{number}", _("Che cosa può fare"), "choices", options=actions),
        choice(f"scope-{number}", _("Su quali righe"), scopes, grant.scope),
    ]
    if states:
        hint = _("Se non ne scegli nessuno vale in tutti gli stati.")
        parts.append(field(f"states-{number}", _("In quali stati"), "choices", options=states, hint=hint))
    for group in resource_groups(resource):
        options = [(right, str(RIGHTS[right])) for right in FIELD_RIGHTS]
        right = grant.field_groups.get(group, "none") if grant.field_groups else _usual(group, grant)
        parts.append(choice(f"group-{group}-{number}", _group_label(group), options, right))
    return parts


def _usual(group: str, grant: GrantSpec) -> str:
    """What a grant that names no group says of one."""
    if group != "plain":
        return "none"
    return "write" if "change" in grant.actions else "read"


def _group_label(group: str) -> str:
    return str(GROUPS.get(group, group)).capitalize()


def posted_lines(resource: str) -> tuple[GrantSpec, ...]:
    """The lines that were typed; one without actions is no line. Raises Invalid for a line without rows."""
    lines = [
        _posted(resource, n) for n in range(MOST) if f"scope-{n}" in request.form or f"actions-{n}" in request.form
    ]
    found = [line for line in lines if line.actions]
    for number, line in enumerate(lines):
        if line.actions and not line.scope:
            raise Invalid([FieldError(f"scope-{number}", _("Scegli su quali righe vale."), "required")])
    return tuple(found)


def _posted(resource: str, number: int) -> GrantSpec:
    form = request.form
    known = resource_actions(resource)
    actions = tuple(name for name in form.getlist(f"actions-{number}") if name in known)
    states = tuple(name for name in form.getlist(f"states-{number}") if name in resource_states(resource))
    scope = form.get(f"scope-{number}", "")
    groups = {group: form.get(f"group-{group}-{number}", "none") for group in resource_groups(resource)}
    spoken = groups if FIELD_ACTIONS.keys() & set(actions) else {}
    return GrantSpec(resource, actions, scope if scope in scopes_for(resource) else "", states, spoken)


def with_resource(spec: RoleSpec, resource: str, lines: Sequence[GrantSpec]) -> RoleSpec:
    """The role with these lines in place of those it has on the resource."""
    return replace(spec, grants=(*(grant for grant in spec.grants if grant.resource != resource), *lines))


def to_text(spec: RoleSpec) -> str:
    """A role as a hidden field carries it from the page of effects to the one that saves."""
    return json.dumps(spec.table())


def from_text(text: str) -> RoleSpec:
    """The opposite of ``to_text``. Raises Invalid for anything else."""
    try:
        table: Any = json.loads(text)
        return role_specs([table if isinstance(table, Mapping) else {}])[0]
    except (ValueError, ConfigError, RecursionError) as error:
        raise Invalid([FieldError("", _("Ricomincia dalla pagina del ruolo."), "spec")]) from error
