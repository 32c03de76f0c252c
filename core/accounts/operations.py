"""Every write on accounts: it checks the permission, changes, flushes and leaves a row in the access log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from core import clock
from core.access.actor import Actor
from core.access.guards import district_keeps_administrator, log, need_charge, need_portal, portal_keeps_administrator
from core.access.layer import require
from core.access.models import Account, new_uniquifier
from core.access.permissions import ACCOUNTS, MANAGE
from core.access.queries import account_by_email, folded_email
from core.accounts import codes, trail
from core.accounts.passwords import OWASP, Hashing, check_new_password, hash_password
from core.accounts.sessions import end_all
from core.errors import FieldError, Invalid
from core.i18n import LANGUAGES, _

LONGEST_NAME = 120


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    actor: Actor,
    password: str | None = None,
    language: str = "it",
    portal_admin: bool = False,
    hashing: Hashing = OWASP,
) -> Account:
    """Add an account; without a password nobody signs in with it yet.

    Raises Invalid for an address that is malformed or taken, an empty name, a weak password; AccessDenied.
    """
    require(actor, MANAGE, ACCOUNTS)
    if portal_admin:
        need_portal(actor)
    folded = folded_email(email)
    _check_account(session, folded, name, language)
    account = Account(email=folded, name=name.strip(), language=language, is_portal_admin=portal_admin, active=True)
    account.fs_uniquifier, account.confirmed_at = new_uniquifier(), clock.now()
    if password is not None:
        check_new_password(password, email=folded)
        account.password = hash_password(password, hashing)
    session.add(account)
    session.flush()
    log(session, actor, "create_account", account.email, portal_admin=portal_admin)
    return account


def _check_account(session: Session, email: str, name: str, language: str) -> None:
    checks = (
        lambda: check_name(name),
        lambda: check_language(language),
        lambda: check_email(session, email),
    )
    errors = [error for check in checks for error in _errors_of(check)]
    if errors:
        raise Invalid(errors)


def _errors_of(check: Callable[[], None]) -> Sequence[FieldError]:
    try:
        check()
    except Invalid as error:
        return error.errors
    return ()


def check_name(name: str) -> None:
    """Raise Invalid for a name that is empty, too long, or not a line of text."""
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.strip().isprintable():
        message = _("Scrivi un nome, al massimo %(count)s caratteri.", count=LONGEST_NAME)
        raise Invalid([FieldError("name", message, "name")])


def check_language(language: str) -> None:
    """Raise Invalid for a language that the portal does not speak."""
    if language not in LANGUAGES:
        raise Invalid([FieldError("language", _("Questa lingua non c'è."), "language")])


def check_email(session: Session, folded: str) -> None:
    """Raise Invalid for an address that is malformed, or that an account has already."""
    check_address(folded)
    if account_by_email(session, folded) is not None:
        raise Invalid([FieldError("email", _("C'è già un account con questo indirizzo."), "taken")])


def check_address(folded: str) -> None:
    """Raise Invalid for an address that is malformed."""
    if not _well_formed(folded):
        raise Invalid([FieldError("email", _("L'indirizzo email non è scritto bene."), "email")])


def _well_formed(email: str) -> bool:
    try:
        # Intranets have addresses that the internet does not know.
        validate_email(email, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    # A domain in other letters is written as xn--…: one that only looks like a known one does not pass for it.
    return len(email) <= 254 and email.isascii()


def set_password(session: Session, account: Account, password: str, *, actor: Actor, hashing: Hashing = OWASP) -> None:
    """Store a new password and end every open session of the account. Raises Invalid, AccessDenied."""
    if actor.account_id != account.id:
        need_charge(session, account, actor)
    check_new_password(password, email=account.email)
    replace_password(session, account, hash_password(password, hashing))
    log(session, actor, "set_password", account.email)


def replace_password(session: Session, account: Account, password_hash: str) -> None:
    """Store a hash that was made before the transaction; every session of the account ends.

    Codes that were sent to choose a password serve no more.
    """
    account.password = password_hash
    codes.revoke(session, account.id, (codes.INVITATION, codes.RESET))
    end_access(session, account)


def end_access(session: Session, account: Account) -> None:
    """End every session of the account, on this request's browser as well."""
    account.fs_uniquifier = new_uniquifier()
    end_all(session, account.id)
    session.flush()


def change_profile(session: Session, account: Account, *, name: str, language: str) -> None:
    """One's own name and language. Raises Invalid."""
    errors = [*_errors_of(lambda: check_name(name)), *_errors_of(lambda: check_language(language))]
    if errors:
        raise Invalid(errors)
    account.name, account.language = name.strip(), language
    session.flush()
    trail.act(session, account, "profile_changed")


def disable_account(session: Session, account: Account, *, actor: Actor) -> None:
    """Let the account sign in no more; its open sessions end at once, what it did keeps its name.

    Raises Refused for the last portal administrator, or the last administrator of the session's district.
    """
    need_charge(session, account, actor)
    with portal_keeps_administrator(session), district_keeps_administrator(session):
        account.active = False
        end_access(session, account)
    log(session, actor, "disable_account", account.email)


def enable_account(session: Session, account: Account, *, actor: Actor) -> None:
    """Let the account sign in again."""
    need_charge(session, account, actor)
    account.active = True
    session.flush()
    log(session, actor, "enable_account", account.email)


def close_sessions(session: Session, account: Account, *, actor: Actor) -> int:
    """Close every session of somebody, who may sign in again; answers how many there were. Raises AccessDenied."""
    need_charge(session, account, actor)
    closed = end_all(session, account.id)
    trail.act(session, account, "sessions_closed", actor=actor, count=closed)
    return closed


def set_portal_admin(session: Session, account: Account, portal_admin: bool, *, actor: Actor) -> None:
    """Give or take the administration of the installation. Raises Refused for the last one, AccessDenied."""
    need_portal(actor)
    with portal_keeps_administrator(session):
        account.is_portal_admin = portal_admin
        session.flush()
    log(session, actor, "set_portal_admin", account.email, portal_admin=portal_admin)
