"""Failed logins are counted in the database, by account and by address, so that all processes share the count."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core import clock
from core.access.accountsettings import AccountSettings
from core.access.models import LoginAttempt
from core.db import Database

IPV6_SITE = 64


class LoginThrottle:
    """Admits a login attempt, or not yet. Each call is a transaction of its own, over before a password is hashed."""

    def __init__(self, database: Database, settings: AccountSettings, secret: str) -> None:
        self._database, self._settings, self._secret = database, settings, secret.encode()

    def admit(self, email: str, address: str) -> bool:
        """Count one attempt, before its outcome is known; false while account or address have used up theirs.

        Known and unknown accounts are counted alike.
        """
        limits, since = self._limits(email, address), clock.now() - self._settings.window
        with self._database.read(None) as session:
            if _used_up(session, limits, since):
                return False
        with self._database.write(None) as session:
            session.execute(sa.delete(LoginAttempt).where(LoginAttempt.since <= since))
            for subject in sorted(limits):
                _count(session, subject)
            return not _used_up(session, {subject: most + 1 for subject, most in limits.items()}, since)

    def forgive(self, session: Session, email: str, address: str) -> None:
        """After a login that succeeded: the account starts anew, and the address did not fail this time."""
        account, place = self._limits(email, address)
        session.execute(sa.delete(LoginAttempt).where(LoginAttempt.subject == account))
        fewer = sa.update(LoginAttempt).where(LoginAttempt.subject == place, LoginAttempt.attempts > 0)
        session.execute(fewer.values(attempts=LoginAttempt.attempts - 1))

    def _limits(self, email: str, address: str) -> Mapping[str, int]:
        settings = self._settings
        return {
            self._subject("account", email): settings.attempts_per_account,
            self._subject("address", site_of(address)): settings.attempts_per_address,
        }

    def _subject(self, kind: str, value: str) -> str:
        return hmac.new(self._secret, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def site_of(address: str) -> str:
    """What counts as one address: of IPv6 the first half, since one household owns all the rest."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ip_network((parsed, IPV6_SITE), strict=False))


def _used_up(session: Session, limits: Mapping[str, int], since: datetime) -> bool:
    over = [sa.and_(LoginAttempt.subject == subject, LoginAttempt.attempts >= most) for subject, most in limits.items()]
    return session.scalar(sa.select(LoginAttempt.subject).where(LoginAttempt.since > since, sa.or_(*over))) is not None


def _count(session: Session, subject: str) -> None:
    module = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = module.insert(LoginAttempt).values(subject=subject, attempts=1, since=clock.now())
    more = {"attempts": LoginAttempt.attempts + 1}
    session.execute(row.on_conflict_do_update(index_elements=[LoginAttempt.subject], set_=more))
