"""An antivirus beside the portal: the INSTREAM command of clamd."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlsplit

CHUNK = 256 * 1024


class ScannerDown(Exception):
    """The scanner did not answer: the file waits in quarantine."""


@dataclass(frozen=True, slots=True)
class Clamd:
    """clamd listening on a TCP port; ``timeout`` in seconds."""

    host: str
    port: int
    timeout: float = 30.0

    def __call__(self, content: bytes) -> str:
        """What was found, or an empty text. Raises ScannerDown."""
        try:
            answer = self._ask(content)
        except OSError as error:
            raise ScannerDown(f"{self.host}:{self.port}: {error}") from error
        verdict = answer.rstrip("\0\n").removeprefix("stream: ")
        if verdict == "OK":
            return ""
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise ScannerDown(f"{self.host}:{self.port}: {verdict or 'no answer'}")

    def _ask(self, content: bytes) -> str:
        with socket.create_connection((self.host, self.port), self.timeout) as connection:
            connection.sendall(b"zINSTREAM\0")
            for at in range(0, len(content), CHUNK):
                part = content[at : at + CHUNK]
                connection.sendall(struct.pack(">I", len(part)) + part)
            connection.sendall(struct.pack(">I", 0))
            answer = b""
            while part := connection.recv(4096):
                answer += part
        return answer.decode("utf-8", "replace")


def scanner(address: str) -> Clamd | None:
    """The scanner of the setting ``ANTIVIRUS``; none where it is empty."""
    parts = urlsplit(address)
    return Clamd(parts.hostname, parts.port) if parts.hostname and parts.port else None
