"""Settings of the installation, read from the environment once, at start."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError

ENVIRONMENT = "environment"
LEAST_SECRET = 32
PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data lie, which database serves, and how the portal is reached."""

    data_dir: Path
    database_url: str
    secret_key: str
    models_dir: Path
    host: str = "127.0.0.1"
    port: int = 8000
    #: Number of proxies in front whose X-Forwarded-* headers are believed; 0 believes none.
    trusted_proxies: int = 0
    #: Host names that are answered; empty answers every name.
    trusted_hosts: tuple[str, ...] = ()
    https: bool = False
    threads: int = 8
    testing: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read ``DATA DATABASE_URL SECRET_KEY MODELS HOST PORT PROXIES HOSTS HTTPS THREADS``. Raises ConfigError."""
        data_dir = Path(environ.get("DATA") or "var").resolve()
        return cls(
            data_dir=data_dir,
            database_url=environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'innesto.db'}",
            secret_key=_secret(environ, data_dir),
            models_dir=Path(environ.get("MODELS") or PROJECT / "config" / "models").resolve(),
            host=environ.get("HOST") or "127.0.0.1",
            port=_number(environ, "PORT", 8000, 1, 65535),
            trusted_proxies=_number(environ, "PROXIES", 0, 0, 10),
            trusted_hosts=tuple(environ.get("HOSTS", "").split()),
            https=_switch(environ, "HTTPS"),
            threads=_number(environ, "THREADS", 8, 1, 256),
        )


def _number(environ: Mapping[str, str], key: str, default: int, least: int, most: int) -> int:
    text = environ.get(key) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise ConfigError(ENVIRONMENT, key, f"'{text}' is not a number from {least} to {most}", f"Try {key}={default}")
    return int(text)


def _switch(environ: Mapping[str, str], key: str) -> bool:
    text = (environ.get(key) or "no").lower()
    if text not in {"yes", "no", "1", "0", "true", "false"}:
        raise ConfigError(ENVIRONMENT, key, f"'{text}' is neither yes nor no", f"Try {key}=yes")
    return text in {"yes", "1", "true"}


def _secret(environ: Mapping[str, str], data_dir: Path) -> str:
    given = environ.get("SECRET_KEY")
    if given is None:
        return _secret_file(data_dir / "secret.key")
    if len(given) < LEAST_SECRET or len(set(given)) < 8:
        problem = f"too weak: at least {LEAST_SECRET} characters, and not the same few repeated"
        raise ConfigError(ENVIRONMENT, "SECRET_KEY", problem, "Leave it out and one is made in the DATA folder")
    return given


def _secret_file(path: Path) -> str:
    """Read the key of this installation, making it at the first start; two processes starting at once agree."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Choose a folder that this user may write"
        raise ConfigError(ENVIRONMENT, "DATA", f"{path.parent}: {error.strerror}", remedy) from error
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    text = path.read_text(encoding="ascii").strip()
    if len(text) < LEAST_SECRET:
        raise ConfigError(path, "", "the key in this file is too short", "Delete the file and a new one is made")
    return text
