"""Who is signed in: the signed cookie says it, the database confirms it at each request."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import flask
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.accountsettings import AccountSettings
from core.access.models import Account

EXTENSION = "innesto_accounts"
#: Where flask-login keeps the uniquifier of the account.
UNIQUIFIER = "_user_id"
SIGNED_IN_AT = "signed_in_at"


def account_settings() -> AccountSettings:
    """The settings that ``configure_accounts`` was given."""
    settings: AccountSettings = flask.current_app.extensions[EXTENSION]
    return settings


def account_of_request(session: Session) -> UUID | None:
    """The account that signed in with this request's cookie, or ``None``.

    Without a session cookie nothing is read. A disabled account, a changed password, and a login older than the
    session's lifetime count as nobody at once. ``session`` may serve a district or the installation.
    """
    if flask.current_app.config["SESSION_COOKIE_NAME"] not in flask.request.cookies:
        return None
    uniquifier, moment = flask.session.get(UNIQUIFIER), flask.session.get(SIGNED_IN_AT)
    if not isinstance(uniquifier, str) or not isinstance(moment, int | float) or _expired(moment):
        return None
    return session.scalar(sa.select(Account.id).where(Account.fs_uniquifier == uniquifier, Account.active))


def _expired(moment: float) -> bool:
    age = timedelta(seconds=clock.now().timestamp() - moment)
    return not timedelta(0) <= age < account_settings().session_lifetime
