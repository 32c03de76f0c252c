"""Accounts with the settings of this installation: their pages, and what a locked session keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Flask, url_for
from sqlalchemy.orm import Session

from core.accounts.accountsettings import AccountSettings
from core.accounts.passwords import OWASP, Hashing
from core.accounts.sessions import last_district, member_districts
from core.db import Database
from core.demo.accounts import DOMAIN
from core.web.context import WRITES

if TYPE_CHECKING:
    from core.installation import Installation

#: For tests alone: a login must not cost what it has to cost.
CHEAP = Hashing(time_cost=1, memory_kib=8, parallelism=1)


def configure_accounts(app: Flask, installation: Installation, settings: AccountSettings | None = None) -> None:
    """Add the pages under ``/account``; they open short transactions of their own."""
    from core.accounts.security import attach_security
    from core.web.account import blueprint
    from core.web.account.resume import keep_forms

    attach_security(app, installation.database, settings or settings_of(installation), blueprint)
    keep_forms(app)
    app.register_blueprint(blueprint)
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("account."):
            setattr(view, WRITES, False)


def settings_of(installation: Installation) -> AccountSettings:
    """What the installation's settings say of accounts."""
    settings = installation.settings
    return AccountSettings(
        hashing=CHEAP if settings.testing else OWASP,
        idle=timedelta(minutes=settings.idle_minutes),
        invitation_lifetime=timedelta(days=settings.invitation_days),
        one_step=lambda email: email.endswith(f"@{DOMAIN}") and installation.demo,
        demo_accounts=installation.demo_accounts,
        home_of=lambda account_id: work_of(installation.database, account_id),
    )


def work_of(database: Database, account_id: UUID) -> str:
    """The first page of the territory where the account works, or worked last; empty where that cannot be said."""
    with database.read(None) as session:
        slug = _territory(session, account_id)
    return url_for("staff.today", district=slug) if slug else ""


def _territory(session: Session, account_id: UUID) -> str:
    found: dict[int, str] = dict(row for row in session.execute(member_districts(account_id)))
    number = last_district(session, account_id) if len(found) > 1 else next(iter(found), None)
    return found.get(number, "") if number is not None else ""
