"""Records written by programs: the same rights, versions and rules as on the pages, said in one shape."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import clock
from core.records.creations import Creation
from core.records.models import Record
from tests.core.api.keys import Program, program
from tests.support.server import DemoData, Site, make_site

#: A role that reads what visitors read.
OUTSIDER = "company-contact"
NEW: dict[str, Any] = {"answers": {"title": {"it": "Sportello di prova", "en": "Trial desk"}}}


@pytest.fixture
def editor(site: Site) -> Program:
    return program(site, "editor")


def created(editor: Program, **more: Any) -> Any:
    answer = editor.ask("POST", "records/service", {**NEW, **more})
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def errors(answer: Any) -> list[str]:
    assert answer.content_type == "application/problem+json"
    return [error["field"] for error in answer.get_json()["errors"]]


def count(site: Site) -> int:
    with site.installation.database.read(site.district_id("legnano")) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Record)) or 0


def test_a_program_takes_a_record_from_its_birth_to_its_readers(site: Site, editor: Program) -> None:
    answer = editor.ask("POST", "records/service", {**NEW, "id": "prova-sportello"})
    made = answer.get_json()
    assert answer.headers["Location"] == made["self_url"] == "/api/v1/legnano/records/service/prova-sportello"
    assert (made["state"], made["version"], made["slug"]) == ("draft", 1, "sportello-di-prova")
    path = "records/service/prova-sportello"
    assert site.client().get(made["self_url"]).status_code == 404
    texts = {"summary": {"it": "Breve"}, "body": {"it": "Il testo."}}
    changed = editor.ask("PATCH", path, {"version": 1, "answers": texts}).get_json()
    assert changed["version"] == 2 and changed["answers"]["title"]["en"] == "Trial desk"
    steps = {
        step["transition"]: step["blocked"] for step in editor.ask("GET", f"{path}/transitions").get_json()["items"]
    }
    assert set(steps) == {"submit", "publish"} and steps["submit"] == ""
    moved = editor.ask("POST", f"{path}/transitions", {"transition": "submit", "version": 2}).get_json()
    assert (moved["state"], moved["version"]) == ("review", 3)


def test_what_is_published_over_the_api_is_read_by_everybody(site: Site, editor: Program) -> None:
    path = "records/service/leg-borsa-lavoro"
    record = editor.ask("GET", path).get_json()
    withdrawn = editor.ask("POST", f"{path}/transitions", {"transition": "withdraw", "version": record["version"]})
    assert withdrawn.status_code == 200
    assert site.client().get(record["self_url"]).status_code == 404
    back = {"transition": "publish", "version": withdrawn.get_json()["version"]}
    assert editor.ask("POST", f"{path}/transitions", back).status_code == 200
    assert site.client().get(record["self_url"]).get_json()["answers"] == record["answers"]


def test_drafts_are_in_the_list_of_those_who_may_read_them_and_ask(site: Site, editor: Program) -> None:
    created(editor, id="prova-bozza")

    def listed(who: Any, query: str) -> set[str]:
        return {item["id"] for item in who(f"records/service?page_size=100{query}").get_json()["items"]}

    def visitor(path: str) -> Any:
        return site.client().get(f"/api/v1/legnano/{path}")

    assert "prova-bozza" in listed(lambda path: editor.ask("GET", path), "&public=false")
    assert "prova-bozza" not in listed(lambda path: editor.ask("GET", path), "")
    assert listed(visitor, "&public=false") == listed(visitor, "")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"answers": {}}, ["title"]),
        ({"answers": {"title": {"xx": "T"}}}, ["title"]),
        ({"answers": {"title": 5}}, ["title"]),
        ({"answers": {"title": {"it": "T"}, "nessuna": 1}}, ["nessuna"]),
        ({"answers": {"title": {"it": "T"}, "topics": ["inventato"]}}, ["topics"]),
        ({"answers": {"title": {"it": "T"}, "topics": {"a": 1}}}, ["topics"]),
        ({}, ["answers"]),
        ({"answers": []}, ["answers"]),
        ({"answers": {}, "in_piu": 1}, ["in_piu"]),
        ({**NEW, "state": "inesistente"}, ["state"]),
        ({**NEW, "id": ""}, ["id"]),
        ({**NEW, "id": "a\x00b"}, ["ref"]),
        ({**NEW, "valid_from": "2026-05-04"}, ["valid_from"]),
        ({**NEW, "valid_from": "2026-05-04T12:00:00Z", "valid_to": "2026-05-04T12:00:00Z"}, ["valid_to"]),
        ({**NEW, "valid_to": "9999-12-31T23:59:59-12:00"}, ["valid_to"]),
        ([], []),
        ("testo", []),
    ],
)
def test_wrong_answers_are_named_one_by_one_and_nothing_is_created(
    site: Site, editor: Program, body: Any, fields: list[str]
) -> None:
    before = count(site)
    answer = editor.ask("POST", "records/service", body)
    assert answer.status_code == 422, answer.text
    assert set(fields) <= set(errors(answer))
    assert all(error["message"] for error in answer.get_json()["errors"])
    assert count(site) == before


def test_a_body_that_is_no_json_is_refused(editor: Program) -> None:
    path = "/api/v1/legnano/records/service"
    key = {"Authorization": f"Bearer {editor.key}"}
    deep = b'{"answers": ' + b"[" * 40 + b"]" * 40 + b"}"
    number = b'{"answers": {"title": ' + b"9" * 5000 + b"}}"
    broken = (b"{", b"\xff\xfe", b"[" * 5000, deep, number, b'{"answers": NaN}', b'{"answers": {"title": "\\ud800"}}')
    for data, status in ((b"", 422), *((data, 400) for data in broken)):
        answer = editor.client.post(path, data=data, content_type="application/json", headers=key)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), data


def test_who_was_slower_is_told_both_versions_and_changes_nothing(editor: Program) -> None:
    made = created(editor, id="prova-due")
    path = "records/service/prova-due"
    assert editor.ask("PATCH", path, {"version": 1, "answers": {"summary": {"it": "Prima"}}}).status_code == 200
    late = editor.ask("PATCH", path, {"version": made["version"], "answers": {"summary": {"it": "Dopo"}}})
    assert (late.status_code, late.content_type) == (409, "application/problem+json")
    assert (late.get_json()["version"], late.get_json()["current_version"]) == (1, 2)
    assert editor.ask("GET", path).get_json()["answers"]["summary"]["it"] == "Prima"
    step = editor.ask("POST", f"{path}/transitions", {"transition": "submit", "version": 1})
    assert (step.status_code, step.get_json()["current_version"]) == (409, 2)


def test_an_answer_of_null_is_emptied_and_the_dates_stay_unless_they_are_sent(editor: Program) -> None:
    created(editor, id="prova-date", valid_from="2026-05-04T12:00:00+02:00")
    path = "records/service/prova-date"
    editor.ask("PATCH", path, {"version": 1, "answers": {"summary": {"it": "Breve"}}})
    changed = editor.ask("PATCH", path, {"version": 2, "answers": {"summary": None}}).get_json()
    assert "summary" not in changed["answers"]
    assert changed["valid_from"] == "2026-05-04T10:00:00+00:00"
    emptied = editor.ask("PATCH", path, {"version": 3, "answers": {}, "valid_from": None}).get_json()
    assert emptied["valid_from"] is None


def test_an_id_that_is_taken_is_a_conflict(editor: Program) -> None:
    created(editor, id="prova-doppia")
    assert editor.ask("POST", "records/service", {**NEW, "id": "prova-doppia"}).status_code == 409


def test_a_step_that_does_not_start_here_or_lacks_answers_says_why(editor: Program) -> None:
    created(editor, id="prova-passo")
    path = "records/service/prova-passo/transitions"
    refused = editor.ask("POST", path, {"transition": "publish", "version": 1})
    assert refused.status_code == 409 and "Per pubblicare mancano" in refused.get_json()["detail"]
    assert editor.ask("POST", path, {"transition": "withdraw", "version": 1}).status_code == 409
    assert editor.ask("POST", path, {"transition": "inventato", "version": 1}).status_code == 404


def test_what_a_program_may_not_write_is_refused_and_what_it_may_not_see_is_not_there(site: Site) -> None:
    editor, reader = program(site, "editor"), program(site, OUTSIDER)
    created(editor, id="prova-nascosta")
    for ref, status in (("prova-nascosta", 404), ("nessuna", 404)):
        assert reader.ask("GET", f"records/service/{ref}").status_code == status
        assert reader.ask("PATCH", f"records/service/{ref}", {"version": 1, "answers": {}}).status_code == 403
        step = {"transition": "submit", "version": 1}
        assert reader.ask("POST", f"records/service/{ref}/transitions", step).status_code == status
    public = "records/service/leg-borsa-lavoro"
    assert reader.ask("POST", f"{public}/transitions", {"transition": "withdraw", "version": 1}).status_code == 403
    assert reader.ask("POST", "records/nessuno", NEW).status_code == 404


def test_who_may_create_and_not_read_learns_no_answer(site: Site) -> None:
    writer = program(site, "editor", ["service:create"])
    made = created(writer)
    assert made["answers"] == {} and made["version"] == 1
    assert writer.ask("GET", f"records/service/{made['id']}").status_code == 403


# Asked twice, done once ----------------------------------------------------------------------------------------------


def test_the_same_creation_asked_twice_within_a_day_is_done_once(any_demo: DemoData) -> None:
    site = make_site(any_demo)
    editor, before = program(site, "editor"), count(site)
    first = editor.ask("POST", "records/service", NEW, Idempotency_Key="ordine-1")
    again = editor.ask("POST", "records/service", NEW, Idempotency_Key="ordine-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert count(site) == before + 1
    other = editor.ask("POST", "records/service", NEW, Idempotency_Key="ordine-2")
    assert other.get_json()["id"] != first.get_json()["id"]
    colleague = program(site, "editor")
    assert colleague.ask("POST", "records/service", NEW, Idempotency_Key="ordine-1").status_code == 201
    assert count(site) == before + 3
    site.installation.database.close()


def test_a_word_that_served_for_another_request_is_refused(site: Site, editor: Program) -> None:
    editor.ask("POST", "records/service", NEW, Idempotency_Key="ordine-1")
    other = {"answers": {"title": {"it": "Un'altra cosa"}}}
    answer = editor.ask("POST", "records/service", other, Idempotency_Key="ordine-1")
    assert (answer.status_code, errors(answer)) == (422, ["Idempotency-Key"])


def test_a_creation_that_was_refused_may_be_asked_again_under_its_word(editor: Program) -> None:
    assert editor.ask("POST", "records/service", {"answers": {}}, Idempotency_Key="ordine-1").status_code == 422
    assert editor.ask("POST", "records/service", NEW, Idempotency_Key="ordine-1").status_code == 201


def test_a_word_is_kept_for_a_day_and_never_in_the_clear(site: Site, editor: Program) -> None:
    editor.ask("POST", "records/service", NEW, Idempotency_Key="RSSMRA80A01H501U")
    with site.installation.database.read(site.district_id("legnano")) as session:
        kept = session.scalars(sa.select(Creation)).one()
    assert b"RSSMRA80A01H501U" not in kept.word + kept.request
    stored = b"".join(path.read_bytes() for path in site.data.folder.rglob("innesto.db*"))
    assert b"RSSMRA80A01H501U" not in stored
    with clock.at(clock.now() + timedelta(days=1)):
        again = editor.ask("POST", "records/service", NEW, Idempotency_Key="RSSMRA80A01H501U")
    assert again.get_json()["slug"] == "sportello-di-prova-2"


@pytest.mark.parametrize("word", ["è", "x" * 201, "a\tb"])
def test_a_word_that_cannot_be_kept_is_refused(editor: Program, word: str) -> None:
    answer = editor.ask("POST", "records/service", NEW, Idempotency_Key=word)
    assert (answer.status_code, errors(answer)) == (422, ["Idempotency-Key"])
