"""Failed logins are counted in the database, by account and by address, so that all processes share the count."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core import clock
from core.access.queries import account_by_email
from core.accounts import trail
from core.accounts.accountsettings import AccountSettings
from core.accounts.models import LoginAttempt
from core.db import Database

IPV6_SITE = 64
#: Kinds of attempts: password, code of the telephone, mail asked for, link of a mail (which names nobody: the address
#: alone counts).
ACCOUNT, CODE, RESET, LINK = "account", "code", "reset", "link"


class Throttle:
    """Admits an attempt, or not yet. Each call is a transaction of its own, over before a password is hashed."""

    def __init__(self, database: Database, settings: AccountSettings, secret: str) -> None:
        self._database, self._settings, self._secret = database, settings, secret.encode()

    def admit(self, who: str, address: str, kind: str = ACCOUNT) -> bool:
        """Count one attempt, before its outcome is known; false while ``who`` or the address have used up theirs.

        ``who`` is the account's address, or whatever names it; known and unknown accounts are counted alike. Each
        ``kind`` has a count of its own; that of the address is one for all. What is used up is noted once.
        """
        limits, since = self._limits(kind, who, address), clock.now() - self._settings.window
        with self._database.read(None) as session:
            if used_up(session, limits, since):
                return False
        with self._database.write(None) as session:
            session.execute(sa.delete(LoginAttempt).where(LoginAttempt.since <= since))
            for subject in sorted(limits):
                count_attempt(session, subject)
            if used_up(session, {subject: most + 1 for subject, most in limits.items()}, since):
                return False
            if used_up(session, limits, since):
                trail.refused(session, f"attempts_{kind}", _account(session, kind, who))
            return True

    def forgive(self, session: Session, who: str, address: str, kind: str = ACCOUNT) -> None:
        """After an attempt that succeeded: the account starts anew, and the address did not fail this time."""
        place = self._subject("address", site_of(address))
        session.execute(sa.delete(LoginAttempt).where(LoginAttempt.subject == self._subject(kind, who)))
        fewer = sa.update(LoginAttempt).where(LoginAttempt.subject == place, LoginAttempt.attempts > 0)
        session.execute(fewer.values(attempts=LoginAttempt.attempts - 1))

    def _limits(self, kind: str, who: str, address: str) -> Mapping[str, int]:
        settings = self._settings
        most = {
            ACCOUNT: settings.attempts_per_account,
            RESET: settings.resets_per_account,
            CODE: settings.attempts_per_code,
        }
        found = {self._subject(kind, who): most[kind]} if kind in most else {}
        return {**found, self._subject("address", site_of(address)): settings.attempts_per_address}

    def _subject(self, kind: str, value: str) -> str:
        return hmac.new(self._secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def _account(session: Session, kind: str, who: str) -> UUID | None:
    """Whose attempts were used up, where an account is meant."""
    if kind == CODE:
        return UUID(who)
    found = account_by_email(session, who) if kind in {ACCOUNT, RESET} and who.isprintable() else None
    return found.id if found else None


def site_of(address: str) -> str:
    """What counts as one address: of IPv6 the first half, since one household owns all the rest."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, IPV6_SITE), strict=False))


def used_up(session: Session, limits: Mapping[str, int], since: datetime) -> bool:
    """Whether one of the subjects has reached its limit in the window that began at ``since``."""
    over = [sa.and_(LoginAttempt.subject == subject, LoginAttempt.attempts >= most) for subject, most in limits.items()]
    return session.scalar(sa.select(LoginAttempt.subject).where(LoginAttempt.since > since, sa.or_(*over))) is not None


def count_attempt(session: Session, subject: str) -> None:
    """Add one attempt of a subject, whoever else is counting."""
    module = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = module.insert(LoginAttempt).values(subject=subject, attempts=1, since=clock.now())
    more = {"attempts": LoginAttempt.attempts + 1}
    session.execute(row.on_conflict_do_update(index_elements=[LoginAttempt.subject], set_=more))
