"""The portal without plugins over a test database, with a page that tells who is signed in."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from unittest.mock import patch

from flask import Flask, session
from flask.testing import FlaskClient
from markupsafe import Markup
from werkzeug.test import TestResponse

from core.accounts.accountsettings import AccountSettings
from core.accounts.sessions import current_login
from core.app import create_app
from core.db import Database
from core.districts.snapshot import snapshots
from core.installation import Installation
from core.loader import Host
from core.settings import Settings
from tests.core.access.world import CHEAP, PASSWORD

QUICK = AccountSettings(
    attempts_per_account=3, attempts_per_address=6, hashing=CHEAP, reset_answer=timedelta(0), attempts_per_code=3
)
WIDE = AccountSettings(attempts_per_account=99, attempts_per_address=999, hashing=CHEAP, reset_answer=timedelta(0))


def make_portal(database: Database, settings: AccountSettings = QUICK, **config: Any) -> Flask:
    """The application; forgery protection is off unless ``WTF_CSRF_ENABLED`` says otherwise."""
    url = database.url.render_as_string(hide_password=False)
    found = Settings(
        data_dir=database.data_dir,
        database_url=url,
        secret_key="k" * 30 + "0123456789",
        models_dir=database.data_dir,
        testing=True,
    )
    installation = Installation(found, host=Host([]))
    snapshots.use(installation.host)
    # The test's own, which its fixture closes.
    installation.__dict__["database"] = database
    with patch("core.web.accounts.settings_of", return_value=settings):
        app = create_app(installation)
    app.config.update({"WTF_CSRF_ENABLED": False, "PROPAGATE_EXCEPTIONS": True, **config})
    app.add_url_rule("/basket", "basket", lambda: str(session.setdefault("basket", "full")))

    @app.get("/me")
    def me() -> str:
        with database.read(None) as opened:
            login = current_login(opened)
        return "locked" if login and login.locked else str(login and login.account_id)

    return app


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    return client.post("/account/accedi", data={"email": email, "password": password, **more})


def token(client: FlaskClient, page: str = "/account/accedi") -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def words(answer: TestResponse) -> str:
    """The words of a page, as they are read."""
    return unescape(" ".join(Markup(answer.text.replace("<", " <")).striptags().split()))
