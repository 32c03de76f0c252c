"""The smallest portal with a login: one public page, one that tells who is signed in."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, render_template, session
from flask.testing import FlaskClient
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from jinja2 import DictLoader
from werkzeug.test import TestResponse

from core.access.accountsettings import AccountSettings
from core.access.security import configure_accounts
from core.access.session import account_of_request
from core.db import Database
from tests.core.access.world import CHEAP, PASSWORD

TEMPLATES = {
    "account/login.html": "{{ action }}|{{ next }}|{% for _, text in errors %}{{ text }}{% endfor %}|"
    "{% for f in fields %}{{ f.name }}={{ f.value }}:{{ f.error }};{% endfor %}"
    '<input name="csrf_token" value="{{ csrf_token() }}">{{ demo_accounts }}',
    "account/logged_out.html": "uscita {{ login }} {{ home }}",
    "public.html": "pagina pubblica",
}
QUICK = AccountSettings(attempts_per_account=3, attempts_per_address=6, hashing=CHEAP)


def make_portal(database: Database, settings: AccountSettings = QUICK, **config: Any) -> Flask:
    app = Flask("portal", static_folder=None)
    app.jinja_loader = DictLoader(TEMPLATES)
    app.config.update(SECRET_KEY="k" * 40, TESTING=True, WTF_CSRF_ENABLED=False, **config)
    Babel(app)  # type: ignore[no-untyped-call]
    CSRFProtect(app)
    configure_accounts(app, database, settings)
    app.add_url_rule("/", "home", lambda: render_template("public.html"))
    app.add_url_rule("/basket", "basket", lambda: str(session.setdefault("basket", "full")))

    @app.get("/me")
    def me() -> str:
        with database.read(None) as opened:
            return str(account_of_request(opened))

    return app


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    return client.post("/account/accedi", data={"email": email, "password": password, **more})


def token(client: FlaskClient) -> str:
    found = re.search(r'value="([^"]+)"', client.get("/account/accedi").text)
    assert found
    return found[1]
