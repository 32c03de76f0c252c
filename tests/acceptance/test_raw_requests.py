"""Requests that no browser sends, as bytes on the wire to a real server: an answer, never a failure, and it goes on."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.support.server import DemoData, Portal, portal

HOST = b"Host: 127.0.0.1\r\n"
ODD = {
    "a path that is no UTF-8": b"GET /legnano/servizi/\xff\xfe/ HTTP/1.1\r\n" + HOST,
    "a query that is no UTF-8": b"GET /legnano/cerca/?q=\xff\xfe HTTP/1.1\r\n" + HOST,
    "a NUL in the path": b"GET /legnano/\x00/ HTTP/1.1\r\n" + HOST,
    "half an escape": b"GET /legnano/cerca/?q=%E0%A4%A HTTP/1.1\r\n" + HOST,
    "a space in the path": b"GET /legnano/ser vizi/ HTTP/1.1\r\n" + HOST,
    "an absolute address": b"GET http://evil.example/legnano/ HTTP/1.1\r\n" + HOST,
    "no path": b"GET  HTTP/1.1\r\n" + HOST,
    "a star": b"OPTIONS * HTTP/1.1\r\n" + HOST,
    "climbing": b"GET /static/../../../../etc/passwd HTTP/1.1\r\n" + HOST,
    "climbing in disguise": b"GET /static/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + HOST,
    "no host": b"GET /legnano/ HTTP/1.1\r\n",
    "two hosts": b"GET /legnano/ HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n",
    "an odd host": b"GET /legnano/ HTTP/1.1\r\nHost: a b<>\r\n",
    "a method nobody knows": b"BREW /legnano/ HTTP/1.1\r\n" + HOST,
    "an endless header": b"GET /legnano/ HTTP/1.1\r\n" + HOST + b"X-Long: " + b"a" * 300_000 + b"\r\n",
    "an endless address": b"GET /legnano/" + b"a" * 300_000 + b" HTTP/1.1\r\n" + HOST,
    "a cookie of garbage": b"GET /legnano/ HTTP/1.1\r\n"
    + HOST
    + b"Cookie: innesto=\xff\xfe.x.y; ;=;innesto=eyJ.a.b\r\n",
    "a cookie of megabytes": b"GET /legnano/ HTTP/1.1\r\n" + HOST + b"Cookie: innesto=" + b"e" * 100_000 + b"\r\n",
    "a length that is none": b"POST /account/accedi HTTP/1.1\r\n" + HOST + b"Content-Length: many\r\n",
    "a negative length": b"POST /account/accedi HTTP/1.1\r\n" + HOST + b"Content-Length: -5\r\n",
    "two lengths": b"POST /account/accedi HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "length and chunks": b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "an odd tag": b"GET /api/v1/legnano/openapi.json HTTP/1.1\r\n" + HOST + b'If-None-Match: """,W/*,\xff\r\n',
    "an odd range": b"GET /legnano/ HTTP/1.1\r\n" + HOST + b"Range: bytes=999999999999-,-5\r\n",
    "an odd language": b"GET /legnano/ HTTP/1.1\r\n" + HOST + b"Accept-Language: ;;;q=abc,\xff\r\n",
    "a form of another kind": b"POST /account/accedi HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: multipart/form-data\r\nContent-Length: 3\r\n",
}


@pytest.fixture(scope="module")
def server(demo_data: DemoData, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with portal(demo_data.copy(tmp_path_factory.mktemp("raw") / "data")) as started:
        yield started


def send(server: Portal, request: bytes) -> bytes:
    """The first line and headers of the answer; empty where the server only hangs up."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            connection.sendall(request + b"Connection: close\r\n\r\n0\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65536), b""))
        except ConnectionError:
            return b""


@pytest.mark.slow
@pytest.mark.parametrize("request_", ODD.values(), ids=ODD.keys())
def test_an_odd_request_is_answered_without_a_failure(server: Portal, request_: bytes) -> None:
    answer = send(server, request_)
    status = answer.split(b" ", 2)[1:2]
    assert not answer or status[0] in {
        b"200",
        b"206",
        b"302",
        b"308",
        b"400",
        b"404",
        b"405",
        b"413",
        b"414",
        b"416",
        b"431",
    }
    assert b"root:" not in answer and b"Traceback" not in answer
    assert server.get("/legnano/").status == 200
    assert "Traceback" not in server.said() and '"errors"' not in server.said()
