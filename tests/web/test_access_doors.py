"""One right, every door: what somebody may not see is not on a page, in a list, a count, a search, nor on the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.records import queries
from core.records.operations import create_record, fire
from tests.support.server import Site, command, email_of, texts, token_of

#: A word that stands in no page of the demonstration.
WORD = "zirconio"
DAY = timedelta(days=1)
HIDDEN: Mapping[str, Mapping[str, Any]] = {
    "draft": {},
    "review": {"steps": ["submit"]},
    "withdrawn": {"steps": ["publish", "withdraw"]},
    "expired": {"steps": ["publish"], "valid_to": -DAY},
    "future": {"steps": ["publish"], "valid_from": +DAY},
}
EDITOR, NEIGHBOUR = email_of("editor", "legnano"), email_of("editor", "san-donato")


def answers(session: Session, actor: Actor, name: str) -> dict[str, Any]:
    """Those of a real page, which has every block that publishing asks for, under another title."""
    model = queries.by_ref(session, actor, "leg-borsa-lavoro")
    assert model is not None
    texts = {"title": {"it": f"Scheda {WORD} {name}"}, "summary": {"it": f"Prova {WORD} {name}."}}
    return {**model.answers, **texts, "topics": ["job_search"]}


@pytest.fixture
def stocked(site: Site) -> dict[str, UUID]:
    """One record in each state that visitors do not see, and a published one named ``shown``."""
    number, made = site.district_id("legnano"), {}
    actor = Actor.system(number, "prova")
    now = clock.now()
    with site.installation.database.write(number) as session:
        for name, how in {**HIDDEN, "shown": {"steps": ["publish"]}}.items():
            valid = {key: now + how[key] for key in ("valid_from", "valid_to") if key in how}
            record = create_record(
                session, "service", answers(session, actor, name), actor=actor, ref=f"door-{name}", **valid
            )
            for step in how.get("steps", ()):
                fire(session, record, step, actor=actor)
            made[name] = record.id
    site.index("legnano")
    return made


def body(client: FlaskClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_not_public_is_behind_no_door_of_a_visitor(site: Site, stocked: dict[str, UUID], name: str) -> None:
    client = site.client()
    assert client.get(f"/legnano/servizi/scheda-zirconio-{name}/").status_code == 404
    assert client.get(f"/legnano/en/servizi/scheda-zirconio-{name}/").status_code == 404
    assert client.get(f"/api/v1/legnano/records/service/door-{name}").status_code == 404
    for path in (f"schede/service/{stocked[name]}/", f"schede/service/{stocked[name]}/modifica", "schede/service/"):
        assert client.get(f"/legnano/{path}").status_code == 302
    assert WORD not in client.get("/api/v1/legnano/openapi.json").text
    for path in ("", "servizi/", f"cerca/?q={WORD}", f"en/cerca/?q={WORD}", "cerca/?type=service"):
        assert f"zirconio-{name}" not in client.get(f"/legnano/{path}").text


def test_the_published_one_is_behind_every_door(site: Site, stocked: dict[str, UUID]) -> None:
    client = site.client()
    assert client.get("/legnano/servizi/scheda-zirconio-shown/").status_code == 200
    assert body(client, "/api/v1/legnano/records/service/door-shown")["id"] == "door-shown"
    assert "zirconio-shown" in client.get(f"/legnano/cerca/?q={WORD}").text


def test_counts_and_totals_tell_nothing_of_what_is_hidden(site: Site, stocked: dict[str, UUID]) -> None:
    found = body(site.client(), f"/api/v1/legnano/public_info/search?q={WORD}&exact=true")
    assert (found["total"], texts(found["items"])) == (1, ["door-shown"])
    assert {row["value"]: row["count"] for row in found["facets"]["type"]} == {"service": 1}
    assert {row["value"]: row["count"] for row in found["facets"]["topic"]} == {"job_search": 1}


def test_the_lists_of_the_api_hold_only_what_is_public(site: Site, stocked: dict[str, UUID]) -> None:
    listed = body(site.client(), "/api/v1/legnano/records/service?page_size=100")
    assert {ref for ref in texts(listed["items"]) if ref.startswith("door-")} == {"door-shown"}


def test_an_item_appears_and_goes_with_its_validity_though_nothing_is_written(
    site: Site, stocked: dict[str, UUID]
) -> None:
    client, path = site.client(), "/legnano/servizi/scheda-zirconio-future/"
    search = f"/api/v1/legnano/public_info/search?q={WORD}"
    with clock.at(clock.now() + 2 * DAY):
        assert client.get(path).status_code == 200
        assert "door-future" in texts(client.get(search).get_json()["items"])
    assert client.get(path).status_code == 404


def test_an_editor_sees_all_states_in_the_own_district(site: Site, stocked: dict[str, UUID]) -> None:
    client = site.client(EDITOR)
    for id_ in stocked.values():
        assert client.get(f"/legnano/schede/service/{id_}/").status_code == 200


def test_the_public_pages_show_an_editor_no_more_than_a_visitor(site: Site, stocked: dict[str, UUID]) -> None:
    client = site.client(EDITOR)
    assert f"zirconio-{next(iter(HIDDEN))}" not in client.get(f"/legnano/cerca/?q={WORD}").text
    assert texts(body(client, f"/api/v1/legnano/public_info/search?q={WORD}")["items"]) == ["door-shown"]


def test_an_editor_of_another_district_is_nobody_here(site: Site, stocked: dict[str, UUID]) -> None:
    client = site.client(NEIGHBOUR)
    word = token_of(client.get("/san-donato/schede/service/nuova").text)
    base, form = "/legnano/schede/service", {"csrf_token": word, "transition": "publish", "f_title__it": "Mia"}
    for path in (f"{base}/", f"{base}/nuova", f"{base}/{stocked['draft']}/", f"{base}/{stocked['draft']}/modifica"):
        assert client.get(path).status_code == 403
    for path in (f"{base}/nuova", f"{base}/{stocked['draft']}/modifica", f"{base}/{stocked['draft']}/passaggio"):
        answer = client.post(path, data=form)
        assert answer.status_code == 403
        assert "chiedi l’accesso" in answer.text or "con questo account non puoi scrivere" in answer.text
    assert client.get("/api/v1/legnano/records/service/door-draft").status_code == 404


def test_a_record_of_another_district_is_not_found_even_by_its_number(site: Site, stocked: dict[str, UUID]) -> None:
    client = site.client(NEIGHBOUR)
    for id_ in stocked.values():
        assert client.get(f"/san-donato/schede/service/{id_}/").status_code == 404
    assert client.get("/api/v1/san-donato/records/service/door-shown").status_code == 404


@pytest.mark.parametrize("role", ["district-admin.legnano@prova.example", "portale@prova.example"])
def test_who_administers_does_not_write_pages(site: Site, stocked: dict[str, UUID], role: str) -> None:
    client = site.client(role)
    for path in (f"/legnano/schede/service/{stocked['shown']}/modifica", "/legnano/schede/service/nuova"):
        assert client.get(path).status_code == 403


def pordenone_draft(site: Site) -> tuple[FlaskClient, str]:
    """A draft that the editor of one area wrote, and that editor's browser."""
    client = site.client(email_of("ambito-editor", "pordenone"))
    page = client.get("/pordenone/schede/service/nuova").text
    typed = {"f_title__it": f"Scheda {WORD} di Ambito"}
    made = client.post("/pordenone/schede/service/nuova", data={"csrf_token": token_of(page), **typed})
    assert made.status_code == 303
    return client, made.headers["Location"]


def test_who_may_not_publish_is_told_so_and_cannot(site: Site) -> None:
    client, path = pordenone_draft(site)
    page = client.get(path).text
    assert "Non hai il permesso per questo passaggio" in page
    form = {"csrf_token": token_of(page), "transition": "publish", "version": "1"}
    refused = client.post(f"{path}passaggio", data=form)
    assert refused.status_code == 403
    assert "chiedi l’accesso" in refused.text
    assert client.get("/pordenone/servizi/scheda-zirconio-di-ambito/").status_code == 404


def test_who_may_only_write_own_pages_finds_no_others(site: Site) -> None:
    client, _path = pordenone_draft(site)
    editor = site.client(email_of("editor", "pordenone"))
    page = editor.get("/pordenone/schede/service/nuova").text
    form = {"csrf_token": token_of(page), "f_title__it": f"Scheda {WORD} di tutti"}
    other = editor.post("/pordenone/schede/service/nuova", data=form).headers["Location"]
    assert client.get(other).status_code == 404
    assert client.get(f"{other}modifica").status_code == 404
    assert "di tutti" not in client.get("/pordenone/schede/service/").text


def test_publishing_what_is_not_complete_says_what_is_missing(site: Site) -> None:
    _client, path = pordenone_draft(site)
    editor = site.client(email_of("editor", "pordenone"))
    form = {"csrf_token": token_of(editor.get(path).text), "transition": "publish", "version": "1"}
    refused = editor.post(f"{path}passaggio", data=form)
    assert refused.status_code == 409
    assert "Per pubblicare mancano ancora:" in refused.text
    assert editor.get("/pordenone/servizi/scheda-zirconio-di-ambito/").status_code == 404


def test_a_step_that_does_not_exist_or_does_not_start_here_is_refused(site: Site, stocked: dict[str, UUID]) -> None:
    client, base = site.client(EDITOR), "/legnano/schede/service"
    word = token_of(client.get(f"{base}/nuova").text)
    for step, status in (("vola", 404), ("", 404), ("withdraw", 409)):
        form = {"csrf_token": word, "transition": step, "version": "1"}
        assert client.post(f"{base}/{stocked['draft']}/passaggio", data=form).status_code == status


def test_a_disabled_account_is_out_at_its_next_click(site: Site) -> None:
    client = site.client(EDITOR)
    assert client.get("/legnano/oggi").status_code == 200
    assert command(site.data, "account", "disable", EDITOR).status == 0
    assert client.get("/legnano/oggi").status_code == 302
