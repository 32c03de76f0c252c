"""What begins with a mail: the invitation of a new person, a forgotten password, a new address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from core import clock, notifications
from core.access.actor import Actor
from core.access.guards import need_charge
from core.access.models import Account
from core.access.queries import account_by_email, folded_email
from core.accounts import tokens, trail
from core.accounts.codes import EMAIL, INVITATION, RESET, find, issue, redeem, revoke
from core.accounts.operations import check_address, check_email, check_name, replace_password
from core.errors import Refused
from core.i18n import _


@dataclass(frozen=True, slots=True)
class Link:
    """How a code becomes the address in a mail, and for how long it serves."""

    address: Callable[[str], str]
    lifetime: timedelta


def invite(session: Session, account: Account, *, actor: Actor, link: Link) -> None:
    """Write to somebody new how to enter; an invitation before this one serves no more.

    Raises AccessDenied, and Refused when the account has a password already.
    """
    need_charge(session, account, actor)
    if account.password is not None:
        raise Refused(_("Questa persona ha già una password: non serve un invito."), code="activated")
    text = issue(session, account.id, INVITATION, link.lifetime, created_by=actor.account_id)
    _mail(session, account, "invitation", link=link.address(text), inviter=actor.name, days=link.lifetime.days)
    trail.act(session, account, "invited", actor=actor)


def activate(session: Session, text: str, *, name: str, password_hash: str) -> Account:
    """Take up an invitation: the own name and a first password. Raises CodeUnusable, Invalid."""
    check_name(name)
    _row, account = redeem(session, INVITATION, text)
    account.name, account.confirmed_at = name.strip(), clock.now()
    replace_password(session, account, password_hash)
    trail.act(session, account, "activated")
    return account


def ask_reset(session: Session, email: str, *, link: Link) -> None:
    """Write to the account how to choose a new password; nobody learns whether there is one.

    An account that was never activated has its invitation, which only who administers sends again.
    """
    account = account_by_email(session, email) if email.isprintable() else None
    if account is None or not account.active or account.password is None:
        return
    text = issue(session, account.id, RESET, link.lifetime)
    minutes = int(link.lifetime.total_seconds() // 60)
    _mail(session, account, "reset", link=link.address(text), minutes=minutes)
    trail.act(session, account, "reset_asked")


def reset_password(session: Session, text: str, *, password_hash: str) -> Account:
    """Choose a new password with a reset code; every session and key of the account ends.

    Whoever had taken the account over may have left a key behind. Raises CodeUnusable, Invalid.
    """
    _row, account = redeem(session, RESET, text)
    replace_password(session, account, password_hash)
    tokens.revoke_all(session, account.id, clock.now())
    security_notice(session, account, "password")
    trail.act(session, account, "password_reset")
    return account


def ask_new_email(session: Session, account: Account, email: str, *, link: Link) -> None:
    """Write to the new address how to confirm it, and to the old one that somebody asked. Raises Invalid.

    Who follows a service has an account: nobody learns here whether an address has one, so a taken address is treated
    like any other, and gets no mail.
    """
    folded = folded_email(email)
    check_address(folded)
    if account_by_email(session, folded) is None:
        text = issue(session, account.id, EMAIL, link.lifetime, about=folded)
        minutes = int(link.lifetime.total_seconds() // 60)
        values = {"name": account.name, "link": link.address(text), "minutes": minutes}
        notifications.mail(
            session, to=folded, template="email_change", values=values, lang=account.language, account_id=account.id
        )
    security_notice(session, account, "email_asked")
    trail.act(session, account, "email_asked")


def confirm_email(session: Session, text: str) -> Account:
    """Give the account its new address. Raises CodeUnusable, and Invalid when somebody took it meanwhile."""
    row, _account = find(session, EMAIL, text)
    check_email(session, row.about)
    _row, account = redeem(session, EMAIL, text)
    account.email = row.about
    revoke(session, account.id, (RESET, INVITATION))
    session.flush()
    trail.act(session, account, "email_changed")
    return account


def security_notice(session: Session, account: Account, what: str) -> None:
    """Write to somebody that something about signing in has changed; ``what`` chooses the sentence of the mail."""
    _mail(session, account, "security_notice", what=what)


def _mail(session: Session, account: Account, template: str, **values: object) -> None:
    facts = {"name": account.name, **values}
    notifications.mail(
        session,
        to=account.email,
        template=template,
        values=facts,
        lang=account.language,
        account_id=account.id,
    )
