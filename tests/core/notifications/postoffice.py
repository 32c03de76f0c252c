"""A little mail server of its own thread, which behaves as badly as it is told."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage


class PostOffice:
    """Takes mails on 127.0.0.1; ``ways`` tells the behaviour of each connection in turn, the last one stays.

    ``well`` · ``vanishes``: hangs up at DATA · ``forgets``: takes the mail and hangs up before it says so ·
    ``silent``: says nothing at all · ``drips``: answers a byte at a time, for ever · ``full``: 452 for every mail ·
    ``refuses``: 550 for every address · ``picky``: 550 for addresses with ``nobody`` · ``poisoned``: hangs up at mails
    to ``poison``.
    """

    def __init__(self, *ways: str) -> None:
        self.ways = list(ways) or ["well"]
        self.taken: list[EmailMessage] = []
        self.heard: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            way = self.ways[min(self.connections, len(self.ways) - 1)]
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection, way), daemon=True).start()

    def _serve(self, connection: socket.socket, way: str) -> None:
        with suppress(OSError):
            if way == "silent":
                connection.recv(1)
                return
            if way == "drips":
                self._drip(connection)
                return
            Talk(self, connection, way).go()
        connection.close()

    @staticmethod
    def _drip(connection: socket.socket) -> None:
        while True:
            connection.send(b"2")
            threading.Event().wait(0.05)


class Talk:
    """One conversation."""

    def __init__(self, office: PostOffice, connection: socket.socket, way: str) -> None:
        self.office, self.connection, self.way = office, connection, way
        self.lines = connection.makefile("rb")

    def go(self) -> None:
        self.say("220 post.example ESMTP")
        for line in self.lines:
            self.office.heard.append(line)
            word = line.decode("ascii", "replace").strip()
            if not self.answer(word.split(" ")[0].upper(), word):
                return

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def answer(self, verb: str, line: str) -> bool:
        if verb == "RCPT":
            return self.recipient(line)
        if verb == "DATA":
            return self.data()
        self.say("221 goodbye" if verb == "QUIT" else "250 ok")
        return verb != "QUIT"

    def recipient(self, line: str) -> bool:
        if self.way == "poisoned" and "poison" in line:
            return False
        refused = self.way == "refuses" or (self.way == "picky" and "nobody" in line)
        self.say(f"550 no such person: {line}" if refused else "452 too full" if self.way == "full" else "250 ok")
        return True

    def data(self) -> bool:
        if self.way == "vanishes":
            return False
        self.say("354 go on")
        content = b""
        for line in self.lines:
            if line == b".\r\n":
                break
            content += line[1:] if line.startswith(b".") else line
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.office.taken.append(message)
        if self.way == "forgets":
            return False
        self.say("250 taken")
        return True


@contextmanager
def post_office(*ways: str) -> Iterator[PostOffice]:
    """A server for the time of the block."""
    office = PostOffice(*ways)
    try:
        yield office
    finally:
        office.close()
