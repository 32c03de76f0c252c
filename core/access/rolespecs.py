"""Roles as a territorial model writes them (``roles.toml``), checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.access.actor import FIELD_RIGHTS, INSTALLATION
from core.access.registry import scope_names
from core.errors import ConfigError
from core.i18n import DEFAULT

ROLE_KEYS = frozenset({"key", "label", "visitor", "grants"})
GRANT_KEYS = frozenset({"resource", "actions", "states", "scope", "field_groups"})


@dataclass(frozen=True, slots=True)
class GrantSpec:
    """The grants of a role on one resource: one for each action. ``field_groups`` gives a right by group."""

    resource: str
    actions: tuple[str, ...]
    scope: str
    states: tuple[str, ...] = ()
    field_groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role with its grants."""

    key: str
    label: Mapping[str, str]
    visitor: bool = False
    grants: tuple[GrantSpec, ...] = ()


def role_specs(roles: Iterable[Mapping[str, Any]], *, file: str = "roles.toml") -> tuple[RoleSpec, ...]:
    """Roles in one shape. Raises ConfigError naming ``file``, key and remedy."""
    specs = tuple(_role(role, file, number) for number, role in enumerate(roles, 1))
    keys = [spec.key for spec in specs]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(file, f"roles.{key}", "the role is written twice", "Keep one of the two")
    return specs


def _role(table: Mapping[str, Any], file: str, number: int) -> RoleSpec:
    where = f"roles.{table.get('key') or number}"
    _no_strangers(table, ROLE_KEYS, file, where)
    label = table.get("label")
    if not isinstance(label, Mapping) or not label.get(DEFAULT):
        raise ConfigError(file, f"{where}.label", "the Italian name is missing", 'Write label = { it = "..." }')
    visitor = table.get("visitor", False)
    if not isinstance(visitor, bool):
        raise ConfigError(file, f"{where}.visitor", "it is neither true nor false", "Write visitor = true or false")
    grants = tuple(_grant(g, file, where, n) for n, g in enumerate(table.get("grants") or (), 1))
    return RoleSpec(_word(table, "key", file, where, 60), dict(label), visitor, grants)


def _grant(table: Mapping[str, Any], file: str, role: str, number: int) -> GrantSpec:
    where = f"{role}.grants.{number}"
    _no_strangers(table, GRANT_KEYS, file, where)
    actions = _words(table, "actions", file, where, 40)
    if not actions:
        raise ConfigError(file, f"{where}.actions", "no action is named", 'Write actions = ["read"]')
    scope = _word(table, "scope", file, where, 40)
    if scope == INSTALLATION or scope not in {*scope_names(), "public", "own"}:
        known = ", ".join(sorted({*scope_names(), "public", "own"} - {INSTALLATION}))
        raise ConfigError(file, f"{where}.scope", f"nobody declares the scope '{scope}'", f"Choose one of: {known}")
    states, groups = _words(table, "states", file, where, 40), _groups(table, file, where)
    return GrantSpec(_word(table, "resource", file, where, 60), actions, scope, states, groups)


def _groups(table: Mapping[str, Any], file: str, where: str) -> dict[str, str]:
    groups = table.get("field_groups") or {}
    if not isinstance(groups, Mapping) or any(right not in FIELD_RIGHTS for right in groups.values()):
        remedy = f'Write field_groups = {{ personal = "read" }} with one of: {", ".join(FIELD_RIGHTS)}'
        raise ConfigError(file, f"{where}.field_groups", "a right by field group is expected", remedy)
    return dict(groups)


def _no_strangers(table: Mapping[str, Any], known: frozenset[str], file: str, where: str) -> None:
    for key in sorted(set(table) - known):
        raise ConfigError(file, f"{where}.{key}", "the key is unknown", f"Choose one of: {', '.join(sorted(known))}")


def _word(table: Mapping[str, Any], key: str, file: str, where: str, longest: int) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        problem = f"a text of 1 to {longest} characters is expected"
        raise ConfigError(file, f"{where}.{key}", problem, f'Write {key} = "..."')
    return value


def _words(table: Mapping[str, Any], key: str, file: str, where: str, longest: int) -> tuple[str, ...]:
    values = table.get(key) or ()
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ConfigError(file, f"{where}.{key}", "a list of texts is expected", f'Write {key} = ["..."]')
    return tuple(_word({key: value}, key, file, where, longest) for value in values)
