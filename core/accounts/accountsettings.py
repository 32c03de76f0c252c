"""How the portal handles logins; the defaults suit a public service, tests make hashing cheap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.accounts.passwords import OWASP, Hashing


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """Limits of login and session. Failed attempts are counted in windows of ``window``."""

    attempts_per_account: int = 10
    #: Higher: a whole office may share one address.
    attempts_per_address: int = 60
    #: Codes of the telephone, and recovery codes.
    attempts_per_code: int = 6
    #: Mails asked for by whoever says to have forgotten the password.
    resets_per_account: int = 4
    window: timedelta = timedelta(minutes=15)
    #: Counted from the login, whatever is done meanwhile.
    session_lifetime: timedelta = timedelta(hours=10)
    #: Without a request for so long, the session asks for the password again.
    idle: timedelta = timedelta(minutes=15)
    #: How long before that the page says so.
    idle_warning: timedelta = timedelta(minutes=2)
    #: What was typed in a form that could not be sent.
    kept_for: timedelta = timedelta(hours=2)
    invitation_lifetime: timedelta = timedelta(days=7)
    reset_lifetime: timedelta = timedelta(hours=1)
    #: From the password to the code of the telephone.
    second_step_lifetime: timedelta = timedelta(minutes=10)
    longest_token: timedelta = timedelta(days=365)
    #: The answer to a forgotten password takes at least so long, whoever asks.
    reset_answer: timedelta = timedelta(milliseconds=300)
    #: Largest body of a login request, in bytes.
    largest_body: int = 64 * 1024
    hashing: Hashing = OWASP
    #: What the telephone shows beside its codes.
    issuer: str = "Innesto"
    #: Where a login without ``next`` leads.
    home: str = "/"
    #: Where the login of an account without ``next`` leads; empty: ``home``.
    home_of: Callable[[UUID], str] = lambda _account_id: ""
    #: Whether the password of an address counts as both steps: of the accounts of a demonstration, which are nobody's.
    one_step: Callable[[str], bool] = lambda _email: False
    #: Accounts that the login page shows, in a demonstration: (territory, what it may do, address, password).
    demo_accounts: Callable[[], Sequence[tuple[str, str, str, str]]] = tuple
