"""What stands between the portal and the network: proxies that are believed or not, names, bodies, slow senders."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.web.security import LARGEST_BODY
from tests.support.server import DemoData, Portal, innesto, portal

NAME = "innesto.example"
EVIL = "evil.example"
#: Failed logins after which an address has to wait, and one more.
TOO_MANY = 61


@pytest.fixture(scope="module")
def alone(demo_data: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that nothing stands before."""
    with portal(demo_data.copy(tmp_path_factory.mktemp("alone") / "data"), HOSTS=f"127.0.0.1 {NAME}") as started:
        yield started


@pytest.fixture(scope="module")
def behind(demo_data: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal behind one proxy."""
    data = demo_data.copy(tmp_path_factory.mktemp("behind") / "data")
    with portal(data, PROXIES="1", HOSTS=f"127.0.0.1 {NAME}") as started:
        yield started


def test_without_a_proxy_nobody_says_where_a_request_comes_from(alone: Portal) -> None:
    answer = alone.get(
        "/legnano", **{"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}
    )
    assert EVIL not in answer.headers["Location"]
    assert "Strict-Transport-Security" not in answer.headers


def test_one_proxy_is_believed_and_what_was_written_before_it_is_not(behind: Portal) -> None:
    answer = behind.get("/legnano/", **{"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" in answer.headers
    chain = {"X-Forwarded-Host": f"{EVIL}, {NAME}", "X-Forwarded-Proto": "https"}
    assert behind.get("/legnano/", **chain).status == 200
    assert behind.get("/legnano/", **{"X-Forwarded-Host": EVIL}).status == 400


def test_behind_a_proxy_each_client_has_a_count_of_its_own(behind: Portal) -> None:
    for number in range(TOO_MANY):
        form = {"code": "x", "form_token": "x"}
        behind.post("/legnano/privacy/richiesta/stato", form, **{"X-Forwarded-For": f"8.8.8.8, 10.0.{number}.1"})
    assert behind.get("/account/invito/none", **{"X-Forwarded-For": "10.9.9.9"}).status == 303
    statuses = [
        behind.get("/account/invito", **{"X-Forwarded-For": "9.9.9.9, 10.1.1.1"}).status for _ in range(TOO_MANY)
    ]
    assert statuses[-1] == 429
    assert behind.get("/account/invito", **{"X-Forwarded-For": "9.9.9.9, 10.1.1.2"}).status == 410


def test_a_redirect_names_no_host(alone: Portal) -> None:
    answer = alone.get("/legnano", Host=NAME)
    assert (answer.status, answer.headers["Location"]) == (308, "/legnano/")
    assert alone.get("/legnano", Host=EVIL).status == 400


@pytest.mark.parametrize("place", ["HOST", "PROXIES"])
def test_a_portal_that_others_reach_says_its_names(tmp_path: Path, place: str) -> None:
    data = DemoData(tmp_path)
    assert innesto(data, "db", "upgrade").returncode == 0
    refused = innesto(data, "run", **{place: {"HOST": "0.0.0.0", "PROXIES": "1"}[place]})
    assert refused.returncode == 1
    assert "HOSTS" in refused.stderr


def test_a_body_larger_than_any_form_is_refused_before_it_is_kept(alone: Portal) -> None:
    head = f"POST /legnano/ HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {LARGEST_BODY * 50}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", alone.port), timeout=10) as connection:
        connection.sendall(head + b"x" * 10)
        assert connection.recv(100).split(b"\r\n")[0].split()[1] == b"413"


def test_ten_megabytes_of_password_cost_nothing(alone: Portal) -> None:
    begun = time.monotonic()
    body = "email=a%40example.it&password=" + "x" * 10_000_000
    answer = alone.ask("POST", "/account/accedi", body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 413
    assert time.monotonic() - begun < 5


def test_senders_that_never_finish_keep_no_thread(alone: Portal) -> None:
    head = f"POST /account/accedi HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 1000\r\n\r\nemail=".encode()
    slow = [socket.create_connection(("127.0.0.1", alone.port), timeout=10) for _ in range(40)]
    try:
        for connection in slow:
            connection.sendall(head)
        assert alone.get("/legnano/").status == 200
    finally:
        for connection in slow:
            connection.close()
