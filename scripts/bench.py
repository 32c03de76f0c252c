"""Measure the portal: ``python -m scripts.bench --out var/bench.json``.

Fills a throw-away folder with 2,000 and then 10,000 items, serves them with ``innesto run`` and, beside it, a bare
Flask page under the same server. Both are asked in turns, so that whatever else the machine does falls on both.

Cold: every request has another address or another query, so that no cache of pages helps. Warm: few, repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from scripts import bench_content
from scripts.bench_load import Connection, Measure, chunks, free_port, load, wait_for
from scripts.repository import REPO

INNESTO = Path(sys.executable).with_name("innesto")
MODEL = REPO / "config" / "models" / "legnano_sisl"
DISTRICT = "legnano"
HOME = f"/{DISTRICT}/"
SERVICES = f"/{DISTRICT}/servizi/"
SEARCH = f"/{DISTRICT}/cerca/?q="
API_SEARCH = f"/api/v1/{DISTRICT}/public_info/search?q="
THREADS = 8
ROUNDS = 4
WARM = 5


@dataclass(frozen=True, slots=True)
class Server:
    """A running server process."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass(frozen=True, slots=True)
class Subject:
    """One row of the bench: what is asked, of whom."""

    name: str
    cache: str
    server: Server
    paths: Sequence[str]


@contextmanager
def running(command: Sequence[str], port: int, log: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """A server process, ended with the block."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
        try:
            yield Server(process, port)
        finally:
            process.terminate()
            process.wait(timeout=30)


def hello_server(folder: Path) -> Any:
    """The bare page."""
    port = free_port()
    command = [sys.executable, str(REPO / "scripts" / "bench_hello.py"), str(port), str(THREADS)]
    return running(command, port, folder / "hello.log", {})


def portal_server(folder: Path) -> Any:
    """The portal over the data of ``folder``."""
    port = free_port()
    return running([str(INNESTO), "run"], port, folder / "portal.log", environment(folder) | {"PORT": str(port)})


def environment(folder: Path) -> dict[str, str]:
    """What tells a command of Innesto where to work: SQLite in the throw-away folder, whatever is set outside."""
    data = folder / "data"
    return {
        "DATA": str(data),
        "DATABASE_URL": f"sqlite:///{data / 'innesto.db'}",
        "THREADS": str(THREADS),
        "HOST": "127.0.0.1",
    }


def innesto(folder: Path, *arguments: str) -> None:
    """Run one command of Innesto. Raises SystemExit with its words when it fails."""
    done = subprocess.run(
        [str(INNESTO), *arguments],
        env={**os.environ, **environment(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"innesto {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def prepare(folder: Path) -> None:
    """An empty district."""
    (folder / "data").mkdir()
    innesto(folder, "db", "upgrade")
    innesto(folder, "district", "create", DISTRICT, "--model", MODEL.name)


def fill(folder: Path, count: int) -> None:
    """Bring the district to ``count`` items, all of them in the index."""
    lines = folder / f"{count}.jsonl"
    bench_content.write(lines, count, MODEL)
    innesto(folder, "content", "import", str(lines), "--district", DISTRICT, "--strict")
    innesto(folder, "search", "reindex")


def item_paths(server: Server, wanted: int) -> list[str]:
    """Addresses of different items, read from the list of services as a visitor would."""
    connection, found, page = Connection(server.port), dict[str, None](), 1
    while len(found) < wanted:
        _, body = connection.get(f"{SERVICES}?page={page}")
        new = [path for path in links(body) if path not in found]
        if not new:
            break
        found.update(dict.fromkeys(new))
        page += 1
    connection.close()
    if not found:
        raise SystemExit(f"{SERVICES} lists no item")
    return list(found)[:wanted]


def links(page: bytes) -> list[str]:
    """The addresses of items in a page."""
    return re.findall(rf'href="({re.escape(SERVICES)}[a-z0-9][a-z0-9-]*/)"', page.decode())


def subjects(portal: Server, hello: Server, requests: int) -> list[Subject]:
    """Every row, with the addresses it asks for."""
    items = item_paths(portal, requests + WARM)
    random.Random(3).shuffle(items)
    words = [quote(query) for query in bench_content.queries(2 * requests + WARM)]
    known, fresh = words[:WARM], words[WARM:]
    cold = {
        "home": [f"{HOME}?n={number}" for number in range(requests)],
        "item": items[WARM:],
        "search": [SEARCH + query for query in fresh[:requests]],
        "api_search": [API_SEARCH + query for query in fresh[requests:]],
    }
    few = {
        "home": [HOME],
        "item": items[:WARM],
        "search": [SEARCH + query for query in known],
        "api_search": [API_SEARCH + query for query in known],
    }
    warm = {name: repeated(paths, requests) for name, paths in few.items()}
    rows = [("cold", name, paths) for name, paths in cold.items()] + [
        ("warm", name, paths) for name, paths in warm.items()
    ]
    base = [Subject("hello", "warm", hello, ["/"] * 4 * requests)]
    return base + [Subject(name, cache, portal, paths) for cache, name, paths in rows]


def repeated(paths: Sequence[str], count: int) -> list[str]:
    """The paths over and over, ``count`` in all."""
    return [paths[number % len(paths)] for number in range(count)]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one subject: several requests under way, and one after the other."""

    busy: Measure = field(default_factory=Measure)
    alone: Measure = field(default_factory=Measure)

    @property
    def errors(self) -> list[str]:
        return self.busy.errors + self.alone.errors


def measure(found: Sequence[Subject], connections: int) -> list[Seen]:
    """Ask for everything in turns; no address of a subject is asked in two parts."""
    every = [Seen() for _ in found]
    parts = [chunks(subject.paths, 2 * ROUNDS) for subject in found]
    for turn in range(ROUNDS):
        for subject, seen, part in zip(found, every, parts, strict=True):
            load(seen.busy, subject.server.pid, subject.server.port, part[2 * turn], connections)
            load(seen.alone, subject.server.pid, subject.server.port, part[2 * turn + 1], 1)
    return every


def row(subject: Subject, seen: Seen, hello: Seen, items: int) -> dict[str, Any]:
    """One row of ``bench.json``. Raises SystemExit when an answer was an error: an error page is quick."""
    if seen.errors:
        raise SystemExit(f"{subject.name}, {subject.cache}: {len(seen.errors)} errors, the first: {seen.errors[0]}")
    busy, alone = seen.busy, seen.alone
    return {
        "name": subject.name,
        "cache": subject.cache,
        "items": items,
        "requests": len(busy.latencies) + len(alone.latencies),
        "cpu_ms": round(1000 * busy.cpu_each, 3),
        "rps": round(1 / busy.seconds_each, 1),
        "p50_ms": round(busy.quantile_ms(0.5), 2),
        "p99_ms": round(busy.quantile_ms(0.99), 2),
        "rss_mb": round(busy.rss_mb, 1),
        "ratio_to_hello": round(busy.seconds_each / hello.busy.seconds_each, 2),
        "alone_ms": round(alone.quantile_ms(0.5), 2),
        "alone_ratio_to_hello": round(alone.quantile_ms(0.5) / hello.alone.quantile_ms(0.5), 2),
    }


def start_row(folder: Path, items: int, times: int = 3) -> dict[str, Any]:
    """How long a start on an existing database takes to the first page of the district."""
    seconds = []
    for _ in range(times):
        with portal_server(folder) as portal:
            seconds.append(wait_for(portal.port, HOME, portal.process))
    return {"name": "start", "cache": "cold", "items": items, "seconds": round(median(seconds), 2)}


def rows_for(folder: Path, items: int, requests: int, connections: int) -> list[dict[str, Any]]:
    """Fill, serve, measure."""
    fill(folder, items)
    with hello_server(folder) as hello, portal_server(folder) as portal:
        wait_for(hello.port, "/", hello.process)
        wait_for(portal.port, HOME, portal.process)
        found = subjects(portal, hello, requests)
        # Compiling and loading at first use are part of the start, not of a request.
        measure([subject for subject in found if subject.cache == "warm"], 1)
        seen = measure(found, connections)
    rows = [row(subject, one, seen[0], items) for subject, one in zip(found, seen, strict=True)]
    return [*rows, start_row(folder, items)]


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows for a person."""
    columns = (
        "name",
        "cache",
        "items",
        "cpu_ms",
        "rps",
        "p50_ms",
        "p99_ms",
        "rss_mb",
        "ratio_to_hello",
        "alone_ms",
        "alone_ratio_to_hello",
        "seconds",
    )
    lines = [columns, *(tuple(str(one.get(column, "")) for column in columns) for one in rows)]
    return "\n".join("".join(f"{cell:>14}" for cell in line) for line in lines)


def main() -> None:
    """Measure at every size and write the rows."""
    parser = argparse.ArgumentParser(description="Measure the portal against a bare Flask page")
    parser.add_argument("--out", type=Path, default=REPO / "var" / "bench.json")
    parser.add_argument("--items", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--requests", type=int, default=800, help="requests a row, spread over the rounds")
    parser.add_argument("--connections", type=int, default=4)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="innesto-bench-") as name:
        prepare(Path(name))
        for items in sorted(given.items):
            rows += rows_for(Path(name), items, given.requests, given.connections)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    print(table(rows))


if __name__ == "__main__":
    main()
