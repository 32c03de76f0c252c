"""Who asks on the API: the account of the key in ``Authorization: Bearer``, or for reading alone a browser's session.

A request that carries a key is judged by the key: its cookie is not looked at, and the two never add up. Nothing is
written on the strength of a cookie, which a browser sends along whoever asks it to; so no forgery token is needed here.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask, Response, request

from core import clock
from core.accounts import tokens, trail
from core.accounts.models import LoginAttempt
from core.accounts.sessions import account_settings
from core.accounts.throttle import count_attempt, site_of, used_up
from core.i18n import OTHERS, _
from core.web.context import WRITING, current
from core.web.errors import answer

if TYPE_CHECKING:
    from core.db import Database
    from core.installation import Installation

PREFIX = "/api/"
SCHEME = "bearer "
#: What a 401 asks for.
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="innesto"'}
NOT_VALID = {"WWW-Authenticate": 'Bearer realm="innesto", error="invalid_token"'}
MINUTE = 60.0
#: Keys whose requests one process counts; older ones are forgotten when there are more.
MOST_COUNTED = 4_096


class Rate:
    """How many requests each key made in its present minute, counted in this process."""

    def __init__(self, per_minute: int) -> None:
        self._most, self._lock = per_minute, Lock()
        self._counts: dict[UUID, tuple[float, int]] = {}

    def wait(self, key: UUID, now: float) -> int:
        """Count a request at ``now`` (seconds of a steady clock); how many seconds to wait, 0 when it may go on."""
        with self._lock:
            began, made = self._counts.get(key, (now, 0))
            if now - began >= MINUTE:
                began, made = now, 0
            if made >= self._most:
                return max(1, round(began + MINUTE - now))
            if len(self._counts) >= MOST_COUNTED:
                self._forget(now)
            self._counts[key] = (began, made + 1)
            return 0

    def _forget(self, now: float) -> None:
        self._counts = {key: kept for key, kept in self._counts.items() if now - kept[0] < MINUTE}


class WrongKeys:
    """Keys that opened nothing, counted by address in the database. A good key is never kept waiting for them."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database, self._secret = database, secret.encode()

    def admit(self, address: str) -> bool:
        """Count one wrong key; false when the address has used up its attempts, and then nothing is written."""
        settings = account_settings()
        subject = hmac.new(self._secret, f"key:{site_of(address)}".encode(), hashlib.sha256).hexdigest()
        most, since = settings.attempts_per_address, clock.now() - settings.window
        with self._database.read(None) as session:
            if used_up(session, {subject: most}, since):
                return False
        with self._database.write(None) as session:
            session.execute(sa.delete(LoginAttempt).where(LoginAttempt.since <= since))
            count_attempt(session, subject)
            if used_up(session, {subject: most}, since):
                trail.refused(session, "attempts_key", None)
        return True


class Doorkeeper:
    """Looks at each request of the API before its resource does."""

    def __init__(self, installation: Installation, secret: str) -> None:
        self._database = installation.database
        self._rate = Rate(installation.settings.api_rate)
        self._wrong = WrongKeys(installation.database, secret)

    def __call__(self) -> Response | None:
        """Let the request in as whom its key says, or answer what is wrong with it."""
        if not request.url_rule or not request.url_rule.rule.startswith(PREFIX):
            return None
        _speak()
        text = request.headers.get("Authorization")
        if text is not None:
            return self._by_key(text)
        return _key_needed() if request.method in WRITING else None

    def _by_key(self, text: str) -> Response | None:
        login = self._login(text)
        if login is None:
            return self._unknown()
        if login.member_of != current.here.id:
            return answer(403, _("Questa chiave vale in un altro distretto."))
        if seconds := self._rate.wait(login.token_id, time.monotonic()):
            message = _("Questa chiave ha fatto troppe richieste. Riprova fra %(count)s secondi.", count=seconds)
            return answer(429, message, headers={"Retry-After": str(seconds)})
        if login.to_touch:
            with self._database.write(None) as session:
                tokens.used(session, login)
        current.token = login
        return None

    def _login(self, text: str) -> tokens.TokenLogin | None:
        """In a session of its own: one that writes would hold the lock for whoever knocks."""
        if not text.lower().startswith(SCHEME):
            return None
        with self._database.read(None) as session:
            return tokens.verify(session, text[len(SCHEME) :].strip())

    def _unknown(self) -> Response:
        if self._wrong.admit(request.remote_addr or ""):
            message = _("La chiave non vale: è sbagliata, scaduta o revocata. Creane una nuova nel tuo profilo.")
            return answer(401, message, headers=NOT_VALID)
        seconds = int(account_settings().window.total_seconds())
        message = _("Da qui sono arrivate troppe chiavi che non valgono. Riprova più tardi.")
        return answer(429, message, headers={"Retry-After": str(seconds)})


def _key_needed() -> Response:
    message = _("Per scrivere serve una chiave. Creala nel tuo profilo e mandala così: Authorization: Bearer …")
    return answer(401, message, headers=CHALLENGE)


def _speak() -> None:
    """Answer in the language that the program asks for, where the district has it."""
    lang = request.accept_languages.best_match(["it", *OTHERS])
    if lang in OTHERS and lang in current.here.languages:
        current.address_lang = lang


def configure_bearer(app: Flask, installation: Installation) -> None:
    """Put the doorkeeper before every resource, of the core and of plugins alike."""
    app.before_request(Doorkeeper(installation, str(app.secret_key)))
    app.after_request(_vary)


def _vary(response: Response) -> Any:
    if request.path.startswith(PREFIX):
        response.vary.update(("Accept-Language", "Authorization", "Cookie"))
    return response
