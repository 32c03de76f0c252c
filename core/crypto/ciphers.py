"""AES-GCM over short values, with associated data that tie a value to its place."""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.crypto.errors import Unreadable

#: First byte of a sealed value: how the rest is to be read.
FORMAT: Final = b"\x01"
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32


def place(*parts: object) -> bytes:
    """Associated data: the parts one after the other, each with its length, so that no two places look alike."""
    texts = [str(part).encode() for part in parts]
    return b"innesto" + b"".join(len(text).to_bytes(4, "big") + text for text in texts)


def encrypt(key: bytes, value: bytes, where: bytes) -> bytes:
    """Format, nonce and ciphertext with its tag."""
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, value, where)


def decrypt(key: bytes, sealed: bytes, where: bytes) -> bytes:
    """The value. Raises Unreadable (tampered) where bytes or place are not those that were sealed."""
    start = len(FORMAT) + NONCE_BYTES
    if sealed[:1] != FORMAT or len(sealed) < start + TAG_BYTES:
        raise Unreadable("tampered", "these bytes are no sealed value")
    try:
        return AESGCM(key).decrypt(sealed[1:start], sealed[start:], where)
    except InvalidTag as error:
        raise Unreadable(
            "tampered", "the value, or the place where it stands, is not the one that was sealed"
        ) from error


def derive(key: bytes, purpose: str, length: int = KEY_BYTES, salt: bytes | None = None) -> bytes:
    """Another key that follows from ``key`` and ``purpose`` (HKDF-SHA256)."""
    return HKDF(SHA256(), length, salt, purpose.encode()).derive(key)
