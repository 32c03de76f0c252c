"""Protected answers over the API: sealed when they come, masked when they go, written by nobody without the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.access import Actor, Grant, Permission, registry
from core.audit.models import AuditEntry
from core.records.definitions import forget_record_types, load_record_types
from tests.core.api.keys import Program, program
from tests.support.canaries import Canaries
from tests.support.server import Site

DESK = Path(__file__).parents[1] / "privacy" / "desk"
#: A plugin that is on in the demonstration and has no record types of its own.
OWNER = "intake"
GROUPS = ("personal", "special", "penal")
PHONE, ILLNESS, SENTENCE = "3331112222", "diabete canarino", "arresti canarini"
ANSWERS: dict[str, Any] = {"title": {"it": "Fascicolo"}, "phone": PHONE, "illness": ILLNESS, "sentence": SENTENCE}
Become = Callable[[dict[str, str], dict[str, str]], Program]


@pytest.fixture
def become(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Become]:
    """A program of somebody with these field rights for reading and for changing dossiers."""
    load_record_types(OWNER, DESK)
    registry.register_permissions(
        Permission("dossier", action, field_groups=GROUPS) for action in ("read", "create", "change")
    )
    sender = program(site, "editor")

    def rights(read: dict[str, str], change: dict[str, str]) -> Program:
        grants = (
            Grant("dossier", "create"),
            Grant("dossier", "read", field_groups={"plain": "read", **read}),  # type: ignore[dict-item]
            Grant("dossier", "change", field_groups={"plain": "write", **change}),  # type: ignore[dict-item]
        )
        actor = Actor(uuid4(), "Carla Prova", "account", site.district_id("legnano"), grants)
        monkeypatch.setattr("core.web.context.load_actor", lambda *_facts, **_more: actor)
        return sender

    yield rights
    forget_record_types(OWNER)


EVERYTHING = dict.fromkeys(GROUPS, "write")
SEEN = dict.fromkeys(GROUPS, "read")


def created(become: Become) -> str:
    answer = become(SEEN, EVERYTHING).ask("POST", "records/dossier", {"answers": ANSWERS, "id": "D1"})
    assert answer.status_code == 201, answer.text
    return answer.text


def test_what_is_delicate_comes_in_and_never_goes_out(site: Site, become: Become) -> None:
    text = created(become)
    assert PHONE in text and ILLNESS not in text and SENTENCE not in text
    shown = become(SEEN, EVERYTHING).ask("GET", "records/dossier/D1").get_json()
    assert shown["answers"] == {"title": {"it": "Fascicolo"}, "phone": PHONE}
    assert shown["masked"] == ["family", "illness", "sentence"]
    with site.installation.database.read(site.district_id("legnano")) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.resource == "dossier").order_by(AuditEntry.id))
        noted = [(entry.kind, entry.part, entry.fields) for entry in entries]
    assert noted == [
        ("change", "", ["illness", "phone", "sentence"]),
        ("view", "api", ["phone"]),
        ("view", "api", ["phone"]),
    ]
    assert not Canaries(PHONE, ILLNESS, SENTENCE).in_tables(site.installation.database)
    assert not Canaries(ILLNESS, SENTENCE).in_folder(site.data.folder)


def test_dots_name_what_is_behind_them_and_what_is_hidden_is_not_named(become: Become) -> None:
    created(become)
    covered = become({"personal": "mask", "special": "none"}, {}).ask("GET", "records/dossier/D1")
    assert covered.get_json()["masked"] == ["phone"]
    assert "illness" not in covered.text and "sentence" not in covered.text
    listed = become({}, {}).ask("GET", "records/dossier?public=false").get_json()["items"]
    assert [(item["answers"], item["masked"]) for item in listed] == [({"title": {"it": "Fascicolo"}}, [])]


@pytest.mark.parametrize("right", ["none", "mask", "read"])
def test_who_may_not_write_an_answer_changes_none_of_the_others_either(become: Become, right: str) -> None:
    created(become)
    body = {"version": 1, "answers": {"title": {"it": "Altro"}, "illness": "sovrascritto"}}
    answer = become({"special": right}, {"special": right}).ask("PATCH", "records/dossier/D1", body)
    assert answer.status_code == 403 and "sovrascritto" not in answer.text
    after = become(SEEN, EVERYTHING).ask("GET", "records/dossier/D1").get_json()
    assert (after["version"], after["answers"]["title"]["it"]) == (1, "Fascicolo")


def test_who_changes_another_answer_leaves_the_delicate_ones_as_they_are(become: Become) -> None:
    created(become)
    body = {"version": 1, "answers": {"title": {"it": "Altro"}}}
    answer = become({}, {}).ask("PATCH", "records/dossier/D1", body)
    assert (answer.status_code, answer.get_json()["masked"]) == (200, [])
    after = become(SEEN, EVERYTHING).ask("GET", "records/dossier/D1").get_json()
    assert after["masked"] == ["family", "illness", "sentence"] and after["answers"]["phone"] == PHONE
