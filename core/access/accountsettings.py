"""How the portal handles logins; the defaults suit a public service, tests make hashing cheap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.access.passwords import OWASP, Hashing


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Limits of login and session. Failed attempts are counted in windows of ``window``."""

    attempts_per_account: int = 10
    #: Higher: a whole office may share one address.
    attempts_per_address: int = 60
    window: timedelta = timedelta(minutes=15)
    #: Counted from the login, whatever is done meanwhile.
    session_lifetime: timedelta = timedelta(hours=10)
    #: Largest body of a login request, in bytes.
    largest_body: int = 64 * 1024
    hashing: Hashing = OWASP
    #: Where a login without ``next`` leads.
    home: str = "/"
    #: Accounts that the login page shows, in a database of demonstration: (what it may do, address, password).
    demo_accounts: Callable[[], Sequence[tuple[str, str, str]]] = tuple
