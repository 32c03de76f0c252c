"""A long import is kept batch by batch: others write in between, and what stops it leaves whole batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from core.db import Database
from core.records import exchange
from core.records.cli import content
from core.records.exchange import ImportReport, import_lines
from core.records.models import Record
from core.records.operations import create_record
from tests.core.records.conftest import HERE, SYSTEM, leaflet
from tests.core.records.test_exchange import counts, text


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BATCH", 2)


def lines(count: int) -> list[str]:
    return [text(ref=f"item-{number}", title={"it": f"Servizio {number}"}) for number in range(count)]


def stored(database: Database) -> int:
    with database.read(HERE) as session:
        return session.scalar(select(func.count()).select_from(Record)) or 0


def bring(database: Database, given: list[str], between: Callable[[], object] = lambda: None) -> ImportReport:
    with database.open(HERE, write=True) as session:

        def keep() -> None:
            session.commit()
            session.expunge_all()
            between()

        return import_lines(session, given, actor=SYSTEM, keep=keep)


def test_what_stops_an_import_leaves_whole_batches_and_a_second_run_completes_them(small_desk: Database) -> None:
    def broken() -> Iterator[str]:
        yield from lines(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), small_desk.open(HERE, write=True) as session:
        import_lines(session, broken(), actor=SYSTEM, keep=session.commit)
    assert stored(small_desk) == 4
    assert counts(bring(small_desk, lines(7))) == (3, 0, 4, 0)


def test_others_write_between_two_batches_and_take_addresses(small_desk: Database) -> None:
    def write() -> None:
        with small_desk.write(HERE) as session:
            create_record(session, "leaflet", leaflet("Servizio 3"), actor=SYSTEM)

    assert counts(bring(small_desk, lines(4), write)) == (4, 0, 0, 0)
    with small_desk.read(HERE) as session:
        slugs = sorted(session.scalars(select(Record.slug)))
    assert slugs[-3:] == ["servizio-3", "servizio-3-2", "servizio-3-3"]


def test_a_dry_run_of_several_batches_leaves_nothing(small_desk: Database, tmp_path: Path) -> None:
    file, shop = tmp_path / "items.jsonl", SimpleNamespace(database=small_desk)
    file.write_text("\n".join(lines(5)))
    run = CliRunner()
    assert run.invoke(content, ["import", str(file), "--district", "d1", "--dry-run"], obj=shop).exit_code == 0
    assert stored(small_desk) == 0
    assert run.invoke(content, ["import", str(file), "--district", "d1"], obj=shop).exit_code == 0
    assert stored(small_desk) == 5
