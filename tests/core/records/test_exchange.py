"""Import and export of lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from core.access import Actor
from core.access.actor import Grant
from core.db import Database
from core.errors import AccessDenied
from core.records import writing
from core.records.cli import content
from core.records.exchange import ImportReport, export_lines, import_lines
from core.records.lines import MAX_LINE
from core.records.models import Record, RecordHistory, RecordValue
from core.records.queries import incomplete_records
from tests.core.records.conftest import EDITOR, ELSEWHERE, HERE, SYSTEM, furnish

FIELDS = {"price": 26000, "phases": [{"name": {"it": "Colloquio", "en": "Interview"}, "days": 3}]}


def item(ref: str = "uno", **more: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "type": "leaflet",
        "title": {"it": "Borsa lavoro", "en": "Work grant"},
        "summary": {},
        "body": {"it": "Un **aiuto**", "en": "A **help**"},
        "fields": FIELDS,
        "topics": ["work"],
        "audiences": [],
        "municipalities": ["015182"],
        "state": "published",
        "valid_from": None,
        "valid_to": None,
    } | more


def text(**more: Any) -> str:
    return json.dumps(item(**more), ensure_ascii=False, separators=(",", ":"))


def bring(database: Database, *lines: str | bytes, actor: Actor = SYSTEM, **options: Any) -> ImportReport:
    with database.write(HERE) as session:
        return import_lines(session, lines, actor=actor, **options)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.created, report.updated, report.unchanged, len(report.errors)


def test_an_import_comes_out_again_byte_for_byte(desk: Database) -> None:
    lines = [
        text(ref="due", valid_from="2026-03-29", valid_to="2026-10-25T10:00:00+00:00"),
        text(ref="uno", state="draft"),
    ]
    assert counts(bring(desk, *lines)) == (2, 0, 0, 0)
    with desk.read(HERE) as session:
        assert list(export_lines(session, actor=SYSTEM)) == lines
        assert list(export_lines(session, actor=SYSTEM, type_="memo")) == []


def test_a_second_import_updates_by_id_and_an_equal_line_writes_nothing(desk: Database) -> None:
    bring(desk, text(ref="uno"), text(ref="due"))
    assert counts(bring(desk, text(ref="uno"), text(ref="due", title={"it": "Altro"}))) == (0, 1, 1, 0)
    with desk.read(HERE) as session:
        versions = {record.ref: record.version for record in session.scalars(select(Record))}
        assert versions == {"uno": 1, "due": 2}
        assert session.scalar(select(func.count(RecordHistory.id))) == 3
        assert session.scalar(select(Record.slug).where(Record.ref == "due")) == "borsa-lavoro-2"
        titles = select(RecordValue.text).where(RecordValue.district_id == HERE, RecordValue.key == "title")
        assert sorted(map(str, session.scalars(titles))) == ["altro", "borsa lavoro", "work grant"]


def test_keys_a_line_leaves_out_stay_as_they_were(small_desk: Database) -> None:
    bring(small_desk, text())
    assert counts(bring(small_desk, '{"id":"uno","type":"leaflet","title":"Titolo"}')) == (0, 1, 0, 0)
    with small_desk.read(HERE) as session:
        record = session.scalars(select(Record)).one()
        assert record.answers["title"] == {"it": "Titolo"}
        assert (record.answers["price"], record.state, record.answers["topics"]) == (26000, "published", ["work"])
    bring(small_desk, '{"id":"uno","type":"leaflet","title":"Titolo","fields":{},"topics":[]}')
    with small_desk.read(HERE) as session:
        assert sorted(session.scalars(select(Record)).one().answers) == ["body", "municipalities", "title"]


BAD: dict[str, tuple[str | bytes, str]] = {
    "broken JSON": ('{"id": ', "JSON non è valido"),
    "not an object": ("[]", "oggetto JSON"),
    "Latin-1": (text(title={"it": "Città"}).encode("latin-1"), "UTF-8"),
    "UTF-16": (text().encode("utf-16"), "UTF-8"),
    "NUL": (text(title={"it": "a\x00b"}), "NUL"),
    "raw NUL": (b"\x00", "NUL"),
    "NaN": (text().replace("26000", "NaN"), "numero"),
    "huge number": (text().replace("26000", "9" * 5000), "numero"),
    "deep": ("[" * 100_000, "livelli"),
    "10 MB": (text(summary={"it": "a" * 10_000_000}), f"massimo è {MAX_LINE}"),
    "unknown key": (text(colour="red"), "colour"),
    "no id": (text(ref=" "), "Manca «id»"),
    "number as id": (text(ref=7), "Manca «id»"),
    "long id": (text(ref="a" * 101), "massimo 100"),
    "unknown type": (text(type="poster"), "«poster»"),
    "list as type": (text(type=["leaflet"]), "tipo"),
    "no title": (text(title={}), "titolo in italiano"),
    "only English title": (text(title={"en": "x"}), "titolo in italiano"),
    "title of numbers": (text(title=[1]), "title"),
    "unknown language": (text(body={"de": "x"}), "body"),
    "long title": (text(title={"it": "a" * 161}), "title__it"),
    "unknown field": (text(fields={"colour": 1}), "colour"),
    "wrong field type": (text(fields={"price": [1]}), "price"),
    "fields as list": (text(fields=[]), "«fields»"),
    "title among fields": (text(fields={"title": "x"}), "sta fuori"),
    "unknown word": (text(topics=["sport"]), "«sport»"),
    "topics as text": (text(topics="work"), "topics"),
    "unknown municipality": (text(municipalities=["Milano"]), "«Milano»"),
    "unknown state": (text(state="lost"), "«lost»"),
    "bad date": (text(valid_from="domani"), "«domani»"),
    "last moment of the calendar": (text(valid_to="9999-12-31T23:59:59+00:00"), "9999"),
    "surrogate as id": (json.dumps(item(ref="\ud800")), "visibili"),
    "end before start": (text(valid_from="2026-02-01", valid_to="2026-02-01"), "fine"),
    "too many rows": (text(fields={"phases": [{"name": "a"}] * 4}), "massimo è 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_named_and_the_good_ones_go_in(small_desk: Database, case: str) -> None:
    line, reason = BAD[case]
    report = bring(small_desk, text(ref="prima"), "", line, text(ref="dopo"))
    assert counts(report) == (2, 0, 0, 1)
    assert report.errors[0].number == 3
    assert reason in report.errors[0].message


def test_an_id_that_comes_twice_is_taken_once(small_desk: Database) -> None:
    report = bring(small_desk, "{", text(), text(title={"it": "Altro"}))
    assert counts(report) == (1, 0, 0, 2)
    assert report.errors[1].message == "«id» è già alla riga 2"


def test_a_byte_order_mark_at_the_start_does_no_harm(small_desk: Database) -> None:
    assert counts(bring(small_desk, b"\xef\xbb\xbf" + text().encode())) == (1, 0, 0, 0)


def test_bare_minimum_and_odd_ids_are_fine(small_desk: Database) -> None:
    lines = [json.dumps({"id": ref, "type": "leaflet", "title": "Così"}) for ref in ("è/ü ?", "x" * 100, "💡", "'; --")]
    assert counts(bring(small_desk, *lines)) == (4, 0, 0, 0)
    with small_desk.read(HERE) as session:
        assert set(session.scalars(select(Record.state))) == {"draft"}
        assert sorted(session.scalars(select(Record.slug))) == ["cosi", "cosi-2", "cosi-3", "cosi-4"]


def test_municipalities_are_known_by_name(small_desk: Database) -> None:
    bring(small_desk, text(municipalities=["rho", "Arese"]))
    with small_desk.read(HERE) as session:
        assert session.scalars(select(Record)).one().answers["municipalities"] == ["015182", "015009"]


def test_a_published_item_without_its_blocks_goes_in_with_a_warning(small_desk: Database) -> None:
    thin = text(body={}, fields={})
    report = bring(small_desk, thin, strict=True)
    assert counts(report) == (0, 0, 0, 1)
    report = bring(small_desk, thin)
    assert [(note.number, note.message) for note in report.warnings] == [(1, "Mancano i blocchi: Testo, Fasi")]
    with small_desk.read(HERE) as session:
        found = [(record.ref, [f.key for f in missing]) for record, missing in incomplete_records(session, EDITOR)]
        assert found == [("uno", ["body", "phases"])]
    assert bring(small_desk, text(state="draft", body={}, fields={})).warnings == []


def test_an_id_of_another_type_is_refused(small_desk: Database) -> None:
    bring(small_desk, text())
    report = bring(small_desk, '{"id":"uno","type":"memo","title":"x"}')
    assert "«leaflet»" in report.errors[0].message


def test_a_row_the_database_refuses_does_not_take_the_others_along(
    desk: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = writing.filter_values

    def broken(form: Any, answers: Any) -> Any:
        return [] if answers["title"]["it"] != "Rotto" else [(None, value) for _key, value in real(form, answers)]

    monkeypatch.setattr(writing, "filter_values", broken)
    report = bring(desk, text(ref="a"), text(ref="b", title={"it": "Rotto"}), text(ref="c"))
    assert counts(report) == (2, 0, 0, 1)
    assert (report.errors[0].number, report.errors[0].ref) == (2, "b")
    with desk.read(HERE) as session:
        found = {record.ref: record.slug for record in session.scalars(select(Record))}
        assert found == {"a": "borsa-lavoro", "c": "borsa-lavoro-2"}


def test_an_import_needs_its_right(small_desk: Database) -> None:
    reader = Actor(None, "", "account", HERE, (Grant("*", "read"), Grant("memo", "import")))
    with pytest.raises(AccessDenied):
        bring(small_desk, text(), actor=Actor.visitor(HERE))
    assert counts(bring(small_desk, text(), actor=reader)) == (0, 0, 0, 1)
    assert counts(bring(small_desk, text(), actor=EDITOR)) == (1, 0, 0, 0)


def test_two_districts_do_not_see_each_other(desk: Database) -> None:
    furnish(desk, ELSEWHERE)
    bring(desk, text())
    with desk.write(ELSEWHERE) as session:
        report = import_lines(session, [text()], actor=Actor.system(ELSEWHERE, "x"))
    assert counts(report) == (1, 0, 0, 0)
    with desk.read(ELSEWHERE) as session:
        assert [record.slug for record in session.scalars(select(Record))] == ["borsa-lavoro"]


def test_the_commands_report_by_line_and_give_the_file_back(small_desk: Database, tmp_path: Path) -> None:
    file, shop = tmp_path / "items.jsonl", SimpleNamespace(database=small_desk)
    file.write_bytes(f"{text()}\r\n{{\n".encode())
    run = CliRunner()
    tried = run.invoke(content, ["import", str(file), "--district", "d1", "--dry-run"], obj=shop)
    assert "Riga 2 non importata" in tried.stderr
    assert "1 nuovi, 0 aggiornati, 0 uguali, 1 righe rifiutate" in tried.stdout
    assert run.invoke(content, ["export", "--district", "d1"], obj=shop).stdout == ""
    assert run.invoke(content, ["import", str(file), "--district", "d1"], obj=shop).exit_code == 1
    assert run.invoke(content, ["export", "--district", "d1"], obj=shop).stdout == f"{text()}\n"
    assert "«d9»" in run.invoke(content, ["export", "--district", "d9"], obj=shop).output


@pytest.mark.slow
def test_ten_thousand_lines_go_in_within_a_minute(small_desk: Database) -> None:
    from time import perf_counter

    def lines() -> Iterator[str]:
        for number in range(10_000):
            yield text(ref=f"item-{number}", title={"it": f"Servizio numero {number}", "en": f"Service {number}"})

    start = perf_counter()
    assert counts(bring(small_desk, *lines())) == (10_000, 0, 0, 0)
    assert perf_counter() - start < 60
    start = perf_counter()
    assert counts(bring(small_desk, *lines())) == (0, 0, 10_000, 0)
    assert perf_counter() - start < 60
