"""Who acts: an account, a visitor without one, or the system itself, with the grants that hold for it now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from core.i18n import DEFAULT, pick

Kind = Literal["visitor", "account", "system"]
#: What an actor may do with the fields of one group, from nothing to everything.
FieldRight = Literal["none", "mask", "read", "write"]
FIELD_RIGHTS: tuple[FieldRight, ...] = ("none", "mask", "read", "write")

#: As the resource of a grant: every record type that is not closed.
EVERY_TYPE = "*"
#: Scope that every entity knows: each row of the district.
ALL = "all"
#: Scope of the installation's own administrators: it is not narrowed to a district.
INSTALLATION = "installation"
#: The field group of everything that nobody declared sensitive. A grant that names no group reaches only this one.
PLAIN = "plain"
#: Field groups whose values start as dots even for who may read them: showing one needs a purpose and is logged.
GUARDED_GROUPS = ("special", "penal")


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission an actor holds: what, on which rows (scope, states), and on which field groups.

    ``functions`` are those of the role. ``organisation_id`` and ``municipality``: the body or municipality on whose
    behalf the role is held; placed scopes reach no row of another. ``held_from`` and ``held_to``: since and until when.
    """

    resource: str
    action: str
    scope: str = ALL
    states: tuple[str, ...] = ()
    field_groups: Mapping[str, FieldRight] = field(default_factory=dict, hash=False)
    role: str = ""
    role_label: Mapping[str, str] = field(default_factory=dict, hash=False)
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    functions: tuple[str, ...] = ()
    organisation_id: UUID | None = None
    municipality: str = ""
    held_from: datetime | None = None
    held_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody in one district for the length of one request or job.

    ``name`` is shown in histories. ``district_id`` is ``None`` in installation sessions. ``language`` is the
    account's own, empty when it has none. ``needs_two_factor``: a role that demands two-factor gives nothing yet.
    """

    account_id: UUID | None
    name: str
    kind: Kind
    district_id: int | None
    grants: tuple[Grant, ...] = ()
    language: str = ""
    portal_admin: bool = False
    needs_two_factor: bool = False

    @classmethod
    def system(cls, district_id: int | None, reason: str) -> Actor:
        """The command line or a worker: holds every grant. ``reason`` is what histories show."""
        return cls(account_id=None, name=reason, kind="system", district_id=district_id)

    @classmethod
    def visitor(cls, district_id: int | None, grants: tuple[Grant, ...] = ()) -> Actor:
        """Somebody who is not signed in."""
        return cls(
            account_id=None,
            name="",
            kind="visitor",
            district_id=district_id,
            grants=grants,
        )

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def signed_in(self) -> bool:
        return self.kind == "account"

    @property
    def function(self) -> str:
        """The roles that give the actor something, in Italian: what the audit says of who looked."""
        held = dict.fromkeys(pick(g.role_label, DEFAULT) for g in self.grants if g.held_from is not None)
        return ", ".join(label for label in held if label)
