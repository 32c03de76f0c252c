"""Codes that a person reads aloud or types: 128 random bits, kept only as a digest."""

from __future__ import annotations

import hashlib
import secrets
from itertools import islice
from typing import Final

BITS: Final = 128
#: Crockford's base 32: no I, L, O, U, which are read as 1, 1, 0, V.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 26
GROUPS: Final = (5, 5, 5, 5, 6)
LOOKALIKES: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})


def new_code() -> str:
    """A new code in its readable form: 26 characters in five groups, ``7H2KD-…``."""
    number = secrets.randbits(BITS)
    letters = iter([ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH))])
    return "-".join("".join(islice(letters, size)) for size in GROUPS)


def hash_code(code: str) -> bytes:
    """Digest of a code as it was typed: capitals, spaces, hyphens and look-alike letters make no difference.

    With 128 random bits behind it a plain SHA-256 needs no salt.
    """
    letters = "".join(letter for letter in code.upper() if letter.isalnum()).translate(LOOKALIKES)
    return hashlib.sha256(letters.encode()).digest()
