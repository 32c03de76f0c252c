"""The second step of a login in tests: given by the operation that a right code calls, on every login that is open."""

from __future__ import annotations

import sqlalchemy as sa

from core.access.models import Account
from core.access.queries import folded_email
from core.accounts import sessions
from core.accounts.models import AccountSession
from core.db import Database


def pass_second_step(database: Database, email: str) -> None:
    """Let the open logins of this account count as having given the code of the telephone."""
    mine = sa.select(Account.id).where(Account.email == folded_email(email)).scalar_subquery()
    with database.write(None) as session:
        waiting = sa.select(AccountSession.id).where(
            AccountSession.account_id == mine, AccountSession.ended_at.is_(None)
        )
        for login in session.scalars(waiting).all():
            sessions.passed_two_factor(session, login)
