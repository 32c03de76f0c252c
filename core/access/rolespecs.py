"""Roles as a territorial model writes them (``roles.toml``), checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.access.actor import FIELD_RIGHTS, INSTALLATION
from core.access.functions import LABELS, UNIQUE_IN
from core.access.registry import scope_names
from core.errors import ConfigError
from core.i18n import DEFAULT

ROLE_KEYS = frozenset({"key", "label", "visitor", "functions", "two_factor", "grants"})
FUNCTION_KEYS = frozenset({"key", "label", "unique"})
GRANT_KEYS = frozenset({"resource", "actions", "states", "scope", "field_groups"})


@dataclass(frozen=True, slots=True)
class GrantSpec:
    """The grants of a role on one resource: one for each action. ``field_groups`` gives a right by group."""

    resource: str
    actions: tuple[str, ...]
    scope: str
    states: tuple[str, ...] = ()
    field_groups: Mapping[str, str] = field(default_factory=dict)

    def table(self) -> dict[str, Any]:
        """The grants as ``roles.toml`` writes them."""
        facts = {"resource": self.resource, "actions": list(self.actions), "states": list(self.states)}
        groups = {"field_groups": dict(self.field_groups)} if self.field_groups else {}
        return {**facts, "scope": self.scope, **groups}


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role with its grants, the functions its holders may have in a team, and whether it demands two-factor."""

    key: str
    label: Mapping[str, str]
    visitor: bool = False
    grants: tuple[GrantSpec, ...] = ()
    functions: tuple[str, ...] = ()
    two_factor: bool = False

    def table(self) -> dict[str, Any]:
        """The role as ``roles.toml`` writes it."""
        facts = {"key": self.key, "label": dict(self.label), "visitor": self.visitor}
        more = {"functions": list(self.functions), "two_factor": self.two_factor}
        return {**facts, **more, "grants": [grant.table() for grant in self.grants]}


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What a district calls a function, and where one person alone may hold it."""

    key: str
    label: Mapping[str, str]
    unique_in: str = ""


def role_specs(roles: Iterable[Mapping[str, Any]], *, file: str = "roles.toml") -> tuple[RoleSpec, ...]:
    """Roles in one shape. Raises ConfigError naming ``file``, key and remedy."""
    specs = tuple(_role(role, file, number) for number, role in enumerate(roles, 1))
    _no_twins([spec.key for spec in specs], file, "roles")
    return specs


def function_specs(functions: Iterable[Mapping[str, Any]], *, file: str = "roles.toml") -> tuple[FunctionSpec, ...]:
    """Functions in one shape. Raises ConfigError naming ``file``, key and remedy."""
    specs = tuple(_function(table, file, number) for number, table in enumerate(functions, 1))
    _no_twins([spec.key for spec in specs], file, "functions")
    return specs


def _no_twins(keys: Sequence[str], file: str, table: str) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(file, f"{table}.{key}", "the key is written twice", "Keep one of the two")


def _function(table: Mapping[str, Any], file: str, number: int) -> FunctionSpec:
    where = f"functions.{table.get('key') or number}"
    _no_strangers(table, FUNCTION_KEYS, file, where)
    key = _known_function(_word(table, "key", file, where, 40), file, f"{where}.key")
    unique = table.get("unique", "")
    if unique not in UNIQUE_IN:
        remedy = f"Write one of: {', '.join(repr(word) for word in UNIQUE_IN)}"
        raise ConfigError(file, f"{where}.unique", f"'{unique}' is no place where a function is unique", remedy)
    return FunctionSpec(key, {**LABELS[key], **_label(table, file, where, needed=False)}, unique)


def _known_function(key: str, file: str, where: str) -> str:
    if key not in LABELS:
        raise ConfigError(file, where, f"the function '{key}' does not exist", f"Choose one of: {', '.join(LABELS)}")
    return key


def _role(table: Mapping[str, Any], file: str, number: int) -> RoleSpec:
    where = f"roles.{table.get('key') or number}"
    _no_strangers(table, ROLE_KEYS, file, where)
    visitor, two_factor = _flag(table, "visitor", file, where), _flag(table, "two_factor", file, where)
    if visitor and two_factor:
        raise ConfigError(file, f"{where}.two_factor", "a visitor has no second factor", "Take one of the two away")
    grants = tuple(_grant(g, file, where, n) for n, g in enumerate(table.get("grants") or (), 1))
    functions = _words(table, "functions", file, where, 40)
    for key in functions:
        _known_function(key, file, f"{where}.functions")
    label = _label(table, file, where)
    return RoleSpec(_word(table, "key", file, where, 60), label, visitor, grants, functions, two_factor)


def _label(table: Mapping[str, Any], file: str, where: str, *, needed: bool = True) -> dict[str, str]:
    label = table.get("label")
    if label is None and not needed:
        return {}
    if not isinstance(label, Mapping) or not label.get(DEFAULT):
        raise ConfigError(file, f"{where}.label", "the Italian name is missing", 'Write label = { it = "..." }')
    return dict(label)


def _flag(table: Mapping[str, Any], key: str, file: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise ConfigError(file, f"{where}.{key}", "it is neither true nor false", f"Write {key} = true or false")
    return value


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
