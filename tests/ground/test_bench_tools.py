"""The bench measures what it says: different items, different addresses, the cost of the right process."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import bench, bench_content
from scripts.bench_load import Measure, chunks, cpu_seconds, free_port, load, rss_mb, wait_for

COUNT = 50


@pytest.fixture(scope="module")
def items() -> list[dict[str, object]]:
    """Some items of the bench."""
    return list(bench_content.items(COUNT, bench.MODEL))


@pytest.fixture(scope="module")
def hello(repo: Path) -> Iterator[bench.Server]:
    """The bare page, running."""
    port = free_port()
    process = subprocess.Popen([sys.executable, str(repo / "scripts" / "bench_hello.py"), str(port), "2"])
    wait_for(port, "/", process)
    yield bench.Server(process, port)
    process.terminate()
    process.wait(timeout=10)


def test_items_differ_and_are_the_same_at_every_run(items: list[dict[str, object]]) -> None:
    assert len({str(item["title"]) for item in items}) == COUNT
    assert len({str(item["body"]) for item in items}) == COUNT
    assert items == list(bench_content.items(COUNT, bench.MODEL))


@pytest.mark.parametrize("kind", sorted(set(bench_content.MIX)))
def test_an_item_answers_all_that_publishing_asks_for(repo: Path, items: list[dict[str, object]], kind: str) -> None:
    text = (repo / "plugins" / "public_info" / "forms" / f"{kind}.toml").read_text(encoding="utf-8")
    fields = tomllib.loads(text)["fields"]
    needed = {field["key"] for field in fields if field.get("required") or field.get("complete")}
    item = next(item for item in items if item["type"] == kind)
    answered = {**item, **dict(item["fields"])}  # type: ignore[call-overload]
    assert sorted(key for key in needed if not answered.get(key)) == []


def test_searches_are_all_different() -> None:
    assert len(set(bench_content.queries(300))) == 300


def test_every_address_is_asked_once_over_all_rounds() -> None:
    paths = [str(number) for number in range(11)]
    parts = chunks(paths, 4)
    assert sorted(path for part in parts for path in part) == sorted(paths)


def test_a_load_counts_every_answer_and_the_cost_of_the_server(hello: bench.Server) -> None:
    seen = Measure()
    load(seen, hello.pid, hello.port, ["/"] * 400, connections=2)
    assert len(seen.latencies) == 400
    assert seen.errors == []
    assert 0 < seen.cpu <= seen.wall * 1.5
    assert 0 < seen.quantile_ms(0.5) <= seen.quantile_ms(0.99)


def test_an_answer_other_than_200_is_an_error_and_ends_the_bench(hello: bench.Server) -> None:
    seen = bench.Seen()
    load(seen.busy, hello.pid, hello.port, ["/", "/missing"], connections=1)
    assert seen.errors == ["404 /missing"]
    with pytest.raises(SystemExit, match="404 /missing"):
        bench.row(bench.Subject("item", "cold", hello, []), seen, seen, 1)


def test_the_cost_of_a_process_is_known(hello: bench.Server) -> None:
    assert cpu_seconds(hello.pid) > 0
    assert 10 < rss_mb(hello.pid) < 200


def test_a_row_compares_with_the_bare_page() -> None:
    quick = Measure(latencies=[0.001] * 10, wall=0.01, cpu=0.01)
    slow = Measure(latencies=[0.005] * 10, wall=0.05, cpu=0.03)
    slower = Measure(latencies=[0.007] * 10, wall=0.07, cpu=0.07)
    subject = bench.Subject("item", "cold", None, [])  # type: ignore[arg-type]
    row = bench.row(subject, bench.Seen(slow, slower), bench.Seen(quick, quick), 2000)
    assert (row["ratio_to_hello"], row["alone_ratio_to_hello"]) == (5.0, 7.0)
    assert (row["cpu_ms"], row["rps"], row["alone_ms"]) == (3.0, 200.0, 7.0)


def test_no_cold_address_is_asked_twice(hello: bench.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(bench, "load", lambda _seen, _pid, _port, paths, _connections: asked.extend(paths))
    bench.measure([bench.Subject("item", "cold", hello, [f"/{number}" for number in range(40)])], 4)
    assert len(asked) == len(set(asked)) == 40


def test_addresses_of_items_are_read_from_the_list() -> None:
    page = b'<a href="/legnano/servizi/borsa-lavoro/">x</a> <a href="/legnano/servizi/?page=2">2</a>'
    assert bench.links(page) == ["/legnano/servizi/borsa-lavoro/"]
