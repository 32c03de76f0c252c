"""Public codes: what somebody without an account shows in order to follow a request. Only hashes are stored."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, crypto
from core.accounts.models import LoginAttempt
from core.accounts.throttle import count_attempt, site_of, used_up
from core.db import Base, Database, DistrictOwned, Key, UtcDateTime

#: Longer than any code with its separators; what is longer is no code and is not hashed.
LONGEST = 80
WINDOW = timedelta(minutes=15)


class PublicCode(DistrictOwned, Base):
    """A code that lets somebody without an account follow one object; only its hash is kept."""

    __tablename__ = "core_public_code"

    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    resource: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[UUID] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("district_id", "hash"),
        Index("ix_core_public_code_object", "district_id", "object_id"),
    )


def issue(session: Session, *, resource: str, object_id: UUID, days: int) -> str:
    """A new code of 128 bits for one object, valid for ``days``. It is told once, here, and kept as a hash."""
    code = crypto.new_code()
    expires = clock.now() + timedelta(days=days)
    session.add(PublicCode(hash=crypto.hash_code(code), resource=resource, object_id=object_id, expires_at=expires))
    session.flush()
    return code


def find(session: Session, code: str, *, resource: str) -> UUID | None:
    """The object that a code leads to; ``None`` alike for a code that is wrong, of another resource, revoked, expired.

    The row is looked for by the hash of what was typed, so the time of the answer tells nothing of any code. Whoever
    calls has asked ``PublicThrottle`` first.
    """
    digest = crypto.hash_code(code[:LONGEST])
    row = session.scalar(sa.select(PublicCode).where(PublicCode.hash == digest))
    kept = row.hash if row else bytes(len(digest))
    valid = row is not None and row.resource == resource and row.revoked_at is None and row.expires_at > clock.now()
    return row.object_id if hmac.compare_digest(kept, digest) and row and valid else None


def revoke(session: Session, object_id: UUID) -> None:
    """End every code of an object, now."""
    running = sa.update(PublicCode).where(PublicCode.object_id == object_id, PublicCode.revoked_at.is_(None))
    session.execute(running.values(revoked_at=clock.now()))


class PublicThrottle:
    """Counts what is sent without an account: by address and, for all addresses together, by purpose.

    The counts are in the database, for all processes; each call is a short transaction of its own.
    """

    def __init__(self, database: Database, secret: str, *, per_address: int = 30, overall: int = 600) -> None:
        self._database, self._secret = database, secret.encode()
        self._per_address, self._overall = per_address, overall

    def admit(self, purpose: str, address: str) -> bool:
        """Count one attempt, before its outcome is known; false while the address, or everybody, has used up theirs."""
        limits = {
            self._subject(f"{purpose}:address", site_of(address)): self._per_address,
            self._subject(f"{purpose}:all", ""): self._overall,
        }
        since = clock.now() - WINDOW
        with self._database.read(None) as session:
            if used_up(session, limits, since):
                return False
        with self._database.write(None) as session:
            session.execute(sa.delete(LoginAttempt).where(LoginAttempt.since <= since))
            for subject in sorted(limits):
                count_attempt(session, subject)
            return not used_up(session, {subject: most + 1 for subject, most in limits.items()}, since)

    def _subject(self, kind: str, value: str) -> str:
        return hmac.new(self._secret, f"public:{kind}:{value}".encode(), hashlib.sha256).hexdigest()
