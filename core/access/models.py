"""Accounts and memberships of the installation; roles, grants and holders of each district."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.access.actor import ALL
from core.db import Base, DistrictOwned, InstallationRow, Json, Key, UtcDateTime, owned_foreign_key

UNIQUIFIER_BYTES = 32


def new_uniquifier() -> str:
    """The secret that ties sessions to an account; a new one ends them all."""
    return secrets.token_hex(UNIQUIFIER_BYTES)


class Account(InstallationRow, Base):
    """A person who can sign in, once for all districts. Column names are those that flask-security expects."""

    __tablename__ = "core_account"

    #: Folded: compared and stored without capitals.
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    #: argon2id; ``None`` until somebody sets one, and nobody signs in without.
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=new_uniquifier)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    language: Mapped[str] = mapped_column(String(5), default="it")
    #: Administers districts, plugins and accounts; says nothing about a district's own data.
    is_portal_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Membership(InstallationRow, Base):
    """An account works in a district from a moment to another (not included); roles count only meanwhile."""

    __tablename__ = "core_membership"

    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    # Not called district_id: the row belongs to the installation, not to the district it names.
    member_of: Mapped[int] = mapped_column(SmallInteger, ForeignKey("core_district.id"))
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_core_membership_account", "account_id", "member_of"),
        Index("ix_core_membership_district", "member_of", "account_id"),
    )


class Role(DistrictOwned, Base):
    """A named set of grants of one district; no code knows its key."""

    __tablename__ = "core_role"

    key: Mapped[str] = mapped_column(String(60))
    label: Mapped[dict[str, Any]] = mapped_column(Json)
    #: Held by everybody, signed in or not.
    is_visitor: Mapped[bool] = mapped_column(default=False)
    #: ``model``: as the territorial model writes it; ``changed``: the model's, changed in the console, which an apply
    #: leaves alone; ``console``: made in the console; ``retired``: left the model, and still has holders.
    origin: Mapped[str] = mapped_column(String(20), default="model")
    #: Keys of ``core.access.functions``: what a holder may be in a team.
    functions: Mapped[list[Any]] = mapped_column(Json, default=list)
    #: Gives nothing until the login has passed the second factor.
    two_factor: Mapped[bool] = mapped_column(default=False)
    #: Raised by each change in the console, so that two people do not overwrite each other.
    version: Mapped[int] = mapped_column(default=1)
    #: Without grants since then, and nobody is given it any more.
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("district_id", "key"),)


class RoleGrant(DistrictOwned, Base):
    """One permission of a role: an action on a resource, narrowed by scope, states and field groups."""

    __tablename__ = "core_role_grant"

    role_id: Mapped[UUID] = mapped_column(Key)
    resource: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(40))
    scope: Mapped[str] = mapped_column(String(40), default=ALL)
    #: Empty: every state.
    states: Mapped[list[Any]] = mapped_column(Json, default=list)
    #: Right by field group; empty: the plain group alone.
    field_groups: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    valid_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        owned_foreign_key("role_id", "core_role"),
        Index("ix_core_role_grant_role", "district_id", "role_id"),
    )


class Function(DistrictOwned, Base):
    """What a district calls a function; in one ``case`` or ``municipality`` one person alone may hold it, or many."""

    __tablename__ = "core_function"

    key: Mapped[str] = mapped_column(String(40))
    label: Mapped[dict[str, Any]] = mapped_column(Json)
    unique_in: Mapped[str] = mapped_column(String(20), default="")

    __table_args__ = (UniqueConstraint("district_id", "key"),)


class RoleHolder(DistrictOwned, Base):
    """An account holds a role from a moment to another (not included), perhaps for a body or a municipality."""

    __tablename__ = "core_role_holder"

    role_id: Mapped[UUID] = mapped_column(Key)
    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    valid_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: No foreign key: who held a role for a body must stay readable after the body left the model.
    organisation_id: Mapped[UUID | None] = mapped_column(Key)
    #: ISTAT code, or empty.
    municipality: Mapped[str] = mapped_column(String(6), default="")

    __table_args__ = (
        owned_foreign_key("role_id", "core_role"),
        Index("ix_core_role_holder_account", "district_id", "account_id", "role_id"),
        Index("ix_core_role_holder_role", "district_id", "role_id"),
    )
