"""Roles changed by people in the console: made, changed, retired. What an apply of the model leaves alone."""

from __future__ import annotations

import re
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import GUARDED_GROUPS, PLAIN, Actor
from core.access.declared import problems_of
from core.access.guards import district_keeps_administrator, own_district, roles_held
from core.access.impact import gained
from core.access.models import Role
from core.access.operations.model import CHANGED, CONSOLE, MODEL
from core.access.operations.trail import trail
from core.access.permissions import ROLES
from core.access.rolerows import facts_of_spec, retire, role_by_key, stored_spec, write_role
from core.access.rolespecs import RoleSpec
from core.errors import Conflict, FieldError, Invalid, Refused
from core.i18n import DEFAULT, _

KEY = re.compile(r"[a-z][a-z0-9_]{1,59}")
LONGEST_LABEL = 80


def make_role(session: Session, spec: RoleSpec, *, actor: Actor) -> Role:
    """Add a role of the console's own, perhaps a copy of another. Raises Invalid, AccessDenied."""
    own_district(session, actor, ROLES)
    errors = _problems(spec)
    if not KEY.fullmatch(spec.key):
        message = _("Scrivi una parola di lettere minuscole, cifre e _ (per esempio: tutor_sera).")
        errors.append(FieldError("key", message, "key"))
    elif session.scalar(sa.select(Role.id).where(Role.key == spec.key)) is not None:
        errors.append(FieldError("key", _("C'è già un ruolo con questa chiave."), "taken"))
    if errors:
        raise Invalid(errors)
    role = write_role(session, None, replace(spec, visitor=False), origin=CONSOLE)
    trail(session, actor, "make_role", spec.key, role, guarded=_guarded(spec))
    return role


def change_role(session: Session, key: str, spec: RoleSpec, *, actor: Actor, version: int) -> Role:
    """Make the role be this. ``version`` is the one that was read.

    Raises Conflict when somebody changed it in the meantime, Invalid, AccessDenied; Refused when the actor's own role
    would gain anything, and when nobody would be left to administer the district.
    """
    own_district(session, actor, ROLES)
    role = role_by_key(session, key)
    before = stored_spec(session, role)
    wanted = replace(spec, key=role.key, visitor=role.is_visitor)
    if errors := _problems(wanted):
        raise Invalid(errors)
    _not_ones_own(session, role, before, wanted, actor)
    _take_version(session, role, version)
    with district_keeps_administrator(session):
        write_role(session, role, wanted, origin=CONSOLE if role.origin == CONSOLE else CHANGED)
    trail(session, actor, "change_role", key, role, guarded=_guarded(wanted), **_difference(before, wanted))
    return role


def retire_role(session: Session, key: str, *, actor: Actor, version: int) -> None:
    """Take every right from the role: nobody is given it any more, who held it stays readable.

    Raises Conflict for a stale ``version``, Refused when nobody would be left to administer the district or for the
    visitor's role, AccessDenied.
    """
    own_district(session, actor, ROLES)
    role = role_by_key(session, key)
    if role.is_visitor:
        raise Refused(_("Il ruolo di chi visita il sito non si toglie: puoi togliere i suoi permessi."), code="visitor")
    _take_version(session, role, version)
    trail(session, actor, "retire_role", key, role)
    with district_keeps_administrator(session):
        retire(session, role, origin=CONSOLE if role.origin == CONSOLE else CHANGED)


def write_model_role(session: Session, spec: RoleSpec, *, actor: Actor, version: int) -> Role:
    """Return a changed role to what the model says. Raises as ``change_role`` does."""
    own_district(session, actor, ROLES)
    role = role_by_key(session, spec.key)
    before = stored_spec(session, role)
    _not_ones_own(session, role, before, spec, actor)
    _take_version(session, role, version)
    with district_keeps_administrator(session):
        write_role(session, role, spec, origin=MODEL)
    trail(session, actor, "reset_role", spec.key, role, guarded=_guarded(spec), **_difference(before, spec))
    return role


def _problems(spec: RoleSpec) -> list[FieldError]:
    errors = [FieldError("grants", text, "grants") for text in problems_of(spec)]
    if not 0 < len(spec.label.get(DEFAULT, "").strip()) <= LONGEST_LABEL:
        message = _("Scrivi un nome, al massimo %(count)s caratteri.", count=LONGEST_LABEL)
        errors.append(FieldError("label", message, "label"))
    if spec.visitor and any("." in g.resource or not set(g.actions) <= READS for g in spec.grants):
        message = _("Chi visita il sito può solo leggere le schede.")
        errors.append(FieldError("grants", message, "visitor"))
    if spec.visitor and any(_beyond_plain(grant.field_groups) for grant in spec.grants):
        message = _("Chi visita il sito non vede dati protetti.")
        errors.append(FieldError("grants", message, "visitor"))
    return errors


def _beyond_plain(groups: object) -> bool:
    return isinstance(groups, dict) and any(right != "none" for group, right in groups.items() if group != PLAIN)


def _not_ones_own(session: Session, role: Role, before: RoleSpec, after: RoleSpec, actor: Actor) -> None:
    """Nobody widens a role that she holds: another administrator does it, and the log says who."""
    if actor.account_id is None or not roles_held(session, actor.account_id, role.id, clock.now()):
        return
    if gained(before, after):
        message = _("Hai questo ruolo: puoi togliergli permessi, ma non dargliene. Chiedilo a un'altra persona.")
        raise Refused(message, code="own_role")


def _take_version(session: Session, role: Role, version: int) -> None:
    """Count the change, unless somebody has counted one since ``version`` was read."""
    mine = sa.update(Role).where(Role.id == role.id, Role.version == version).values(version=Role.version)
    if session.execute(mine.execution_options(synchronize_session=False)).rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(_("Qualcun altro ha cambiato questo ruolo nel frattempo."))
    session.refresh(role)


def _guarded(spec: RoleSpec) -> list[str]:
    """The protected groups that the role may read or write: what an auditor looks for first."""
    groups = {group for grant in spec.grants for group, right in grant.field_groups.items() if right in OPEN}
    return sorted(groups.intersection(GUARDED_GROUPS))


OPEN = ("read", "write")
#: What the visitor's role may give: everybody holds it, so whoever widened it would widen her own rights.
READS = frozenset({"read"})


def _difference(before: RoleSpec, after: RoleSpec) -> dict[str, list[str]]:
    """The rights added and taken, in the words of ``roles.toml``."""
    old, new = facts_of_spec(before), facts_of_spec(after)
    parts = {"added": sorted(new - old), "removed": sorted(old - new)}
    return {name: [f"{r}:{a}:{s}" for r, a, s, _states, _groups in facts] for name, facts in parts.items() if facts}
