"""Keys of programs for the accounts of a demonstration, and a client that sends one with each request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from core import access, clock
from core.access.models import Account
from core.accounts import tokens
from core.accounts.sessions import Login
from core.db import uuid7
from tests.support.server import Site, email_of

YEAR = timedelta(days=365)


def scopes_of(site: Site, email: str, slug: str) -> list[str]:
    """Everything the account may do in the district."""
    with site.installation.database.read(site.district_id(slug)) as session:
        account = session.scalars(select(Account).where(Account.email == email)).one()
        actor = access.load_actor(session, account.id, two_factor=True)
    return sorted({f"{grant.resource}:{grant.action}" for grant in actor.grants})


def new_key(site: Site, email: str, slug: str, scopes: Sequence[str] = (), *, days: int = 30) -> str:
    """A key of the account; without ``scopes`` it may do all that its account may."""
    wanted = list(scopes) or scopes_of(site, email, slug)
    with site.installation.database.write(None) as session:
        account = session.scalars(select(Account).where(Account.email == email)).one()
        login = Login(account.id, uuid7(), True, False, clock.now())
        return tokens.create(
            session,
            account,
            login=login,
            name="Prova",
            scopes=wanted,
            known_scopes=wanted,
            member_of=site.district_id(slug),
            days=days,
            longest=YEAR,
        )[1]


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a key."""

    client: FlaskClient
    key: str
    slug: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """One request under the district of the key."""
        sent = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
        more = {} if body is None else {"json": body}
        return self.client.open(f"/api/v1/{self.slug}/{path}", method=method, headers=sent, **more)


def program(site: Site, role: str, scopes: Sequence[str] = (), slug: str = "legnano") -> Program:
    """A program of the demonstration account of a role."""
    return Program(site.app.test_client(), new_key(site, email_of(role, slug), slug, scopes), slug)
