"""Secrets that serve once: 128 bits, stored hashed, for a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock, crypto
from core.access.models import Account
from core.accounts.models import AccountCode
from core.errors import Refused
from core.i18n import _

INVITATION, RESET, EMAIL, RECOVERY = "invitation", "reset", "email", "recovery"
#: Longer is no code.
LONGEST = 100


class CodeUnusable(Refused):
    """The code is not good, or not any more; ``code`` is ``unknown``, ``expired``, ``used`` or ``replaced``."""


def issue(
    session: Session,
    account_id: UUID,
    purpose: str,
    lifetime: timedelta,
    *,
    about: str = "",
    created_by: UUID | None = None,
) -> str:
    """A new code of the account; those of the same purpose before it serve no more. It is told this once."""
    revoke(session, account_id, (purpose,))
    text, now = crypto.new_code(), clock.now()
    row = AccountCode(account_id=account_id, purpose=purpose, code_hash=crypto.hash_code(text), about=about)
    row.created_at, row.created_by, row.expires_at = now, created_by, now + lifetime
    session.add(row)
    session.flush()
    return text


def revoke(session: Session, account_id: UUID, purposes: Collection[str]) -> None:
    """Let the unused codes of these purposes serve no more."""
    unused = (AccountCode.used_at.is_(None), AccountCode.revoked_at.is_(None))
    mine = sa.update(AccountCode).where(AccountCode.account_id == account_id, AccountCode.purpose.in_(purposes))
    session.execute(mine.where(*unused).values(revoked_at=clock.now()))


def find(session: Session, purpose: str, text: str) -> tuple[AccountCode, Account]:
    """The code and its account. Raises CodeUnusable, saying why."""
    if not 0 < len(text) <= LONGEST or not text.isascii():
        raise _unusable("unknown")
    row = session.scalars(
        sa.select(AccountCode).where(AccountCode.code_hash == crypto.hash_code(text), AccountCode.purpose == purpose)
    ).one_or_none()
    account = session.get(Account, row.account_id) if row else None
    if row is None or account is None or not account.active:
        raise _unusable("unknown")
    if row.used_at is not None:
        raise _unusable("used")
    if row.revoked_at is not None:
        raise _unusable("replaced")
    if row.expires_at is not None and row.expires_at <= clock.now():
        raise _unusable("expired")
    return row, account


def redeem(session: Session, purpose: str, text: str) -> tuple[AccountCode, Account]:
    """Use the code up. Raises CodeUnusable, also when another browser was faster."""
    row, account = find(session, purpose, text)
    unused = sa.update(AccountCode).where(AccountCode.id == row.id, AccountCode.used_at.is_(None))
    used = session.execute(unused.values(used_at=clock.now()))
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise _unusable("used")
    return row, account


def _unusable(code: str) -> CodeUnusable:
    reasons = {
        "unknown": _("Questo collegamento non è valido."),
        "used": _("Questo collegamento è già stato usato."),
        "replaced": _("Questo collegamento non vale più: ne è stato mandato uno più nuovo."),
        "expired": _("Questo collegamento è scaduto."),
    }
    return CodeUnusable(reasons[code], code=code)
