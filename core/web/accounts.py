"""Login with the settings of this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from core.access.accountsettings import AccountSettings
from core.access.passwords import OWASP, Hashing

if TYPE_CHECKING:
    from core.installation import Installation

#: For tests alone: a login must not cost what it has to cost.
CHEAP = Hashing(time_cost=1, memory_kib=8, parallelism=1)


def configure_accounts(app: Flask, installation: Installation) -> None:
    """Add the pages under ``/account``; they open short transactions of their own."""
    from core.access.security import configure_accounts as configure
    from core.demo.accounts import listed

    database = installation.database
    demo = (lambda: [(a.label, a.email, a.password) for a in listed(database)]) if installation.demo else tuple
    hashing = CHEAP if installation.settings.testing else OWASP
    configure(app, database, AccountSettings(hashing=hashing, demo_accounts=demo))
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("account."):
            view.innesto_writes = False  # type: ignore[attr-defined]
