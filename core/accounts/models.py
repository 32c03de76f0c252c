"""Tables of signing in; all of the installation."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import Base, InstallationRow, Json, Key, UtcDateTime


class LoginAttempt(Base):
    """Failed attempts of one account or one address in the running window; shared by all processes."""

    __tablename__ = "core_login_attempt"

    #: A keyed digest, so that the table tells nobody who tried to sign in from where.
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    attempts: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class AccountSession(InstallationRow, Base):
    """One login on one browser, from signing in to signing out."""

    __tablename__ = "core_session"

    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    #: The last request, to the minute.
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    #: Locked by its owner; idleness locks without it.
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    two_factor_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Family of browser and system, never a version or an address.
    browser: Mapped[str] = mapped_column(String(60), default="")
    #: The district worked in last.
    district: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (Index("ix_core_session_account", "account_id", "ended_at"),)


class AccountCode(InstallationRow, Base):
    """A secret that serves once: an invitation, a reset, a confirmed address, a recovery code."""

    __tablename__ = "core_account_code"

    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    #: ``invitation``, ``reset``, ``email`` or ``recovery``.
    purpose: Mapped[str] = mapped_column(String(20))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    #: What the code confirms: the new address.
    about: Mapped[str] = mapped_column(String(254), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    created_by: Mapped[UUID | None] = mapped_column(Key)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: A newer one, or somebody, took its place.
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_core_account_code_account", "account_id", "purpose"),)


class SecondFactor(InstallationRow, Base):
    """The telephone of an account: the secret that it shares with the portal, sealed."""

    __tablename__ = "core_second_factor"

    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"), unique=True)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: A secret that no code has confirmed yet.
    pending: Mapped[bytes | None] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: Step of 30 seconds of the last code that was accepted: it, and those before, serve no more.
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class AccountToken(InstallationRow, Base):
    """A personal key of a program that acts for an account in one district."""

    __tablename__ = "core_token"

    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    #: ``resource:action`` or ``*:read``.
    scopes: Mapped[list[Any]] = mapped_column(Json)
    member_of: Mapped[int] = mapped_column(SmallInteger, ForeignKey("core_district.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_core_token_account", "account_id"),)


class KeptForm(InstallationRow, Base):
    """What somebody typed and could not send because the session was locked or over; sealed, for a short time."""

    __tablename__ = "core_kept_form"

    account_id: Mapped[UUID] = mapped_column(Key, ForeignKey("core_account.id"))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_core_kept_form_expires", "expires_at"),)
