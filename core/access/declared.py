"""Whether somebody declares what a grant names: checked when a model is read and when a role is changed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.access.actor import ALL, EVERY_TYPE, INSTALLATION, PLAIN
from core.access.layer import FIELD_ACTIONS
from core.access.registry import Permission, covers, permissions, scopes_of
from core.access.rolespecs import GrantSpec, RoleSpec
from core.i18n import _


@dataclass(frozen=True, slots=True)
class Problem:
    """What a grant names that nobody declares, the key that names it, and what would do."""

    key: str
    text: str
    remedy: str


def problem_of(grant: GrantSpec) -> Problem | None:
    """The first thing that the grant names and nobody declares, or ``None``."""
    return next(_problems(grant), None)


def problems_of(spec: RoleSpec) -> list[str]:
    """A sentence for each grant of the role that names what nobody declares."""
    found = (problem_of(grant) for grant in spec.grants)
    return [problem.text for problem in found if problem is not None]


def declared_for(resource: str) -> tuple[Permission, ...]:
    """The permissions that a grant on the resource may name."""
    if resource == EVERY_TYPE:
        return tuple(p for p in permissions() if covers(EVERY_TYPE, p.resource))
    return tuple(p for p in permissions() if p.resource == resource)


def scopes_for(resource: str) -> tuple[str, ...]:
    """The scopes that a grant on the resource may name, the widest first."""
    return (ALL, *sorted(scopes_of(resource) - {ALL, INSTALLATION}))


def _problems(grant: GrantSpec) -> Iterator[Problem]:
    declared = declared_for(grant.resource)
    if not declared:
        known = ", ".join(sorted({p.resource for p in permissions()}))
        text = _("nessun plugin installato dichiara «%(name)s»", name=grant.resource)
        yield Problem("resource", text, _("Scegli tra: %(names)s.", names=known))
        return
    for action in grant.actions:
        spoken = [p for p in declared if p.action == action]
        if not spoken:
            text = _("«%(action)s» non si può fare su «%(name)s»", action=action, name=grant.resource)
            yield Problem("actions", text, _choose(p.action for p in declared))
        yield from _narrowings(grant, action, spoken)
    if grant.scope not in scopes_for(grant.resource):
        text = _("«%(name)s» non conosce l'insieme di righe «%(scope)s»", name=grant.resource, scope=grant.scope)
        yield Problem("scope", text, _choose(scopes_for(grant.resource)))


def _narrowings(grant: GrantSpec, action: str, spoken: list[Permission]) -> Iterator[Problem]:
    states = {state for p in spoken for state in p.states}
    for state in grant.states:
        if spoken and state not in states:
            text = _("«%(name)s» non conosce lo stato «%(state)s»", name=grant.resource, state=state)
            yield Problem("states", text, _choose(states))
    groups = {PLAIN, *(group for p in spoken for group in p.field_groups)}
    for group in grant.field_groups if spoken and action in FIELD_ACTIONS else ():
        if group not in groups:
            text = _("«%(name)s» non ha il gruppo di campi «%(group)s»", name=grant.resource, group=group)
            yield Problem("field_groups", text, _choose(groups))


def _choose(names: object) -> str:
    words = ", ".join(sorted(set(names)))  # type: ignore[call-overload]
    return _("Scegli tra: %(names)s.", names=words) if words else _("Toglilo.")
