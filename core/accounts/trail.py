"""What signing in leaves behind for whoever checks later: who, what, when; never an address."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import audit
from core.access.actor import Actor
from core.access.models import Account
from core.access.permissions import ACCOUNTS


def act(session: Session, account: Account, what: str, *, actor: Actor | None = None, **details: Any) -> None:
    """Note an act on an account: its owner's own, or somebody else's."""
    _note(session, actor or owner(account), "act", what, account.id, **details)


def login(session: Session, account: Account, methods: tuple[str, ...]) -> None:
    """Note that somebody signed in, and how."""
    _note(session, owner(account), "login", "signed_in", account.id, methods=list(methods))


def refused(session: Session, what: str, account_id: UUID | None) -> None:
    """Note that somebody used up the attempts of an account, or of one address where ``None``."""
    _note(session, Actor.visitor(None), "refused", what, account_id)


def owner(account: Account) -> Actor:
    """Somebody acting on the own account."""
    return Actor(account.id, account.name, "account", None, language=account.language)


def _note(session: Session, actor: Actor, kind: str, what: str, account_id: UUID | None, **details: Any) -> None:
    facts = {"what": what, **details}
    audit.note(session, actor, kind, resource=ACCOUNTS, object_id=account_id, details=facts)
