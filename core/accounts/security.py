"""Login by flask-security, confined to ``/account``: elsewhere none of it runs or reads the session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import flask
import sqlalchemy as sa
from flask import Blueprint, Flask, g
from flask_security.core import RoleMixin, Security, UserMixin
from flask_security.datastore import SQLAlchemyUserDatastore
from flask_security.utils import login_user, logout_user
from sqlalchemy.orm import Session

from core import clock
from core.access.models import Account
from core.accounts import passwords, sessions, trail
from core.accounts.accountsettings import AccountSettings
from core.accounts.throttle import Throttle
from core.db import Database

SESSION = "innesto_account_session"
#: Where ``attach_security`` leaves the login machinery.
MACHINERY = "innesto_login"
SECOND_STEP = "second_step"
#: Ways of finding out who somebody is.
PASSWORD, TELEPHONE, RECOVERY = "password", "totp", "recovery"
HOOKS = ("before_request_funcs", "after_request_funcs", "template_context_processors")


class SecurityAccount(UserMixin, Account):  # type: ignore[misc]
    """An account as flask-security handles it; the same rows as Account."""

    __allow_unmapped__ = True

    @property
    def key(self) -> UUID:
        """The id, which flask-security's own types take for a number."""
        return cast(UUID, self.id)


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
        self.database, self._settings = database, settings
        self.throttle = Throttle(database, settings, str(app.secret_key))
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

    def wait_for_second_step(self, account_id: UUID) -> None:
        """The password was right: remember whose, until the code of the telephone comes."""
        flask.session.clear()
        uniquifier = cast(SecurityAccount, self._datastore.find_user(id=account_id)).fs_uniquifier
        flask.session[SECOND_STEP] = [str(account_id), clock.now().timestamp(), uniquifier]

    def second_step(self) -> SecurityAccount | None:
        """Whose password was given a short while ago in this browser, and is still the password."""
        found = flask.session.get(SECOND_STEP)
        if not isinstance(found, list) or len(found) != 3:
            return None
        age = timedelta(seconds=clock.now().timestamp() - found[1])
        if not timedelta(0) <= age < self._settings.second_step_lifetime:
            return None
        account = cast("SecurityAccount | None", self._datastore.find_user(id=UUID(found[0])))
        return account if account and account.active and account.fs_uniquifier == found[2] else None

    def sign_in(self, account_id: UUID, methods: tuple[str, ...]) -> bool:
        """Begin a session of the account, and answer whether it has passed the second step.

        Nothing of the session before is carried over.

        ``methods`` are those by which somebody, here or elsewhere, has found out who it is: ``password``, ``totp``,
        ``recovery``. All but the password count as a second step. An identity provider calls this and nothing else.
        """
        now = clock.now()
        with self.database.write(None) as session:
            account = session.get_one(Account, account_id)
            account.last_login_at = now
            browser = sessions.browser_family(flask.request.user_agent.string)
            second = bool(set(methods) - {PASSWORD}) or self._settings.one_step(account.email)
            login_id = sessions.begin(session, account_id, two_factor=second, browser=browser)
            trail.login(session, account, methods)
        # What this request read before may be older than the password it has just stored.
        _close_session(None)
        found = cast(SecurityAccount, self._datastore.find_user(id=account_id))
        flask.session.clear()
        flask.session[sessions.LOGIN_ID] = str(login_id)
        login_user(found, remember=False, authn_via=list(methods))
        return second

    def end_session(self) -> None:
        """Sign out and forget the session."""
        with self.database.read(None) as session:
            login = sessions.current_login(session)
        if login is not None:
            with self.database.write(None) as session:
                sessions.end_all(session, login.account_id, only=login.session_id)
        logout_user()
        flask.session.clear()

    def _renew_hash(self, account: Account, password: str) -> None:
        fresh = passwords.hash_password(password, self._settings.hashing)
        # Only while it is still the hash that was verified: a password changed meanwhile stays changed.
        unchanged = (Account.id == account.id, Account.password == account.password)
        with self.database.write(None) as session:
            session.execute(sa.update(Account).where(*unchanged).values(password=fresh))


def security() -> AccountSecurity:
    """The login machinery of the running application."""
    return cast(AccountSecurity, flask.current_app.extensions[MACHINERY])


def attach_security(app: Flask, database: Database, settings: AccountSettings, blueprint: Blueprint) -> None:
    """Give the application its login machinery, for the pages of ``blueprint``.

    Needs ``SECRET_KEY`` and the session cookie's settings in ``app.config``.
    """
    app.extensions[sessions.EXTENSION] = settings
    app.config.update(_security_config(settings.hashing))
    with _confined_to(app, blueprint.name):
        app.extensions[MACHINERY] = AccountSecurity(app, database, settings)
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
