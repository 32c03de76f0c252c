"""Login with the settings of this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

from core.access.accountsettings import AccountSettings
from core.access.passwords import OWASP, Hashing
from core.web.context import WRITES

if TYPE_CHECKING:
    from core.installation import Installation

#: For tests alone: a login must not cost what it has to cost.
CHEAP = Hashing(time_cost=1, memory_kib=8, parallelism=1)


def configure_accounts(app: Flask, installation: Installation) -> None:
    """Add the pages under ``/account``; they open short transactions of their own."""
    from core.access.security import configure_accounts as configure

    database = installation.database
    hashing = CHEAP if installation.settings.testing else OWASP
    configure(app, database, AccountSettings(hashing=hashing, demo_accounts=installation.demo_accounts))
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("account."):
            setattr(view, WRITES, False)
