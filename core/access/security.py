"""Login by flask-security, confined to ``/account``: elsewhere none of it runs or reads the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import flask
import sqlalchemy as sa
from flask import Flask, g
from flask_security.core import RoleMixin, Security, UserMixin
from flask_security.datastore import SQLAlchemyUserDatastore
from flask_security.utils import login_user, logout_user
from sqlalchemy.orm import Session

from core import clock
from core.access import passwords
from core.access.accountsettings import AccountSettings
from core.access.models import Account
from core.access.session import EXTENSION, SIGNED_IN_AT
from core.access.throttle import LoginThrottle
from core.access.views import LOGIN, blueprint
from core.db import Database

SESSION = "innesto_account_session"
HOOKS = ("before_request_funcs", "after_request_funcs", "template_context_processors")


class SecurityAccount(UserMixin, Account):  # type: ignore[misc]
    """An account as flask-security handles it; the same rows as Account."""

    __allow_unmapped__ = True


class NoRole(RoleMixin):
    """flask-security asks for a role model; ours are rows of a district, which it never sees."""


class RequestSession:
    """What flask-security takes for its database: an installation session that only reads, one a request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def session(self) -> Session:
        """Opened at first use. A login writes elsewhere, in a short transaction after the slow password check."""
        opened: Session | None = g.get(SESSION)
        if opened is None:
            opened = self._database.open(None)
            setattr(g, SESSION, opened)
        return opened


class AccountSecurity:
    """Check a login, begin and end sessions."""

    def __init__(self, app: Flask, database: Database, settings: AccountSettings) -> None:
        self._database, self._settings = database, settings
        self.throttle = LoginThrottle(database, settings, str(app.secret_key))
        self._datastore = SQLAlchemyUserDatastore(cast(Any, RequestSession(database)), SecurityAccount, NoRole)
        Security(app, self._datastore, register_blueprint=False)

    def verified(self, email: str, password: str) -> SecurityAccount | None:
        """The active account with this address and password. Every failure takes the time of one hash."""
        # A control character cannot be in an address, and PostgreSQL refuses to compare NUL.
        found = self._datastore.find_user(email=email) if email.isprintable() else None
        account = cast("SecurityAccount | None", found)
        stored = account.password if account else None
        right = passwords.verify(stored, password, self._settings.hashing)
        if account is None or stored is None or not (right and account.active):
            return None
        if passwords.outdated(stored, self._settings.hashing):
            self._renew_hash(account, password)
        return account

    def start_session(self, account: SecurityAccount, address: str) -> None:
        """Sign the account in; nothing of the session before is carried over."""
        with self._database.write(None) as session:
            self.throttle.forgive(session, account.email, address)
            session.execute(sa.update(Account).where(Account.id == account.id).values(last_login_at=clock.now()))
        flask.session.clear()
        flask.session[SIGNED_IN_AT] = clock.now().timestamp()
        login_user(account, remember=False, authn_via=["password"])

    def end_session(self) -> None:
        """Sign out and forget the session."""
        logout_user()
        flask.session.clear()

    def _renew_hash(self, account: Account, password: str) -> None:
        fresh = passwords.hash_password(password, self._settings.hashing)
        # Only while it is still the hash that was verified: a password changed meanwhile stays changed.
        unchanged = (Account.id == account.id, Account.password == account.password)
        with self._database.write(None) as session:
            session.execute(sa.update(Account).where(*unchanged).values(password=fresh))


def configure_accounts(app: Flask, database: Database, settings: AccountSettings | None = None) -> None:
    """Add ``/account/accedi``, ``/account/esci`` and ``/account/uscita`` to the application.

    Needs ``SECRET_KEY`` and the session cookie's settings in ``app.config``; the forgery protection of the whole
    application covers these forms.
    """
    settings = settings or AccountSettings()
    app.extensions[EXTENSION] = settings
    app.config.update(_security_config(settings.hashing))
    with _confined_to(app, blueprint.name):
        app.extensions[LOGIN] = AccountSecurity(app, database, settings)
    app.register_blueprint(blueprint)
    app.teardown_appcontext(_close_session)


def _security_config(hashing: passwords.Hashing) -> dict[str, Any]:
    """What flask-security would hash with is what ``passwords`` hashes with: one kind of hash in the database."""
    cost = {"time_cost": hashing.time_cost, "memory_cost": hashing.memory_kib, "parallelism": hashing.parallelism}
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        "SECURITY_DEPRECATED_PASSWORD_SCHEMES": [],
        "SECURITY_PASSWORD_SINGLE_HASH": True,
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {f"argon2__{key}": value for key, value in cost.items()},
        "SECURITY_DEFAULT_REMEMBER_ME": False,
        "SECURITY_ANONYMOUS_USER_DISABLED": True,
        "SECURITY_USE_REGISTER_V2": True,
        "SECURITY_CLI_USERS_NAME": "",
        "SECURITY_CLI_ROLES_NAME": "",
        "SECURITY_I18N_DIRNAME": ["builtin"],
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
    }


@contextmanager
def _confined_to(app: Flask, name: str) -> Iterator[None]:
    """Let the hooks that an extension adds to every request run for one blueprint alone.

    flask-login and flask-principal would otherwise load the account on each page and each template, and every public
    page would vary by cookie.
    """
    before = {hooks: list(getattr(app, hooks)[None]) for hooks in HOOKS}
    yield
    for hooks in HOOKS:
        kinds = getattr(app, hooks)
        added = [function for function in kinds[None] if function not in before[hooks]]
        kinds[None][:] = before[hooks]
        kinds[name].extend(added)


def _close_session(_error: BaseException | None) -> None:
    opened: Session | None = g.pop(SESSION, None)
    if opened is not None:
        opened.close()
