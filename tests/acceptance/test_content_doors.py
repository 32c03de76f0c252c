"""Content comes in and goes out by the command line: bad lines are named and stay out, good ones go in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.records.lines import MAX_LINE
from tests.support.server import DemoData, Finished, Site, command, innesto, texts

API = "/api/v1/legnano"


def line(ref: str, **more: Any) -> dict[str, Any]:
    """A small draft as a line of the format."""
    return {"id": ref, "type": "regulation", "title": {"it": f"Regola {ref}"}, "state": "published", **more}


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def bring(data: DemoData, path: Path, *lines: bytes, district: str = "legnano") -> Finished:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return command(data, "content", "import", str(path), "--district", district)


def export(data: DemoData, district: str = "legnano") -> str:
    finished = command(data, "content", "export", "--district", district)
    assert finished.status == 0
    return finished.out


BAD = {
    "broken JSON": (b'{"id": "bad", "type": ', "JSON non è valido alla colonna"),
    "a list": (b'["bad"]', "deve essere un oggetto JSON"),
    "a word": (b'"bad"', "deve essere un oggetto JSON"),
    "Latin-1": (written(line("bad", summary={"it": "Perch\u00e9"})).decode().encode("latin-1"), "non è in UTF-8"),
    "UTF-16": ('{"id": "bad"}'.encode("utf-16-le"), "NUL"),
    "an unknown type": (written(line("bad", type="poem")), "Il tipo «poem» non esiste"),
    "no type": (written({"id": "bad", "title": {"it": "Senza tipo"}}), "non esiste"),
    "an unknown topic": (written(line("bad", topics=["astrology"])), "topics"),
    "an unknown audience": (written(line("bad", audiences=["martians"])), "audiences"),
    "a municipality of elsewhere": (written(line("bad", municipalities=["999999"])), "municipalities"),
    "an id twice": (written(line("first")), "«id» è già alla riga 1"),
    "no title": (written({"id": "bad", "type": "regulation"}), "Manca il titolo in italiano"),
    "an empty title": (written(line("bad", title={"it": "   "})), "Compila questo campo"),
    "a title in English alone": (written(line("bad", title={"en": "Rule"})), "Manca il titolo in italiano"),
    "a title that is a list": (written(line("bad", title=["Regola"])), "title"),
    "no id": (written({"type": "regulation", "title": {"it": "Senza codice"}}), "Manca «id»"),
    "an id of another type": (written(line("leg-borsa-lavoro")), "appartiene già a un elemento di tipo «service»"),
    "a line of ten megabytes": (written(line("bad", body={"it": "a" * 10_000_000})), f"il massimo è {MAX_LINE}"),
    "NUL in the text": (written(line("bad", body={"it": "a\0b"})), "NUL"),
    "a raw NUL": (b'{"id": "bad\0"}', "NUL"),
    "an unknown key": (written(line("bad", titel="x")), "Chiavi sconosciute: titel"),
    "an unknown question": (written(line("bad", fields={"colour": "red"})), "colour"),
    "fields that are no object": (written(line("bad", fields=[1])), "«fields» deve essere un oggetto"),
    "an unknown state": (written(line("bad", state="famous")), "Lo stato «famous» non esiste"),
    "a day that does not exist": (written(line("bad", valid_from="2026-02-30")), "non è una data"),
    "an end before the beginning": (written(line("bad", valid_from="2026-03-01", valid_to="2026-02-01")), "valid_to"),
    "endless nesting": (b"[" * 100_000, "troppi livelli"),
    "a number that is none": (b'{"id": "bad", "x": NaN}', "numero non ammesso"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_is_named_by_number_and_reason_and_its_neighbours_go_in(
    demo: DemoData, tmp_path: Path, case: str
) -> None:
    bad, reason = BAD[case]
    report = bring(demo, tmp_path / "in.jsonl", written(line("first")), bad, written(line("last")))
    assert report.status == 1
    assert "Riga 2 non importata" in report.err and reason in report.err
    assert "2 nuovi" in report.out and "1 righe rifiutate" in report.out
    assert len(report.err) < 5_000
    refs = {json.loads(row)["id"] for row in export(demo).splitlines()}
    assert {"first", "last"} <= refs and "bad" not in refs


def test_every_bad_line_of_a_file_is_reported_with_its_own_number(demo: DemoData, tmp_path: Path) -> None:
    lines = [written(line(f"good-{n}")) if n % 2 else b"{" for n in range(1, 21)]
    report = bring(demo, tmp_path / "in.jsonl", *lines)
    assert [n for n in range(1, 21) if f"Riga {n} non importata" in report.err] == list(range(2, 21, 2))
    assert "10 nuovi" in report.out


def test_windows_line_ends_a_byte_order_mark_and_empty_lines_are_no_fault(demo: DemoData, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + written(line("one")) + b"\r\n\r\n" + written(line("two")))
    report = command(demo, "content", "import", str(path), "--district", "legnano")
    assert (report.status, report.err.count("non importata")) == (0, 0)
    assert "2 nuovi" in report.out


def test_an_unknown_district_or_file_is_said_plainly(demo: DemoData, tmp_path: Path) -> None:
    report = bring(demo, tmp_path / "in.jsonl", written(line("one")), district="atlantide")
    assert report.status != 0 and "atlantide" in report.said and "Traceback" not in report.said
    missing = command(demo, "content", "import", str(tmp_path / "none.jsonl"), "--district", "legnano")
    assert missing.status != 0 and "none.jsonl" in missing.said


def test_an_export_comes_in_again_unchanged_and_goes_out_byte_for_byte(demo: DemoData, tmp_path: Path) -> None:
    first = export(demo)
    (tmp_path / "out.jsonl").write_text(first, "utf-8")
    report = command(demo, "content", "import", str(tmp_path / "out.jsonl"), "--district", "legnano")
    assert report.status == 0
    assert f"0 nuovi, 0 aggiornati, {len(first.splitlines())} uguali, 0 righe rifiutate" in report.out
    assert export(demo) == first


def test_an_export_from_an_empty_place_is_the_same_export(demo: DemoData, tmp_path: Path) -> None:
    created = command(demo, "district", "create", "gemello", "--model", "legnano_sisl", "--demo")
    assert created.status == 0, created.said
    (tmp_path / "out.jsonl").write_text(first := export(demo), "utf-8")
    assert command(demo, "content", "import", str(tmp_path / "out.jsonl"), "--district", "gemello").status == 0
    assert export(demo, "gemello") == first


def test_a_second_import_updates_by_id_and_leaves_what_it_does_not_mention(demo: DemoData, tmp_path: Path) -> None:
    whole = line("rule", summary={"it": "Prima"}, body={"it": "Il testo resta"}, topics=["job_search"])
    assert "1 nuovi" in bring(demo, tmp_path / "in.jsonl", written(whole)).out
    assert "1 aggiornati" in bring(demo, tmp_path / "in.jsonl", written(line("rule", summary={"it": "Dopo"}))).out
    rows = [json.loads(row) for row in export(demo).splitlines()]
    (found,) = [row for row in rows if row["id"] == "rule"]
    assert (found["summary"], found["body"], found["topics"]) == (
        {"it": "Dopo"},
        {"it": "Il testo resta"},
        ["job_search"],
    )


def test_a_dry_run_reports_and_writes_nothing(demo: DemoData, tmp_path: Path) -> None:
    before = export(demo)
    (tmp_path / "in.jsonl").write_bytes(written(line("rule")) + b"\n{\n")
    report = command(demo, "content", "import", str(tmp_path / "in.jsonl"), "--district", "legnano", "--dry-run")
    assert "1 nuovi" in report.out and "Riga 2 non importata" in report.err
    assert export(demo) == before


def test_the_api_and_the_page_know_an_imported_item_by_its_id_and_title(site: Site, tmp_path: Path) -> None:
    odd = "Codice/strano: è «così» #1"
    assert bring(site.data, tmp_path / "in.jsonl", written(line(odd, title={"it": "Regola zirconio"}))).status == 0
    site.index("legnano")
    client = site.client()
    (item,) = client.get(f"{API}/public_info/search?q=zirconio").get_json()["items"]
    assert item["id"] == odd
    assert client.get(item["url"]).status_code == 200


def test_importing_in_one_district_shows_nothing_in_another(site: Site, tmp_path: Path) -> None:
    bring(site.data, tmp_path / "in.jsonl", written(line("rule", title={"it": "Regola zirconio"})))
    for slug in ("legnano", "san-donato"):
        site.index(slug)
    client = site.client()
    assert client.get(f"{API}/public_info/search?q=zirconio").get_json()["total"] == 1
    assert client.get("/api/v1/san-donato/public_info/search?q=zirconio").get_json()["total"] == 0
    assert client.get("/api/v1/san-donato/records/regulation/rule").status_code == 404


def corpus(shared_data: Path, most: int) -> list[dict[str, Any]]:
    file = shared_data / "retrieval" / "corpus.jsonl"
    if not file.is_file():
        pytest.skip("there is no corpus of real texts beside the project (../shared/data/retrieval)")
    with file.open(encoding="utf-8") as rows:
        return [json.loads(row) for row, _ in zip(rows, range(most), strict=False)]


@pytest.mark.slow
def test_two_thousand_real_texts_come_in_with_warnings_and_are_found(
    site: Site, shared_data: Path, tmp_path: Path
) -> None:
    rows = corpus(shared_data, 2_000)
    lines = [
        line(
            row["id"],
            title={"it": row["title"]},
            summary={"it": row["text"][:200]},
            body={"it": row["text"]},
            fields={},
        )
        for row in rows
    ]
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b"\n".join(map(written, lines)))
    report = innesto(site.data, "content", "import", str(path), "--district", "legnano")
    assert (report.returncode, "2000 nuovi" in report.stdout) == (0, True), report.stdout + report.stderr[-2000:]
    assert "importata, ma da completare" in report.stderr
    site.index("legnano")
    client = site.client()
    for row in rows[::200]:
        found = client.get(f"{API}/public_info/search", query_string={"q": row["text"][:300], "page_size": 20})
        assert row["id"] in texts(found.get_json()["items"]), row["title"]
        assert client.get(f"{API}/records/regulation/{row['id']}").get_json()["answers"]["title"]["it"] == row["title"]
