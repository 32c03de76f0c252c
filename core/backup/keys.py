"""What opens a backup: a passphrase, or the recovery key of the installation."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from argon2.low_level import Type, hash_secret_raw

from core.errors import ConfigError

NAME: Final = "backup.key"
KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
LEAST_PASSPHRASE: Final = 12
#: argon2id: passes, KiB, lanes (RFC 9106, second choice).
COST: Final = (3, 64 * 1024, 4)
#: A header that asks for more was not written by us.
MOST: Final = (10, 1024 * 1024, 8)
GROUP: Final = 4


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Words that somebody keeps in mind or in a safe."""

    text: str = field(repr=False)

    def lock(self) -> tuple[bytes, dict[str, Any]]:
        """A key for a new file, and what its header says of it. Raises ConfigError for a weak passphrase."""
        if len(self.text) < LEAST_PASSPHRASE or len(set(self.text)) < 5:
            problem = f"too weak: at least {LEAST_PASSPHRASE} characters, and not the same few repeated"
            raise ConfigError("passphrase", "", problem, "Take five words that do not belong together")
        salt = os.urandom(SALT_BYTES)
        return self._derived(salt, COST), {"kind": "passphrase", "salt": salt.hex(), "cost": list(COST)}

    def open(self, facts: dict[str, Any]) -> bytes:
        """The key of a file whose header says ``facts``. Raises ValueError where they are none."""
        cost = tuple(int(number) for number in facts["cost"])
        if len(cost) != len(MOST) or any(not 0 < got <= most for got, most in zip(cost, MOST, strict=True)):
            raise ValueError("cost")
        return self._derived(bytes.fromhex(facts["salt"]), cost)

    def _derived(self, salt: bytes, cost: tuple[int, ...]) -> bytes:
        passes, memory, lanes = cost
        return hash_secret_raw(self.text.encode(), salt, passes, memory, lanes, KEY_BYTES, Type.ID)


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """256 random bits, as people copy them: groups of letters and digits."""

    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> RecoveryKey:
        """A fresh one."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str, place: str | Path = "recovery key") -> RecoveryKey:
        """Read it as people write it, blanks, hyphens and small letters included. Raises ConfigError."""
        letters = "".join(text.split()).replace("-", "").upper()
        try:
            secret = base64.b32decode(letters + "=" * (-len(letters) % 8))
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise ConfigError(place, "", "this is not a recovery key", "Copy it whole, 13 groups of four signs")
        return cls(secret)

    @property
    def text(self) -> str:
        """As it is shown once and kept in ``backup.key``."""
        letters = base64.b32encode(self.secret).decode("ascii").rstrip("=")
        return "-".join(letters[place : place + GROUP] for place in range(0, len(letters), GROUP))

    def lock(self) -> tuple[bytes, dict[str, Any]]:
        """The key for a new file, and what its header says of it."""
        return self.secret, {"kind": "recovery"}

    def open(self, facts: dict[str, Any]) -> bytes:
        """The key of a file."""
        return self.secret


Secret = Passphrase | RecoveryKey
KINDS: Final = {"passphrase": Passphrase, "recovery": RecoveryKey}


def check_value(key: bytes) -> str:
    """Tells a wrong key from a damaged file, and nothing about the key."""
    return hmac.digest(key, b"innesto backup check", "sha256")[:8].hex()


def read_passphrase(path: Path) -> Passphrase:
    """The first line of a file. Raises ConfigError."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, "", "the passphrase cannot be read", "Name a text file of one line") from error
    return Passphrase(lines[0].strip() if lines else "")


def read_recovery_key(path: Path) -> RecoveryKey:
    """The key in a file. Raises ConfigError."""
    try:
        return RecoveryKey.parse(path.read_text(encoding="ascii"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(path, "", "the recovery key cannot be read", "Name the file that holds it") from error


def kept_recovery_key(data_dir: Path) -> tuple[RecoveryKey, bool]:
    """The recovery key of the DATA folder, made at the first backup; answers whether it is new. Raises ConfigError."""
    path = data_dir / NAME
    if path.exists():
        return read_recovery_key(path), False
    made = RecoveryKey.new()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_recovery_key(path), False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{made.text}\n")
        file.flush()
        os.fsync(file.fileno())
    return made, True
