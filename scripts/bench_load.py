"""A small load generator and the cost of a server process: what ``scripts/bench.py`` measures with."""

from __future__ import annotations

import math
import os
import re
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TIMEOUT = 60.0
#: Linux tells the cost of a process here; elsewhere `ps` does, in coarser steps.
PROC = Path("/proc")


class Connection:
    """A kept HTTP connection that does no more than it must: the generator shares the machine with the server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._open()

    def _open(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.port), TIMEOUT)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of one request. Raises OSError when the server goes away."""
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: */*\r\n\r\n".encode("ascii")
        )
        head, body = self._head()
        length = LENGTH.search(head)
        if length is None:
            raise OSError(f"{path}: an answer without Content-Length cannot be measured here")
        while len(body) < int(length[1]):
            body += self._receive()
        if b"\r\nconnection: close" in head.lower():
            self.close()
            self.socket = self._open()
        return int(head[9:12]), body

    def _head(self) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        return head, body

    def _receive(self) -> bytes:
        part = self.socket.recv(65536)
        if not part:
            raise OSError("the server closed the connection")
        return part

    def close(self) -> None:
        """Give the connection back."""
        self.socket.close()


@dataclass(slots=True)
class Measure:
    """What was seen of one kind of request, over all rounds."""

    latencies: list[float] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    rss_mb: float = 0.0
    errors: list[str] = field(default_factory=list)

    def quantile_ms(self, share: float) -> float:
        """A quantile of the times to answer, in milliseconds."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    @property
    def seconds_each(self) -> float:
        """Time of the server for one answer: the reciprocal of the rate."""
        return self.wall / len(self.latencies)

    @property
    def cpu_each(self) -> float:
        """Processor seconds of the server process for one answer."""
        return self.cpu / len(self.latencies)


def load(measure: Measure, process: int, port: int, paths: Iterable[str], connections: int) -> None:
    """Ask for every path once over some connections, and add what it took to ``measure``."""
    waiting = deque(paths)
    seen: list[list[float]] = [[] for _ in range(connections)]
    workers = [threading.Thread(target=_work, args=(port, waiting, times, measure.errors)) for times in seen]
    cpu, start = cpu_seconds(process), time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    measure.wall += time.perf_counter() - start
    measure.cpu += cpu_seconds(process) - cpu
    measure.latencies += [latency for times in seen for latency in times]
    measure.rss_mb = max(measure.rss_mb, rss_mb(process))


def _work(port: int, waiting: deque[str], times: list[float], errors: list[str]) -> None:
    connection = Connection(port)
    try:
        while True:
            path = waiting.popleft()
            start = time.perf_counter()
            status, _ = connection.get(path)
            times.append(time.perf_counter() - start)
            if status != 200:
                errors.append(f"{status} {path}")
    except IndexError:
        return
    except OSError as error:
        errors.append(str(error))
    finally:
        connection.close()


def cpu_seconds(process: int) -> float:
    """Processor time that a process and its threads have used so far."""
    if PROC.is_dir():
        fields = (PROC / str(process) / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    seconds = 0.0
    for part in re.split("[-:]", _ps("time", process)):
        seconds = 60 * seconds + float(part)
    return seconds


def rss_mb(process: int) -> float:
    """Memory that a process holds, in megabytes."""
    if PROC.is_dir():
        status = (PROC / str(process) / "status").read_text(encoding="ascii")
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0
    return int(_ps("rss", process)) / 1024


def _ps(column: str, process: int) -> str:
    return subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(process)], capture_output=True, text=True, check=True
    ).stdout.strip()


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], *, limit: float = TIMEOUT) -> float:
    """Seconds until the server answers ``path`` with 200. Raises SystemExit when it ends or stays silent."""
    start = time.perf_counter()
    while time.perf_counter() - start < limit:
        if process.poll() is not None:
            raise SystemExit(f"the server ended with status {process.returncode} before its first answer")
        if answers(port, path):
            return time.perf_counter() - start
        time.sleep(0.02)
    raise SystemExit(f"no answer to {path} within {limit:.0f} seconds")


def answers(port: int, path: str) -> bool:
    """Whether the server gives the page now."""
    try:
        connection = Connection(port)
    except OSError:
        return False
    try:
        return connection.get(path)[0] == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def chunks(paths: Sequence[str], count: int) -> list[Sequence[str]]:
    """The paths in ``count`` parts of about the same size, each path in one of them."""
    return [paths[start::count] for start in range(count)]
