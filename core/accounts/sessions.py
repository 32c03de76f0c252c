"""Who is signed in: the signed cookie names a login, the database says at each request whether it still holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import flask
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock
from core.access.models import Account, Membership
from core.access.permissions import valid
from core.accounts.accountsettings import AccountSettings
from core.accounts.models import AccountSession
from core.db import Database, uuid7
from core.districts.models import District
from core.errors import NotFound
from core.i18n import _

EXTENSION = "innesto_accounts"
#: Where flask-login keeps the uniquifier of the account, and we the id of the login.
UNIQUIFIER, LOGIN_ID = "_user_id", "login"
#: A login is seen at most so often: a page that is only read should not write each time.
TOUCH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Login:
    """The login that a request came with. ``locked``: it waits for the password."""

    account_id: UUID
    session_id: UUID
    two_factor: bool
    locked: bool
    #: The request counts from now on; older than a minute, it is worth writing down.
    seen_at: datetime
    district: int | None = None

    @property
    def to_touch(self) -> bool:
        """Whether the moment of this request should be written down."""
        return not self.locked and clock.now() - self.seen_at >= TOUCH


def account_settings() -> AccountSettings:
    """The settings that the running application was configured with."""
    settings: AccountSettings = flask.current_app.extensions[EXTENSION]
    return settings


def current_login(session: Session) -> Login | None:
    """The login of this request's cookie, or ``None``.

    Without a session cookie nothing is read. A disabled account, a changed password, a login that was closed or is
    older than the session's lifetime count as nobody at once. ``session`` may serve a district or the installation.
    """
    found = _cookie()
    if found is None:
        return None
    login_id, uniquifier = found
    settings, now = account_settings(), clock.now()
    row = session.execute(
        sa.select(AccountSession)
        .join(Account, Account.id == AccountSession.account_id)
        .where(
            AccountSession.id == login_id,
            AccountSession.ended_at.is_(None),
            AccountSession.created_at > now - settings.session_lifetime,
            AccountSession.created_at <= now,
            Account.fs_uniquifier == uniquifier,
            Account.active,
        )
        .with_only_columns(*_FACTS)
    ).first()
    if row is None:
        return None
    idle = row.locked_at is not None or now - row.seen_at >= settings.idle
    return Login(row.account_id, login_id, row.two_factor_at is not None, idle, row.seen_at, row.district)


_FACTS = (
    AccountSession.account_id,
    AccountSession.seen_at,
    AccountSession.locked_at,
    AccountSession.two_factor_at,
    AccountSession.district,
)


def last_district(session: Session, account_id: UUID) -> int | None:
    """The number of the district that the account used last, at any login."""
    mine = sa.select(AccountSession.district).where(
        AccountSession.account_id == account_id, AccountSession.district.is_not(None)
    )
    return session.scalar(mine.order_by(AccountSession.seen_at.desc()).limit(1))


def member_districts(account_id: UUID) -> sa.Select[int, str]:
    """Number and slug of the districts where an account works now."""
    some = sa.select(District.id, District.slug).join(Membership, Membership.member_of == District.id)
    return some.where(Membership.account_id == account_id, valid(Membership, clock.now()))


def owner_of_cookie(session: Session) -> UUID | None:
    """The active account whose login this cookie names, also when that login is locked or over."""
    found = _cookie()
    if found is None:
        return None
    mine = sa.select(AccountSession.account_id).join(Account, Account.id == AccountSession.account_id)
    return session.scalar(mine.where(AccountSession.id == found[0], Account.active))


def _cookie() -> tuple[UUID, str] | None:
    if flask.current_app.config["SESSION_COOKIE_NAME"] not in flask.request.cookies:
        return None
    uniquifier, login_id = flask.session.get(UNIQUIFIER), flask.session.get(LOGIN_ID)
    if not isinstance(uniquifier, str) or not isinstance(login_id, str):
        return None
    try:
        return UUID(login_id), uniquifier
    except ValueError:
        return None


def begin(session: Session, account_id: UUID, *, two_factor: bool, browser: str = "") -> UUID:
    """Write down a new login and answer its id."""
    now = clock.now()
    row = AccountSession(id=uuid7(), account_id=account_id, created_at=now, seen_at=now, browser=browser[:60])
    row.two_factor_at = now if two_factor else None
    session.add(row)
    session.flush()
    return row.id


def touch(database: Database, login: Login, district: int | None) -> None:
    """Write down that the login was seen now, in a short transaction of its own."""
    values = {"seen_at": clock.now(), "district": district or login.district}
    with database.write(None) as session:
        # Not when somebody locked or closed it meanwhile.
        open_ = (AccountSession.locked_at.is_(None), AccountSession.ended_at.is_(None))
        session.execute(sa.update(AccountSession).where(AccountSession.id == login.session_id, *open_).values(values))


def lock(session: Session, session_id: UUID) -> None:
    """Ask for the password at the next request of this login."""
    session.execute(sa.update(AccountSession).where(AccountSession.id == session_id).values(locked_at=clock.now()))


def unlock(session: Session, session_id: UUID) -> None:
    """The password was given: go on."""
    values = {"locked_at": None, "seen_at": clock.now()}
    session.execute(sa.update(AccountSession).where(AccountSession.id == session_id).values(values))


def passed_two_factor(session: Session, session_id: UUID) -> None:
    """A code of the telephone was given in this login."""
    session.execute(sa.update(AccountSession).where(AccountSession.id == session_id).values(two_factor_at=clock.now()))


def open_sessions(session: Session, account_id: UUID) -> Sequence[AccountSession]:
    """The logins of an account that still hold, the last seen first."""
    return session.scalars(
        sa.select(AccountSession).where(*_still_open(account_id)).order_by(AccountSession.seen_at.desc())
    ).all()


def _still_open(account_id: UUID) -> Iterator[sa.ColumnElement[bool]]:
    yield AccountSession.account_id == account_id
    yield AccountSession.ended_at.is_(None)
    yield AccountSession.created_at > clock.now() - account_settings().session_lifetime


def end_session(session: Session, account_id: UUID, session_id: UUID) -> None:
    """Close one login of the account. Raises NotFound when it is none of its open ones."""
    row = session.get(AccountSession, session_id)
    if row is None or row.account_id != account_id or row.ended_at is not None:
        raise NotFound(_("Questa sessione è già chiusa."))
    row.ended_at = clock.now()
    session.flush()


def end_all(session: Session, account_id: UUID, *, but: UUID | None = None, only: UUID | None = None) -> int:
    """Close every login of the account, or all ``but`` one, or one ``only``; answers how many there were."""
    chosen = [AccountSession.account_id == account_id, AccountSession.ended_at.is_(None)]
    if but is not None:
        chosen.append(AccountSession.id != but)
    if only is not None:
        chosen.append(AccountSession.id == only)
    closed = session.execute(sa.update(AccountSession).where(*chosen).values(ended_at=clock.now()))
    return int(closed.rowcount)  # type: ignore[attr-defined]


#: (what a browser says of itself, what it is called), the first that fits; each also claims to be those below.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def browser_family(user_agent: str) -> str:
    """``Firefox, Windows``: enough to know one's own computer, too little to know somebody by it."""
    found = [next((name for mark, name in kind if mark in user_agent), "") for kind in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found))
