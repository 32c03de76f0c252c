"""Text made comparable, and text made clean."""

from __future__ import annotations

import unicodedata

_BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_DROPPED = dict.fromkeys([c for c in range(32) if chr(c) not in "\t\n\r"] + [0x7F] + [ord(c) for c in _BIDI])


def fold(text: str) -> str:
    """Lower case, no accents, single spaces: ``"  Città È "`` → ``"citta e"``."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(plain.split())


def strip_controls(text: str) -> str:
    """``text`` without NUL, control and direction marks, nor lone surrogates: no database accepts them all."""
    cleaned = text.translate(_DROPPED)
    return cleaned if cleaned.isascii() else cleaned.encode("utf-8", "ignore").decode("utf-8")
