"""Rights and their changes as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from core.access.functions import LABELS
from core.access.impact import Impact, Right
from core.access.rolespecs import GrantSpec
from core.console.words import ACTIONS, GROUPS, RIGHTS, SCOPES, resource_text
from core.i18n import _, _l, ngettext, pick
from core.web.context import current

ORIGINS = {
    "model": _l("dal modello"),
    "changed": _l("cambiato qui"),
    "console": _l("fatto qui"),
    "retired": _l("non è più nel modello"),
}


def function_names(keys: Iterable[str], labels: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Functions in words."""
    known = {**LABELS, **(labels or {})}
    return ", ".join(pick(known.get(key, {}), current.lang) or key for key in keys)


def action_text(action: str) -> str:
    """An action in words."""
    return str(ACTIONS.get(action, action))


def scope_text(scope: str) -> str:
    """A set of rows in words."""
    return str(SCOPES.get(scope, scope))


def groups_text(groups: Mapping[str, str]) -> str:
    """What may be done with each group of fields."""
    return "; ".join(f"{GROUPS.get(group, group)}: {RIGHTS[right]}" for group, right in groups.items())


def grant_cells(grant: GrantSpec) -> list[str]:
    """What, which rows, in which states, which fields."""
    return [
        ", ".join(action_text(action) for action in grant.actions),
        scope_text(grant.scope),
        ", ".join(grant.states) or _("tutti"),
        groups_text(grant.field_groups) or "-",
    ]


def right_text(right: Right) -> str:
    """One permission as a sentence."""
    parts = {
        "resource": resource_text(right.resource),
        "action": action_text(right.action),
        "scope": scope_text(right.scope),
    }
    text = _("%(resource)s: %(action)s, %(scope)s", **parts)
    states = _("solo in questi stati: %(states)s", states=", ".join(right.states)) if right.states else ""
    return ". ".join(filter(None, (str(text), states, groups_text(dict(right.groups))))) + "."


def added_texts(impact: Impact) -> list[tuple[str, str]]:
    """What the role gains, as reasons of a panel."""
    found = [("yes", right_text(right)) for right in impact.added]
    if impact.functions_added:
        found.append(("yes", _("Funzioni: %(names)s.", names=function_names(impact.functions_added))))
    if impact.two_factor is False:
        found.append(("half", _("I permessi valgono anche senza il secondo passaggio all'ingresso.")))
    return found


def removed_texts(impact: Impact) -> list[tuple[str, str]]:
    """What the role loses, as reasons of a panel."""
    found = [("no", right_text(right)) for right in impact.removed]
    if impact.functions_removed:
        found.append(("no", _("Funzioni: %(names)s.", names=function_names(impact.functions_removed))))
    if impact.two_factor:
        found.append(("half", _("I permessi valgono solo dopo il secondo passaggio all'ingresso.")))
    return found


def people_text(impact: Impact) -> str:
    """How many people are affected."""
    if not impact.people:
        return str(_("Nessuna persona ha questo ruolo adesso."))
    return ngettext(
        "Una persona ha questo ruolo: per lei cambia da subito.",
        "%(num)s persone hanno questo ruolo: per loro cambia da subito.",
        impact.people,
    )


def loss_texts(impact: Impact) -> list[tuple[str, str]]:
    """Who cannot do what any more."""
    return [
        ("no", _("%(name)s perde: %(rights)s", name=loss.name, rights=" ".join(map(right_text, loss.rights))))
        for loss in impact.losses
    ]


def grants_by_resource(grants: Sequence[GrantSpec]) -> dict[str, list[GrantSpec]]:
    """The grants of a role, by resource, in the order of their names on screen."""
    found: dict[str, list[GrantSpec]] = {}
    for grant in sorted(grants, key=lambda g: (resource_text(g.resource), g.scope, g.states)):
        found.setdefault(grant.resource, []).append(grant)
    return found
