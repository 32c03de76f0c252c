"""The demonstration as a visitor meets it: made once a run, copied for tests that change it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup
from werkzeug.test import TestResponse

from core.access import Actor
from core.app import create_app
from core.db import Database
from core.demo.accounts import DOMAIN, PASSWORD
from core.demo.operations import prepare
from core.districts import snapshots
from core.districts.snapshot import DistrictSnapshot
from core.installation import Installation
from core.settings import Settings
from scripts.repository import REPO

MODELS = REPO / "config" / "models"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def settings_in(folder: Path) -> Settings:
    """An installation whose data lie in ``folder``."""
    return Settings(
        data_dir=folder,
        database_url=f"sqlite:///{folder / 'innesto.db'}",
        secret_key="only-for-tests-0123456789-abcdefghij",
        models_dir=MODELS,
        testing=True,
    )


@dataclass
class Portal:
    """A running portal without a network: pages as text, the API as objects."""

    folder: Path
    installation: Installation = field(init=False)

    def __post_init__(self) -> None:
        self.installation = Installation(settings_in(self.folder))

    @cached_property
    def app(self) -> Flask:
        app = create_app(self.installation)
        # A fault answers as it would for people.
        app.config["PROPAGATE_EXCEPTIONS"] = False
        return app

    @property
    def database(self) -> Database:
        return self.installation.database

    @cached_property
    def visitor(self) -> FlaskClient:
        """Somebody without an account."""
        return self.app.test_client()

    def html(self, address: str, client: FlaskClient | None = None) -> str:
        """A page that must be there."""
        answer = (client or self.visitor).get(address)
        assert answer.status_code == 200, f"{address}: {answer.status}"
        return answer.text

    def text(self, address: str, client: FlaskClient | None = None) -> str:
        """The words of the main part of a page, without markup, breaks and soft marks."""
        main = re.search(r"<main\b.*?</main>", self.html(address, client), re.DOTALL)
        assert main, f"{address}: no main part"
        return words_of(main[0])

    def api(self, address: str) -> Any:
        """The object behind an address of the API."""
        return json.loads(self.html(address))

    def search(self, district: str, words: str, **facets: str) -> Any:
        """What the search of a district answers."""
        address = f"/api/v1/{district}/public_info/search"
        answer = self.visitor.get(address, query_string={"q": words, "page_size": 100, **facets})
        assert answer.status_code == 200, answer.text
        return answer.json

    def found(self, district: str, words: str, **facets: str) -> list[str]:
        """The public ids of the hits, best first."""
        return [item["id"] for item in self.search(district, words, **facets)["items"]]

    def address(self, district: str, ref: str) -> str:
        """The public address of a page, as the search tells it."""
        everything = self.search(district, "")["items"]
        return str(next(item["url"] for item in everything if item["id"] == ref))

    def item(self, district: str, ref: str) -> str:
        """The words of the public page of an item."""
        return self.text(self.address(district, ref))

    def snapshot(self, slug: str) -> DistrictSnapshot:
        """The district as it is configured now."""
        found = snapshots.get(self.database, slug)
        assert found, f"no district {slug}"
        return found

    def system(self, slug: str) -> Actor:
        """Who may do everything in a district."""
        return Actor.system(self.snapshot(slug).id, "test")

    def sign_in(self, role: str, district: str) -> FlaskClient:
        """A browser in which the demo account of a role is signed in."""
        client = self.app.test_client()
        email = f"{role.replace('_', '-')}.{district}@{DOMAIN}"
        answer = post(client, "/account/accedi", {"email": email, "password": PASSWORD})
        assert answer.status_code in {302, 303}, answer.text
        return client

    def close(self) -> None:
        """Let go of files and connections."""
        self.database.close()


def post(client: FlaskClient, address: str, data: dict[str, str], form: str = "") -> TestResponse:
    """Send a form with the token of the page that it stands on."""
    token = TOKEN.search(client.get(form or address).text)
    assert token, f"{form or address}: no form"
    return client.post(address, data={**data, "csrf_token": token[1]})


def words_of(html: str) -> str:
    """The words of a piece of a page."""
    return " ".join(Markup(html.replace("<", " <")).striptags().split())


def silent(_line: str) -> None:
    """Nobody listens to the preparation of a test."""


def made(folder: Path) -> Portal:
    """A new demonstration in an empty folder."""
    portal = Portal(folder)
    prepare(portal.installation, silent)
    return portal


_shared: list[tuple[TemporaryDirectory[str], Portal]] = []


def shared() -> Portal:
    """The one demonstration of this test process. It is read, never changed."""
    if not _shared:
        folder = TemporaryDirectory(prefix="innesto-demo-")
        _shared.append((folder, made(Path(folder.name))))
    portal = _shared[0][1]
    # Other tests name other plugins.
    snapshots.use(portal.installation.host)
    return portal


def copied(folder: Path) -> Iterator[Portal]:
    """A demonstration of one's own, for a test that changes it."""
    source = shared()
    shutil.copytree(source.folder, folder, dirs_exist_ok=True)
    portal = Portal(folder)
    snapshots.use(portal.installation.host)
    yield portal
    portal.close()
