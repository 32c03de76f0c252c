"""Codes of the telephone (RFC 6238): six digits, a new one each thirty seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from passlib.exc import InvalidTokenError, MalformedTokenError, UsedTokenError
from passlib.totp import TOTP

#: Seconds that a code lasts; it is still accepted one step before and after.
STEP = 30
#: Half an hour: how far a wrong clock is looked for, to be told and not to be accepted.
FAR = 60 * STEP


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """What a code is worth. ``step``: when it is right. ``late``: seconds that the telephone's clock is behind
    (negative: ahead), when it would have been right at another moment. ``used``: it served before.
    """

    step: int | None = None
    late: int = 0
    used: bool = False

    @property
    def right(self) -> bool:
        return self.step is not None


def new_key() -> str:
    """160 random bits, in base 32."""
    return str(TOTP.new().base32_key)


def readable(key: str) -> str:
    """The key in groups of four, to be typed."""
    return " ".join(key[i : i + 4] for i in range(0, len(key), 4))


def address_of(key: str, *, label: str, issuer: str) -> str:
    """What the square code says: ``otpauth://totp/…``."""
    return str(TOTP(key, format="base32").to_uri(label=label, issuer=issuer))


def check(key: str, code: str, at: datetime, last_step: int | None) -> CodeCheck:
    """Judge a code at a moment; ``last_step`` is that of the last one accepted."""
    found = _match(key, code, at, STEP, last_step)
    if found.right or found.used:
        return found
    far = _match(key, code, at, FAR, None)
    return CodeCheck(late=int(at.timestamp()) // STEP * STEP - far.step * STEP) if far.step else found


def _match(key: str, code: str, at: datetime, window: int, last_step: int | None) -> CodeCheck:
    try:
        found = TOTP(key, format="base32").match(code, time=int(at.timestamp()), window=window, last_counter=last_step)
    except UsedTokenError:
        return CodeCheck(used=True)
    except (InvalidTokenError, MalformedTokenError):
        return CodeCheck()
    return CodeCheck(step=int(found.counter))
