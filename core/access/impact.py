"""What changing a role does: rights gained and lost, and who loses what. Reads only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import ALL, FIELD_RIGHTS, PLAIN, FieldRight
from core.access.layer import FIELD_ACTIONS
from core.access.models import Account, Membership, Role, RoleHolder
from core.access.permissions import valid
from core.access.registry import covers
from core.access.rolerows import Facts, facts_of_spec, stored_facts
from core.access.rolespecs import RoleSpec
from core.db import district_of


@dataclass(frozen=True, slots=True)
class Right:
    """One permission as a sentence needs it. ``groups``: the right by field group, for reading and changing."""

    resource: str
    action: str
    scope: str
    states: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Loss:
    """What somebody cannot do any more, whatever other roles she has."""

    name: str
    rights: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """The consequences of a change, before it is made. ``people``: active accounts that hold the role now."""

    added: tuple[Right, ...]
    removed: tuple[Right, ...]
    people: int
    losses: tuple[Loss, ...]
    two_factor: bool | None
    functions_added: tuple[str, ...]
    functions_removed: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing of substance changes."""
        changed = self.added or self.removed or self.functions_added or self.functions_removed
        return not changed and self.two_factor is None


def right_of(facts: Facts) -> Right:
    """A grant's facts by name."""
    return Right(*facts)


def impact_of(session: Session, role: Role, before: RoleSpec, after: RoleSpec) -> Impact:
    """What changes when the role becomes ``after``; for a role without holders nobody loses anything."""
    old, new = facts_of_spec(before), facts_of_spec(after)
    removed = [facts for facts in sorted(old) if not _covered(facts, new)]
    people = holders_now(session, role)
    return Impact(
        added=tuple(right_of(facts) for facts in sorted(new - old)),
        removed=tuple(right_of(facts) for facts in sorted(old - new)),
        people=len(people),
        losses=tuple(_losses(session, role, people, removed)),
        two_factor=after.two_factor if after.two_factor != before.two_factor else None,
        functions_added=tuple(sorted(set(after.functions) - set(before.functions))),
        functions_removed=tuple(sorted(set(before.functions) - set(after.functions))),
    )


def gained(before: RoleSpec, after: RoleSpec) -> bool:
    """Whether the role can do anything that it could not: a right, a function, or any of it without two-factor."""
    old = facts_of_spec(before)
    wider = any(not _covered(facts, old) for facts in facts_of_spec(after))
    return wider or (before.two_factor and not after.two_factor) or not set(after.functions) <= set(before.functions)


def holders_now(session: Session, role: Role) -> list[Account]:
    """The active members of the district who hold the role now, by name."""
    now = clock.now()
    held = sa.select(RoleHolder.account_id).where(RoleHolder.role_id == role.id, valid(RoleHolder, now))
    members = sa.select(Membership.account_id).where(
        Membership.member_of == district_of(session), valid(Membership, now)
    )
    people = sa.select(Account).where(Account.id.in_(held), Account.id.in_(members), Account.active)
    return list(session.scalars(people.order_by(Account.name, Account.email)))


def _losses(session: Session, role: Role, people: Iterable[Account], removed: list[Facts]) -> Iterable[Loss]:
    stored = stored_facts(session)
    for account in people:
        others = _other_roles(session, role, account)
        kept: frozenset[Facts] = frozenset().union(*(stored.get(other, frozenset()) for other in others))
        lost = tuple(right_of(facts) for facts in removed if not _covered(facts, kept))
        if lost:
            yield Loss(account.name, lost)


def _other_roles(session: Session, role: Role, account: Account) -> list[UUID]:
    held = sa.select(RoleHolder.role_id).where(
        RoleHolder.account_id == account.id, RoleHolder.role_id != role.id, valid(RoleHolder, clock.now())
    )
    visitors = sa.select(Role.id).where(Role.is_visitor, Role.id != role.id)
    return [*session.scalars(held), *session.scalars(visitors)]


def _covered(facts: Facts, among: Iterable[Facts]) -> bool:
    """Whether another grant alone gives at least as much: same action and rows (or all), no less on any field."""
    return any(_at_least(other, facts) for other in among)


def _at_least(wide: Facts, narrow: Facts) -> bool:
    resource, action, scope, states, groups = narrow
    if wide[1] != action or not covers(wide[0], resource) or wide[2] not in {scope, ALL}:
        return False
    if wide[3] and not (states and set(states) <= set(wide[3])):
        return False
    return action not in FIELD_ACTIONS or _fields_at_least(dict(wide[4]), dict(groups), FIELD_ACTIONS[action])


def _fields_at_least(wide: dict[str, str], narrow: dict[str, str], most: FieldRight) -> bool:
    rights, wanted = wide or {PLAIN: most}, narrow or {PLAIN: most}
    return all(_rank(rights.get(group, "none"), most) >= _rank(right, most) for group, right in wanted.items())


def _rank(right: str, most: FieldRight) -> int:
    return min(FIELD_RIGHTS.index(right), FIELD_RIGHTS.index(most))
