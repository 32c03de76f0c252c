"""Settings of the installation, read from the environment once, at start."""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import ConfigError

ENVIRONMENT = "environment"
LEAST_SECRET = 32
PROJECT = Path(__file__).resolve().parent.parent


def _variable(name: str, about: str, shown: str) -> dict[str, str]:
    """What the documentation says of a setting: its variable, its meaning, its default in words."""
    return {"variable": name, "about": about, "shown": shown}


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data lie, which database serves, and how the portal is reached."""

    data_dir: Path = field(metadata=_variable("DATA", "folder of database, search index and secret key", "`var`"))
    database_url: str = field(
        metadata=_variable("DATABASE_URL", "`sqlite:///…` or `postgresql://…`", "a file in the DATA folder")
    )
    secret_key: str = field(
        metadata=_variable("SECRET_KEY", "signs sessions; at least 32 characters", "made in the DATA folder")
    )
    models_dir: Path = field(metadata=_variable("MODELS", "folder of the territorial models", "`config/models`"))
    host: str = field(default="127.0.0.1", metadata=_variable("HOST", "address to listen on", "`127.0.0.1`"))
    port: int = field(default=8000, metadata=_variable("PORT", "port to listen on", "`8000`"))
    trusted_proxies: int = field(
        default=0, metadata=_variable("PROXIES", "how many proxies in front are believed (X-Forwarded-*)", "`0`")
    )
    trusted_hosts: tuple[str, ...] = field(
        default=(), metadata=_variable("HOSTS", "host names that are answered, with spaces between", "every name")
    )
    https: bool = field(default=False, metadata=_variable("HTTPS", "`yes`: cookies and headers for HTTPS", "`no`"))
    address: str = field(
        default="",
        metadata=_variable("ADDRESS", "the portal's own address, for links in mails", "the first of HOSTS"),
    )
    idle_minutes: int = field(
        default=15,
        metadata=_variable("IDLE_MINUTES", "minutes without a request until a session asks for the password", "`15`"),
    )
    invitation_days: int = field(
        default=7, metadata=_variable("INVITATION_DAYS", "days that an invitation holds", "`7`")
    )
    threads: int = field(default=8, metadata=_variable("THREADS", "requests answered at the same time", "`8`"))
    keys_file: Path | None = field(
        default=None, metadata=_variable("KEYS", "file of the key ring", "`keys.json` in the DATA folder")
    )
    mail: str = field(
        default="folder",
        repr=False,
        metadata=_variable(
            "MAIL", "mail server: `smtp://user:password@host:587` or `smtps://…`; `folder` writes files", "`folder`"
        ),
    )
    mail_from: str = field(
        default="Innesto <innesto@localhost.localdomain>",
        metadata=_variable("MAIL_FROM", "name and address that mails come from", "`Innesto <innesto@…>`"),
    )
    antivirus: str = field(
        default="",
        metadata=_variable("ANTIVIRUS", "scanner of uploads: `clamd://host:port`", "none"),
    )
    largest_file: int = field(
        default=10 * 1024 * 1024,
        metadata=_variable("LARGEST_FILE", "megabytes that an uploaded file may have, 1 to 15", "`10`"),
    )
    api_rate: int = field(
        default=300,
        metadata=_variable("API_RATE", "requests a minute that one key of a program may make to a process", "`300`"),
    )
    testing: bool = False

    @property
    def origin(self) -> str:
        """Scheme and host that links in mails begin with. Never a request's own: anybody can write that."""
        if self.address:
            return self.address
        host = self.trusted_hosts[0] if self.trusted_hosts else f"{self.host}:{self.port}"
        return f"{'https' if self.https else 'http'}://{host}"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read the variables. Raises ConfigError naming the variable, the problem and the remedy."""
        data_dir = Path(environ.get("DATA") or "var").resolve()
        return cls(
            data_dir=data_dir,
            database_url=environ.get("DATABASE_URL") or f"sqlite:///{data_dir / 'innesto.db'}",
            secret_key=_secret(environ, data_dir),
            models_dir=Path(environ.get("MODELS") or _models()).resolve(),
            host=environ.get("HOST") or "127.0.0.1",
            port=_number(environ, "PORT", 8000, 1, 65535),
            trusted_proxies=_number(environ, "PROXIES", 0, 0, 10),
            trusted_hosts=tuple(environ.get("HOSTS", "").split()),
            https=_switch(environ, "HTTPS"),
            address=_address(environ),
            idle_minutes=_number(environ, "IDLE_MINUTES", 15, 1, 240),
            invitation_days=_number(environ, "INVITATION_DAYS", 7, 1, 60),
            threads=_number(environ, "THREADS", 8, 1, 256),
            mail=environ.get("MAIL") or "folder",
            mail_from=environ.get("MAIL_FROM") or "Innesto <innesto@localhost.localdomain>",
            antivirus=_scanner(environ),
            largest_file=_number(environ, "LARGEST_FILE", 10, 1, 15) * 1024 * 1024,
            api_rate=_number(environ, "API_RATE", 300, 1, 100_000),
            keys_file=Path(environ["KEYS"]).resolve() if environ.get("KEYS") else None,
        )


def _address(environ: Mapping[str, str]) -> str:
    """``https://innesto.example.it``: scheme and host, nothing after them."""
    text = environ.get("ADDRESS", "").rstrip("/")
    parts = urlsplit(text)
    if text and (
        parts.scheme not in {"http", "https"} or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}"
    ):
        problem = f"'{text}' is not the address of a portal"
        raise ConfigError(ENVIRONMENT, "ADDRESS", problem, "Try ADDRESS=https://innesto.example.it")
    return text


def _scanner(environ: Mapping[str, str]) -> str:
    """``clamd://127.0.0.1:3310``."""
    text = environ.get("ANTIVIRUS", "")
    if text and not re.fullmatch(r"clamd://[A-Za-z0-9.-]+:[0-9]{1,5}", text):
        problem = f"'{text}' is not the address of a scanner"
        raise ConfigError(ENVIRONMENT, "ANTIVIRUS", problem, "Try ANTIVIRUS=clamd://127.0.0.1:3310")
    return text


def _models() -> Path:
    """The models of the source tree, else those that the wheel laid beside the environment's other data."""
    sources = PROJECT / "config" / "models"
    return sources if sources.is_dir() else Path(sys.prefix) / "share" / "innesto" / "models"


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
