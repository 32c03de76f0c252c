"""The portal as people meet it: a demonstration database, server processes over it, and clients inside the process.

``demo_data`` is made once a test process by the command that also makes it for people; tests get copies. ``portal``
starts real servers. ``site`` is the application inside the process over a copy of the test's own; ``visitor`` is a
client of an application that all tests share and none may write to.
"""

from __future__ import annotations

import atexit
import http.client
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, select
from werkzeug.test import TestResponse

from core.app import create_app
from core.cli import main
from core.demo.accounts import DOMAIN, PASSWORD
from core.districts.models import District
from core.districts.snapshot import snapshots
from core.installation import Installation, register_definitions
from core.loader import Host
from core.records.definitions import record_types
from core.settings import Settings
from scripts.bench_load import free_port

REPO = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "core.cli")
OWN = frozenset(
    {
        "DATA",
        "DATABASE_URL",
        "KEYS",
        "SECRET_KEY",
        "MODELS",
        "HOST",
        "PORT",
        "PROXIES",
        "HOSTS",
        "HTTPS",
        "THREADS",
        "MAIL",
        "MAIL_FROM",
    }
)
RECORD_TYPES = "register_record_types"
#: Seconds a server may take to answer on a busy machine, and to end when told to.
START, END = 90.0, 20.0
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
SECRET = "prova-" + "segreto-lungo-abbastanza-0123456789"


# --- data ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DemoData:
    """A demonstration: its folder and, where it is not the SQLite file in it, its database."""

    folder: Path
    database_url: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a process over these data, free of what the tester's own shell says."""
        kept = {key: value for key, value in os.environ.items() if key not in OWN}
        own = {"DATA": str(self.folder)} | ({"DATABASE_URL": self.database_url} if self.database_url else {})
        return {**kept, **own, **more}

    def settings(self, **more: Any) -> Settings:
        """The settings of a process over these data, with quick password hashes."""
        url = self.database_url or f"sqlite:///{self.folder / 'innesto.db'}"
        values = {"secret_key": SECRET, "models_dir": REPO / "config" / "models", "testing": True}
        return Settings(**{"data_dir": self.folder, "database_url": url, **values, **more})

    def copy(self, folder: Path) -> DemoData:
        """The same data once more; for data that lie wholly in their folder."""
        assert not self.database_url, "a database on a server is not copied with its folder"
        shutil.copytree(self.folder, folder)
        return DemoData(folder)


@lru_cache(maxsize=1)
def demonstration() -> DemoData:
    """The demonstration of this test process, made by the first test that asks; nobody may write to it."""
    data = DemoData(_folder())
    make_demonstration(data)
    return data


def _folder() -> Path:
    """A folder that lasts as long as the process."""
    made = Path(mkdtemp(prefix="innesto-test-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def make_demonstration(data: DemoData) -> str:
    """Run ``innesto demo setup``; returns what it said."""
    finished = innesto(data, "demo", "setup")
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


# --- commands --------------------------------------------------------------------------------------------------------


def innesto(
    data: DemoData, *arguments: str, typed: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, which reads what is ``typed``."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=REPO,
        env=data.environment(**environment),
        input=typed,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def command(data: DemoData, *arguments: str, **environment: str) -> Finished:
    """Run a command inside this process, from its entry point on: quicker, and a stack trace fails the test."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    status: Any = 0
    with (
        mock.patch.dict(os.environ, data.environment(**environment), clear=True),
        mock.patch.object(sys, "argv", ["innesto", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            status = end.code
    said = [stream.buffer.getvalue().decode("utf-8", "replace") for stream in (out, err)]
    return Finished(status if isinstance(status, int) else int(bool(status)), *said)


# --- servers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)


@dataclass
class Portal:
    """A server process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        """GET; redirects are not followed."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """POST of a form, with the cookies that earlier answers set."""
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        return self.ask("POST", path, urlencode(form), headers)

    def ask(self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}
        try:
            connection.request(method, path, body, {**cookie, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        self._keep(answer.headers)
        return Answer(answer.status, answer.headers, text)

    def _keep(self, headers: http.client.HTTPMessage) -> None:
        for line in headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value

    def sign_in(self, email: str, password: str = PASSWORD) -> Answer:
        """Sign in through the page, as a person does."""
        word = token_of(self.get("/account/accedi").text)
        return self.post("/account/accedi", {"email": email, "password": password, "csrf_token": word})

    def said(self) -> str:
        """What the process wrote so far."""
        return self.log.read_text("utf-8", "replace")

    def kill(self) -> None:
        """End the process without any chance to tidy up."""
        self.process.kill()
        self.process.wait()


@contextmanager
def portal(data: DemoData, port: int = 0, *, demo: bool = True, **environment: str) -> Iterator[Portal]:
    """``innesto run --demo`` over the data, answering; ended with the block, whatever happens in it."""
    started = launch(data, port, demo=demo, **environment)
    try:
        wait_until_healthy(started)
        yield started
    finally:
        end(started.process)


def launch(data: DemoData, port: int = 0, *, demo: bool = True, **environment: str) -> Portal:
    """Start a server and do not wait; its log lies beside the data, the port is the last part of its name."""
    port = port or free_port()
    log = data.folder.parent / f"server-{port}.log"
    command = [*COMMAND, "run", *(["--demo"] if demo else [])]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            cwd=REPO,
            env=data.environment(PORT=str(port), **environment),
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    return Portal(port, process, log)


def wait_until_healthy(started: Portal) -> None:
    """Wait for the first answer; fails with the log where the process ends or stays silent."""
    limit = time.monotonic() + START
    while time.monotonic() < limit and started.process.poll() is None:
        try:
            if started.get("/health").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server does not answer (status {started.process.poll()}):\n{started.said()[-3000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process politely, then with force."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- inside the process ----------------------------------------------------------------------------------------------


def email_of(role: str, district: str) -> str:
    """The address of a demonstration account."""
    return f"{role}.{district}@{DOMAIN}"


def token_of(page: str) -> str:
    """The forgery token of the first form in a page."""
    found = TOKEN.search(page)
    assert found, "the page has no form with a token"
    return found[1]


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: Any) -> TestResponse:
    """Sign in through the page, with its token."""
    word = token_of(client.get("/account/accedi", **more).text)
    return client.post("/account/accedi", data={"email": email, "password": password, "csrf_token": word}, **more)


@dataclass(frozen=True)
class Site:
    """The application inside this process, over data of its own."""

    data: DemoData
    installation: Installation
    app: Flask

    def client(self, email: str = "") -> FlaskClient:
        """A new browser; signed in when an address is given."""
        client = self.app.test_client()
        if email:
            assert sign_in(client, email).status_code == 303
        return client

    def district_id(self, slug: str) -> int:
        """The number of a district."""
        with self.installation.database.read(None) as session:
            return session.scalars(select(District.id).where(District.slug == slug)).one()

    def index(self, slug: str) -> int:
        """Let search see what was written: the work of the server's indexer."""
        return self.installation.search.drain(self.district_id(slug))


def make_site(data: DemoData, host: Host | None = None, **settings: Any) -> Site:
    """An application over the data; ``host`` brings other plugins than the installed ones."""
    installation = Installation(data.settings(**settings), host=host)
    return Site(data, installation, create_app(installation))


def restore(site: Site) -> None:
    """Undo what tests of other parts leave in this process: the catalogue in use, record types taken back."""
    host = site.installation.host
    snapshots.use(host)
    if not all(record_types(plugin.name) for plugin in host.plugins if host.hooks.of(plugin.name, RECORD_TYPES)):
        for plugin in host.plugins:
            register_definitions(host, plugin)


@lru_cache(maxsize=1)
def shared_site() -> Site:
    """One application for all tests that only read."""
    return make_site(demonstration().copy(_folder() / "data"))


@pytest.fixture(scope="session")
def demo_data() -> DemoData:
    """The demonstration that tests copy."""
    return demonstration()


@pytest.fixture
def demo(demo_data: DemoData, tmp_path: Path) -> DemoData:
    """A demonstration of the test's own."""
    return demo_data.copy(tmp_path / "data")


@pytest.fixture
def postgres_demo(empty_postgres_url: URL, tmp_path: Path) -> DemoData:
    """A demonstration in a fresh PostgreSQL database that belongs to a plain role."""
    data = DemoData(tmp_path / "data", empty_postgres_url.render_as_string(hide_password=False))
    make_demonstration(data)
    return data


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_demo(request: pytest.FixtureRequest) -> DemoData:
    """The same story on both databases."""
    fixtures: Mapping[str, str] = {"sqlite": "demo", "postgresql": "postgres_demo"}
    data: DemoData = request.getfixturevalue(fixtures[request.param])
    return data


@pytest.fixture
def site(demo: DemoData) -> Iterator[Site]:
    """The application over a demonstration of the test's own."""
    made = make_site(demo)
    yield made
    made.installation.database.close()


@pytest.fixture
def client(site: Site) -> FlaskClient:
    """A visitor's browser on the test's own portal."""
    return site.client()


@pytest.fixture
def shared() -> Site:
    """The portal that all reading tests share; do not write."""
    found = shared_site()
    restore(found)
    return found


@pytest.fixture
def visitor(shared: Site) -> FlaskClient:
    """A visitor's browser on the shared portal; do not write."""
    return shared.client()


def texts(rows: Sequence[Mapping[str, Any]], key: str = "id") -> list[str]:
    """One value of each row."""
    return [str(row[key]) for row in rows]
