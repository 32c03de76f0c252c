"""Passwords: argon2id with the cost that OWASP recommends, and what a new password must be."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import FieldError, Invalid
from core.i18n import _

SHORTEST, LONGEST = 12, 256
#: Different characters that a password has at least.
FEWEST_SIGNS = 5


@dataclass(frozen=True, slots=True)
class Hashing:
    """What one hash costs: passes, memory in KiB, lanes."""

    time_cost: int = 2
    memory_kib: int = 19 * 1024
    parallelism: int = 1


OWASP = Hashing()


@lru_cache
def _hasher(hashing: Hashing) -> PasswordHasher:
    return PasswordHasher(hashing.time_cost, hashing.memory_kib, hashing.parallelism)


def normalized(password: str) -> str:
    """One form for letters that can be typed in several ways, the one flask-security uses."""
    return unicodedata.normalize("NFKD", password)


def hash_password(password: str, hashing: Hashing = OWASP) -> str:
    """The argon2id hash to store."""
    return _hasher(hashing).hash(normalized(password))


def verify(stored: str | None, password: str, hashing: Hashing = OWASP) -> bool:
    """Whether the password is the stored one. Without a stored hash it is false and takes just as long."""
    if stored is None:
        hash_password(password, hashing)
        return False
    try:
        return _hasher(hashing).verify(stored, normalized(password))
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str, hashing: Hashing = OWASP) -> bool:
    """Whether a hash was made at another cost and should be made again at the next login."""
    return _hasher(hashing).check_needs_rehash(stored)


def check_new_password(password: str, *, email: str) -> None:
    """Refuse a password that is too short, too long, or the (folded) address itself. Raises Invalid."""
    if len(password) < SHORTEST:
        message = _("La password deve avere almeno %(count)s caratteri.", count=SHORTEST)
    elif len(password) > LONGEST:
        message = _("La password può avere al massimo %(count)s caratteri.", count=LONGEST)
    elif password.casefold() in {email, email.partition("@")[0]} or len(set(password)) < FEWEST_SIGNS:
        message = _("La password è troppo facile da indovinare.")
    else:
        return
    raise Invalid([FieldError("password", message, code="password")])


def check_repeated(password: str, again: str) -> None:
    """Raise Invalid where the password was not written twice the same."""
    if normalized(password) != normalized(again):
        raise Invalid([FieldError("again", _("Le due password non sono uguali. Scrivile di nuovo."), code="again")])
