"""A portal with two districts and their people, and a way to sign in."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.access import Actor
from core.access.operations import give_role
from core.accounts import operations as accounts
from core.accounts.passwords import Hashing
from core.app import create_app
from core.db import migrate
from core.districts.loading import load_model
from core.districts.models import SettingChange
from core.districts.operations import found_district
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.installation import Installation
from core.settings import Settings
from scripts.repository import REPO
from tests.support.factor import pass_second_step

CHEAP = Hashing(time_cost=1, memory_kib=8, parallelism=1)
PASSWORD = "quattro gatti in tram"
HERE, THERE = "legnano", "san-donato"
MODELS = {HERE: "legnano_sisl", THERE: "san_donato_sil"}
ADMIN, EDITOR, OTHER, PORTAL = "admin@here.example", "editor@here.example", "admin@there.example", "portal@example.org"


@dataclass(frozen=True)
class Portal:
    """The application with its installation, and the numbers of the districts."""

    app: Flask
    installation: Installation
    numbers: dict[str, int]

    def client(self, email: str = "") -> FlaskClient:
        """A browser, signed in where an address is given."""
        client = self.app.test_client()
        if email:
            token = token_of(client.get("/account/accedi").text)
            data = {"email": email, "password": PASSWORD, "csrf_token": token}
            assert client.post("/account/accedi", data=data).status_code == 303
            pass_second_step(self.installation.database, email)
        return client

    def snapshot(self, slug: str = HERE) -> DistrictSnapshot:
        """The district as the next request will see it."""
        found = snapshots.get(self.installation.database, slug)
        assert found
        return found

    def changes(self, what: str, slug: str = HERE) -> list[SettingChange]:
        """What the history says was done."""
        with self.installation.database.read(self.numbers[slug]) as session:
            return session.query(SettingChange).filter_by(what=what).order_by(SettingChange.at).all()


def token_of(html: str) -> str:
    """The forgery token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found
    return found[1]


def post(client: FlaskClient, url: str, page: str = "", **data: object) -> TestResponse:
    """Fill in the form of ``page`` (by default the page at ``url`` itself) and send it."""
    shown = client.get(page or url)
    assert shown.status_code == 200, shown.status
    return client.post(url, data={"csrf_token": token_of(shown.text), **data})


def make_portal(folder: Path, url: str = "") -> Portal:
    """Two districts on copies of real models, an administrator for each, an editor and a portal administrator."""
    models = shutil.copytree(REPO / "config" / "models", folder / "models")
    settings = Settings(
        data_dir=folder,
        database_url=url or f"sqlite:///{folder / 'innesto.db'}",
        secret_key="k" * 20 + "0123456789" * 2,
        models_dir=models,
        testing=True,
    )
    installation = Installation(settings)
    migrate.upgrade(installation.database, installation.migration_owners)
    numbers = {slug: _district(installation, slug) for slug in MODELS}
    _person(installation, numbers[HERE], ADMIN, "district_admin")
    _person(installation, numbers[HERE], EDITOR, "editor")
    _person(installation, numbers[THERE], OTHER, "district_admin")
    with installation.database.write(None) as session:
        system = Actor.system(None, "test")
        accounts.create_account(
            session, email=PORTAL, name="Portale", actor=system, password=PASSWORD, portal_admin=True, hashing=CHEAP
        )
    return Portal(create_app(installation), installation, numbers)


def _district(installation: Installation, slug: str) -> int:
    bundle = load_model(installation.models_dir, MODELS[slug], installation.catalogue)
    return found_district(installation.database, bundle, actor=Actor.system(None, "test"), slug=slug).id


def _person(installation: Installation, number: int, email: str, role: str) -> None:
    actor = Actor.system(number, "test")
    with installation.database.write(number) as session:
        account = accounts.create_account(
            session, email=email, name=f"Prova {role}", actor=actor, password=PASSWORD, hashing=CHEAP
        )
        give_role(session, account, role, actor=actor)
