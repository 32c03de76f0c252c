"""What keeps forms without an account honest: where they come from, a signed timed token, an empty trap, a count.

No session and no cookie is needed, so nothing is remembered of who fills them in.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import abort, request
from itsdangerous import BadData, URLSafeTimedSerializer

from core.i18n import _
from core.privacy.codes import PublicThrottle
from core.web.context import current

#: Names of the hidden token and of the trap, which people do not see and programs fill in.
TOKEN, TRAP = "form_token", "website"
#: Seconds for which a form may stay open.
LONGEST = 4 * 3600
#: Bytes of a form without an account.
LARGEST_BODY = 64 * 1024


def limit_body(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """For ``url_value_preprocessor``: refuse a large body before anything reads it."""
    request.max_content_length = LARGEST_BODY


def form_token(name: str) -> str:
    """The token of one showing of a form of the district."""
    return _serializer(name).dumps([current.here.id, secrets.token_hex(8)])


def mark_of_form(name: str) -> str:
    """What identifies the form that was sent; empty where its token is missing, forged, too old or of elsewhere."""
    try:
        district, mark = _serializer(name).loads(request.form.get(TOKEN, ""), max_age=LONGEST)
    except (BadData, ValueError, TypeError):
        return ""
    return str(mark) if district == current.here.id else ""


def sent(name: str, *, per_address: int) -> tuple[str, str, int]:
    """Judge a form that somebody without an account sent: its mark, or ``""`` with a sentence and its status.

    ``per_address``: how many one address may send in a quarter of an hour. A form of another site ends with 403.
    """
    if from_elsewhere():
        abort(HTTPStatus.FORBIDDEN)
    mark = mark_of_form(name)
    if not mark or trapped():
        problem = _("Questa pagina era aperta da troppo tempo. Controlla le risposte e invia di nuovo.")
        return "", problem, HTTPStatus.BAD_REQUEST
    if not admitted(name, per_address=per_address):
        return "", _("Troppi tentativi. Riprova tra un quarto d'ora, o telefona."), HTTPStatus.TOO_MANY_REQUESTS
    return mark, "", HTTPStatus.OK


def from_elsewhere() -> bool:
    """Whether a browser says that another site sent the form; programs that say nothing have no cookies to abuse."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def trapped() -> bool:
    """Whether somebody filled in what people do not see."""
    return bool(request.form.get(TRAP))


def admitted(purpose: str, *, per_address: int) -> bool:
    """Count one attempt of this address; false when it, or everybody, has used up theirs. Before any session opens."""
    installation = current.installation
    throttle = PublicThrottle(installation.database, installation.settings.secret_key, per_address=per_address)
    return throttle.admit(purpose, request.remote_addr or "")


def _serializer(name: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current.installation.settings.secret_key, salt=f"public-form:{name}")
