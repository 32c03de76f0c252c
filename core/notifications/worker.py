"""Send what waits. Several servers may do so at once: each leases the mails it has in hand."""

from __future__ import annotations

import logging
import smtplib
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from threading import Event as Flag
from threading import Thread
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, update
from sqlalchemy.orm import Session

from core import clock, crypto
from core.db import Database, uuid7
from core.errors import ConfigError, InnestoError
from core.i18n import DEFAULT, _
from core.notifications.letters import Letter, compose
from core.notifications.models import Mail
from core.notifications.operations import FIELD, PURPOSE, TABLE
from core.notifications.transport import (
    Postponed,
    Transport,
    Undeliverable,
    Way,
    message_of,
    sender_of,
    transport_of,
)
from core.settings import ENVIRONMENT, Settings

log = logging.getLogger(__name__)
BATCH = 20
#: Seconds after which a batch is broken off. With the mail in hand it ends well before the lease.
LONGEST_BATCH = 300.0
#: After a crash, what was in hand is free again so much later.
LEASE = timedelta(minutes=10)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(hours=2)
#: From the moment it was first due.
GIVE_UP = timedelta(days=5)
DEMO = "[Dati dimostrativi] "


@dataclass(frozen=True, slots=True)
class Leased:
    """A mail in hand."""

    id: UUID
    message_id: str
    letter: Letter


class Postman:
    """Takes the mails that are due and hands them to the transport."""

    def __init__(self, database: Database, transport: Transport, sender: Address, *, demo: bool = False) -> None:
        self._database, self._transport, self._sender = database, transport, sender
        self._prefix = DEMO if demo else ""
        self.stopped = Flag()

    def deliver(self) -> int:
        """Send what is due, at most one batch; answers how many mails left."""
        leased = self._lease()
        if not leased:
            return 0
        try:
            with self._transport.opened() as way:
                return self._send(way, leased)
        except (OSError, smtplib.SMTPException) as error:
            # There is no way at all at present: each of them has been tried in vain.
            self._postpone(leased, reason_of(error))
            return 0
        finally:
            self._release(leased)

    def _lease(self) -> list[Leased]:
        with self._database.read(None) as session:
            if session.scalars(_due().limit(1)).first() is None:
                return []
        with self._database.write(None) as session:
            rows = session.scalars(_due().limit(BATCH).with_for_update(skip_locked=True)).all()
            return [leased for row in rows if (leased := self._take(session, row))]

    def _take(self, session: Session, row: Mail) -> Leased | None:
        row.message_id = row.message_id or f"<{row.id}@{self._sender.domain}>"
        try:
            letter = Letter.unpacked(_opened(session, row))
        except (InnestoError, ValueError, TypeError) as error:
            _give_up(row, f"unreadable: {type(error).__name__}")
            log.error("mail %s cannot be read and was given up", row.id)
            return None
        row.leased_until = clock.now() + LEASE
        return Leased(row.id, row.message_id, letter)

    def _send(self, way: Way, leased: Sequence[Leased]) -> int:
        sent, ends = 0, time.monotonic() + LONGEST_BATCH
        for mail in leased:
            if self.stopped.is_set() or time.monotonic() > ends:
                break
            try:
                sent += self._one(way, mail)
            except (OSError, smtplib.SMTPException) as error:
                # The connection is gone. Those behind are released: one mail must not keep the others.
                self._postpone([mail], reason_of(error))
                break
        return sent

    def _one(self, way: Way, mail: Leased) -> bool:
        try:
            way.send(self._message(mail))
        except Undeliverable as error:
            reason = str(error)
            self._settle([mail], lambda row: _give_up(row, reason))
            log.warning("mail %s was given up: %s", mail.id, reason)
            return False
        except Postponed as error:
            self._postpone([mail], str(error))
            return False
        self._settle([mail], _sent)
        return True

    def _message(self, mail: Leased) -> EmailMessage:
        number, moment = mail.message_id, clock.now()
        try:
            return message_of(mail.letter, sender=self._sender, message_id=number, moment=moment, prefix=self._prefix)
        except ValueError as error:
            raise Undeliverable("no mail can be made of it") from error

    def _postpone(self, mails: Sequence[Leased], reason: str) -> None:
        self._settle(mails, lambda row: _postpone(row, reason))
        log.warning("%d mails wait: %s", len(mails), reason)

    def _settle(self, mails: Sequence[Leased], change: Callable[[Mail], None]) -> None:
        """Write down how it went, for those still in hand."""
        with self._database.write(None) as session:
            for row in session.scalars(select(Mail).where(_in_hand(mails)).with_for_update()):
                change(row)
                row.leased_until = None

    def _release(self, mails: Sequence[Leased]) -> None:
        with self._database.read(None) as session:
            if session.scalars(select(Mail.id).where(_in_hand(mails)).limit(1)).first() is None:
                return
        with self._database.write(None) as session:
            session.execute(update(Mail).where(_in_hand(mails)).values(leased_until=None))


def _due() -> Select[Mail]:
    moment = clock.now()
    free = or_(Mail.leased_until.is_(None), Mail.leased_until < moment)
    waits = Mail.sent_at.is_(None), Mail.given_up_at.is_(None), Mail.next_try_at <= moment, free
    return select(Mail).where(*waits).order_by(Mail.next_try_at, Mail.id)


def _in_hand(mails: Sequence[Leased]) -> ColumnElement[bool]:
    return Mail.id.in_([mail.id for mail in mails]) & Mail.leased_until.is_not(None)


def _opened(session: Session, row: Mail) -> bytes:
    return crypto.unseal_installation(session, PURPOSE, row.letter or b"", table=TABLE, row_id=row.id, field=FIELD)


def _sent(row: Mail) -> None:
    row.sent_at, row.letter, row.last_error = clock.now(), None, ""
    row.tries += 1


def _postpone(row: Mail, reason: str) -> None:
    row.tries += 1
    row.last_error = reason[:200]
    row.next_try_at = clock.now() + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.tries - 1, 16))
    if clock.now() - row.waiting_since > GIVE_UP:
        _give_up(row, reason)
        log.error("mail %s was given up after %d attempts: %s", row.id, row.tries, reason)


def _give_up(row: Mail, reason: str) -> None:
    row.given_up_at, row.last_error = clock.now(), reason[:200]


def reason_of(error: Exception) -> str:
    """What failed, in words of ours: a server may repeat the address in its own."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return error.strerror or type(error).__name__
    gone = isinstance(error, smtplib.SMTPServerDisconnected)
    return "the server hung up, or was silent" if gone else type(error).__name__


class MailWorker:
    """A thread that sends mails until it is stopped."""

    PAUSE = 2.0
    PAUSE_AFTER_ERROR = 15.0

    def __init__(self, postman: Postman) -> None:
        self._postman = postman
        self._thread = Thread(target=self._run, name="mail", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End after the mail in hand; what was leased beside it is free again."""
        self._postman.stopped.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        pause = self.PAUSE
        while not self._postman.stopped.wait(pause):
            pause = self._round()

    def _round(self) -> float:
        try:
            while self._postman.deliver() and not self._postman.stopped.is_set():
                pass
        except Exception:  # the worker outlives any fault of the database
            log.exception("mails were not sent; trying again")
            return self.PAUSE_AFTER_ERROR
        return self.PAUSE


def postman_of(database: Database, settings: Settings, *, demo: bool = False) -> Postman:
    """The postman of an installation. Raises ConfigError where MAIL or MAIL_FROM is wrong."""
    return Postman(database, transport_of(settings), sender_of(settings), demo=demo)


def try_out(settings: Settings, address: str) -> str:
    """Send one mail at once, past the outbox; answers that it left. Raises ConfigError with what the server says."""
    transport, sender = transport_of(settings), sender_of(settings)
    letter = compose(address, "test", {}, DEFAULT)
    number = f"<{uuid7()}@{sender.domain}>"
    try:
        with transport.opened() as way:
            way.send(message_of(letter, sender=sender, message_id=number, moment=clock.now()))
    except (OSError, smtplib.SMTPException, Undeliverable, Postponed) as error:
        reason = str(error) if isinstance(error, Undeliverable | Postponed) else reason_of(error)
        remedy = "Check server, port, user and password in MAIL, and the address in MAIL_FROM"
        raise ConfigError(ENVIRONMENT, "MAIL", reason, remedy) from error
    return _("Il messaggio di prova è partito.")
