"""How a mail leaves: by SMTP, or as a file in the DATA folder."""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from core.errors import ConfigError
from core.notifications.letters import Letter
from core.settings import ENVIRONMENT, Settings

FOLDER = "folder"
#: Port by scheme, where the address names none.
PORTS = {"smtp": 587, "smtps": 465}
REMEDY = "Try MAIL=smtp://user:password@mail.example:587, or MAIL=folder"
#: Seconds for one answer of the server, and for one whole mail.
ANSWER, WHOLE = 30.0, 120.0


class Undeliverable(Exception):
    """The server refuses this mail for good; another attempt would be refused as well."""


class Way(Protocol):
    """Takes messages one after the other, within ``opened``."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over. Raises Undeliverable, or what the network says."""
        ...


class Transport(Protocol):
    """A way that is opened for some mails and closed."""

    def opened(self) -> AbstractContextManager[Way]:
        """The way, open. Raises OSError or SMTPException where there is none now."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Writes each mail as a file that mail programs open; for trying the portal without a mail server."""

    path: Path

    @contextmanager
    def opened(self) -> Iterator[Folder]:
        """The folder, made where it is missing, for this user alone."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield self

    def send(self, message: EmailMessage) -> None:
        """Write the file; a repeat of the same mail takes the place of the first."""
        name = str(message["Message-ID"]).strip("<>").partition("@")[0]
        draft = self.path / f".{name}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(message.as_bytes(policy=SMTP))
        draft.replace(self.path / f"{name}.eml")


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. ``tls``: ``"start"`` (STARTTLS is demanded), ``"whole"`` (smtps) or ``""`` (none)."""

    host: str
    port: int
    tls: str
    user: str = ""
    password: str = field(default="", repr=False)
    greeting: str = "localhost"
    answer: float = ANSWER
    whole: float = WHOLE

    @contextmanager
    def opened(self) -> Iterator[SmtpWay]:
        """A connection, encrypted and signed in."""
        with self._connected() as server:
            try:
                yield SmtpWay(server, self.whole)
            finally:
                _part(server)

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self._server()
        try:
            with limited(server, self.whole):
                server.connect(self.host, self.port)
                self._enter(server)
            yield server
        finally:
            server.close()

    def _server(self) -> smtplib.SMTP:
        # Greeted with the domain of the mails: asking for the name of this machine may take long and tells it.
        facts: dict[str, Any] = {"local_hostname": self.greeting, "timeout": self.answer}
        whole = self.tls == "whole"
        made = smtplib.SMTP_SSL(context=trusted(), **facts) if whole else smtplib.SMTP(**facts)
        made._host = self.host  # type: ignore[attr-defined]  # the name TLS compares; connect() does not keep it
        return made

    def _enter(self, server: smtplib.SMTP) -> None:
        if self.tls == "start":
            server.starttls(context=trusted())
        if self.user:
            server.login(self.user, self.password)


def trusted() -> ssl.SSLContext:
    """Certificates are checked against the system's authorities, and names compared."""
    return ssl.create_default_context()


def _part(server: smtplib.SMTP) -> None:
    """Say goodbye, which a server that is gone need not hear."""
    with suppress(OSError, smtplib.SMTPException), limited(server, ANSWER):
        server.quit()


@dataclass(frozen=True, slots=True)
class SmtpWay:
    """An open connection."""

    server: smtplib.SMTP
    whole: float

    def send(self, message: EmailMessage) -> None:
        """Hand the message over within ``whole`` seconds, however slowly the server speaks."""
        try:
            with limited(self.server, self.whole):
                self.server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            codes = {code for code, _text in refused.recipients.values()}
            raise _judged(min(codes, default=0), refused) from refused
        except smtplib.SMTPDataError as refused:
            raise _judged(refused.smtp_code, refused) from refused
        except smtplib.SMTPNotSupportedError as refused:
            raise Undeliverable("the server takes no such address") from refused


def _judged(code: int, error: Exception) -> Exception:
    return Undeliverable(f"refused with {code}") if 500 <= code < 600 else Postponed(f"postponed with {code}")


class Postponed(Exception):
    """The server asks to come again later."""


@contextmanager
def limited(server: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Cut the connection after ``seconds``: a server that answers a byte at a time would keep it for ever."""
    timer = threading.Timer(seconds, _cut, [server])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cut(server: smtplib.SMTP) -> None:
    if server.sock is not None:
        with suppress(OSError):
            server.sock.shutdown(socket.SHUT_RDWR)


# --- settings --------------------------------------------------------------------------------------------------------


def transport_of(settings: Settings) -> Transport:
    """The transport that MAIL names. Raises ConfigError for it or for MAIL_FROM, which never repeats the password."""
    greeting = sender_of(settings).domain
    if settings.mail == FOLDER:
        return Folder(settings.data_dir / "mail")
    try:
        parts = urlsplit(settings.mail)
        port = parts.port
    except ValueError as error:
        raise _wrong("the address cannot be read") from error
    if parts.scheme not in PORTS:
        raise _wrong("the address begins neither with smtp:// nor with smtps://")
    if not parts.hostname or parts.path.strip("/"):
        raise _wrong("the address names no server" if not parts.hostname else "nothing may follow the server")
    return _smtp(parts, port or PORTS[parts.scheme], greeting)


def _smtp(parts: SplitResult, port: int, greeting: str) -> Smtp:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    host, tls = parts.hostname or "", _tls(parts)
    if user and not password:
        raise _wrong("a user without a password")
    if password and not tls:
        raise _wrong("the password would travel unencrypted")
    return Smtp(host, port, tls, user, password, greeting)


def _tls(parts: SplitResult) -> str:
    asked = parse_qs(parts.query, keep_blank_values=True)
    if asked and asked != {"starttls": ["no"]}:
        raise _wrong("the only option is ?starttls=no, for a server in the same protected network")
    if parts.scheme == "smtps":
        return "whole"
    return "" if asked or (_is_here(parts.hostname or "") and not parts.username) else "start"


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(problem: str) -> ConfigError:
    return ConfigError(ENVIRONMENT, "MAIL", problem, REMEDY)


def sender_of(settings: Settings) -> Address:
    """Who the mails are from, as MAIL_FROM says. Raises ConfigError."""
    listed = getaddresses([settings.mail_from])
    try:
        ((name, spec),) = listed
        found = Address(display_name=name, addr_spec=spec)
    except (ValueError, IndexError, HeaderParseError):
        found = Address()
    if not found.username or not found.domain or not settings.mail_from.isprintable():
        remedy = "Try MAIL_FROM='Innesto <innesto@comune.example>'"
        raise ConfigError(ENVIRONMENT, "MAIL_FROM", "this is not one e-mail address", remedy)
    return found


def message_of(letter: Letter, *, sender: Address, message_id: str, moment: datetime, prefix: str = "") -> EmailMessage:
    """The mail as it travels. A line break in a header is refused by the library."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=letter.to)
    message["Subject"] = f"{prefix}{letter.subject}"
    message["Date"] = format_datetime(moment)
    message["Message-ID"] = message_id
    # Answering machines leave it alone.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    return message
