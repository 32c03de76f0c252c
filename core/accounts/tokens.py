"""Personal keys of programs: they act for an account, in one district, within named scopes, until a day."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.models import Account, Membership
from core.access.permissions import valid
from core.accounts import trail
from core.accounts.models import AccountToken
from core.accounts.sessions import Login
from core.errors import FieldError, Invalid, NotFound, Refused
from core.i18n import _

#: So that a key that leaked into a file is recognised as one.
PREFIX = "innesto_"
SECRET_BYTES = 32
LONGEST_NAME, LONGEST_TEXT = 80, 200
#: The last use is written down at most so often.
TOUCH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """Whom a program acts for, where, and what it may do there."""

    account_id: UUID
    token_id: UUID
    member_of: int
    scopes: frozenset[str]
    #: The use is worth writing down: ``used(database, login)``.
    to_touch: bool


def create(
    session: Session,
    account: Account,
    *,
    login: Login,
    name: str,
    scopes: Collection[str],
    known_scopes: Collection[str],
    member_of: int,
    days: int,
    longest: timedelta,
) -> tuple[AccountToken, str]:
    """A new key and its text, told this once. Raises Invalid, and Refused without the second step of the login."""
    if not login.two_factor or login.account_id != account.id:
        raise Refused(_("Prima imposta il secondo passaggio: senza, non si creano chiavi."), code="two_factor")
    _check(name, scopes, known_scopes, days, longest)
    if not _works_in(session, account.id, member_of):
        raise Invalid([FieldError("district", _("Scegli un distretto in cui lavori."), "district")])
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    now = clock.now()
    row = AccountToken(account_id=account.id, name=name.strip(), scopes=sorted(set(scopes)), member_of=member_of)
    row.token_hash, row.created_at, row.expires_at = _digest(text), now, now + timedelta(days=days)
    session.add(row)
    session.flush()
    trail.act(session, account, "token_created", token=str(row.id))
    return row, text


def _check(name: str, scopes: Collection[str], known: Collection[str], days: int, longest: timedelta) -> None:
    errors = []
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        message = _("Scrivi un nome, al massimo %(count)s caratteri.", count=LONGEST_NAME)
        errors.append(FieldError("name", message, "name"))
    if not scopes or not set(scopes) <= set(known):
        errors.append(FieldError("scopes", _("Scegli che cosa può fare la chiave."), "scopes"))
    if not 0 < days <= longest.days:
        errors.append(FieldError("days", _("Scegli per quanto tempo vale la chiave."), "days"))
    if errors:
        raise Invalid(errors)


def verify(session: Session, text: str) -> TokenLogin | None:
    """Whom the key acts for, or ``None`` when it is unknown, expired or revoked, or its owner may not act there now."""
    if not text.startswith(PREFIX) or len(text) > LONGEST_TEXT or not text.isascii():
        return None
    now = clock.now()
    row = session.scalars(
        sa.select(AccountToken)
        .join(Account, Account.id == AccountToken.account_id)
        .where(
            AccountToken.token_hash == _digest(text),
            AccountToken.revoked_at.is_(None),
            AccountToken.expires_at > now,
            Account.active,
        )
    ).one_or_none()
    if row is None or not _works_in(session, row.account_id, row.member_of):
        return None
    old = row.last_used_at is None or now - row.last_used_at >= TOUCH
    return TokenLogin(row.account_id, row.id, row.member_of, frozenset(row.scopes), old)


def used(session: Session, login: TokenLogin) -> None:
    """Write down that the key was used now."""
    session.execute(sa.update(AccountToken).where(AccountToken.id == login.token_id).values(last_used_at=clock.now()))


def tokens_of(session: Session, account_id: UUID) -> Sequence[AccountToken]:
    """The keys of an account that were not revoked, the newest first."""
    mine = sa.select(AccountToken).where(AccountToken.account_id == account_id, AccountToken.revoked_at.is_(None))
    return session.scalars(mine.order_by(AccountToken.created_at.desc(), AccountToken.id.desc())).all()


def revoke(session: Session, account: Account, token_id: UUID) -> None:
    """Let a key serve no more, at once. Raises NotFound for one that is not the account's."""
    row = session.get(AccountToken, token_id)
    if row is None or row.account_id != account.id or row.revoked_at is not None:
        raise NotFound(_("Questa chiave non c'è più."))
    row.revoked_at = clock.now()
    session.flush()
    trail.act(session, account, "token_revoked", token=str(token_id))


def revoke_all(session: Session, account_id: UUID, now: datetime) -> None:
    """Let every key of the account serve no more."""
    mine = sa.update(AccountToken).where(AccountToken.account_id == account_id, AccountToken.revoked_at.is_(None))
    session.execute(mine.values(revoked_at=now))


def _digest(text: str) -> bytes:
    """With 256 random bits behind it a plain SHA-256 needs no salt."""
    return hashlib.sha256(text.encode()).digest()


def _works_in(session: Session, account_id: UUID, district: int) -> bool:
    row = sa.select(Membership.id).where(
        Membership.account_id == account_id, Membership.member_of == district, valid(Membership, clock.now())
    )
    return session.scalar(row.limit(1)) is not None
