from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

import core.models  # noqa: F401 - all tables
from core import audit, crypto, privacy
from core.access import Actor, Grant, Permission, registry
from core.db import Database
from core.errors import AccessDenied, ConfigError, Conflict, Invalid, NotFound
from core.forms.definition import parse_form
from core.forms.validation import display
from core.records import queries
from core.records.definitions import forget_record_types, form_of, load_record_types
from core.records.exchange import export_lines, import_lines
from core.records.models import Record
from core.records.operations import change_record, create_record
from core.records.sealing import visible_answers
from core.records.sources import RecordSource
from tests.core.privacy.world import HERE
from tests.support.canaries import Canaries

DESK = Path(__file__).parent / "desk"
PHONE, ILLNESS, SENTENCE, INCOME = "3331112222", "diabete canarino", "arresti canarini", 7654321
SECRETS = (PHONE, ILLNESS, SENTENCE, str(INCOME))
GROUPS = ("personal", "special", "penal")
ANSWERS: dict[str, Any] = {
    "title": {"it": "Fascicolo uno"},
    "phone": PHONE,
    "illness": ILLNESS,
    "family": [{"name": "Anna", "income": INCOME}],
    "sentence": SENTENCE,
}


@pytest.fixture(autouse=True)
def desk_types() -> Iterator[None]:
    load_record_types("privacydesk", DESK)
    registry.register_permissions(
        Permission("dossier", action, field_groups=GROUPS) for action in ("read", "create", "change")
    )
    yield
    forget_record_types("privacydesk")


def clerk(read: dict[str, str] | None = None, **write: str) -> Actor:
    """Somebody who works on dossiers: ``clerk(personal="write")`` writes the personal answers."""
    groups: dict[str, Any] = {"plain": "write", **write}
    grants = (
        Grant("dossier", "create"),
        Grant("dossier", "change", field_groups=groups),
        Grant("dossier", "read", field_groups={"plain": "read", **(read or {})}),  # type: ignore[dict-item]
        Grant("dossier", "import"),
    )
    return Actor(uuid4(), "Carla Prova", "account", HERE, grants)


FULL = clerk({"personal": "read", "special": "read", "penal": "read"}, personal="write", special="write", penal="write")


def make(database: Database, actor: Actor = FULL, **answers: Any) -> UUID:
    with database.write(HERE) as session:
        return create_record(session, "dossier", {**ANSWERS, **answers}, actor=actor, ref="D1").id


def leaks(database: Database) -> list[str]:
    """Where a dump of the whole database, or of the search queue, would show a protected answer."""
    birds = Canaries(*SECRETS, "asma canarina")
    return [finding.where for finding in birds.in_tables(database)]


def opened(database: Database, id_: UUID, name: str) -> str:
    with database.write(HERE) as session:
        return privacy.reveal(session, FULL, session.get_one(Record, (HERE, id_)), name, purpose="interview")


def test_protected_answers_are_stored_sealed_one_by_one(place: Database) -> None:
    id_ = make(place)
    assert leaks(place) == []
    with place.read(HERE) as session:
        answers = session.get_one(Record, (HERE, id_)).answers
    assert answers["title"] == {"it": "Fascicolo uno"}
    assert {key for key, answer in answers.items() if set(answer) == {"sealed"}} == {
        "phone",
        "illness",
        "family",
        "sentence",
    }


def test_a_list_with_one_protected_column_is_sealed_whole(place: Database) -> None:
    id_ = make(place)
    assert leaks(place) == []
    assert "Anna" in opened(place, id_, "family")


def test_each_answer_is_opened_with_a_reason_and_a_trace(place: Database) -> None:
    id_ = make(place)
    assert (opened(place, id_, "illness"), opened(place, id_, "sentence")) == (ILLNESS, SENTENCE)
    with place.read(HERE) as session:
        found = audit.entries(session, subject_id=id_, kinds={"reveal"}, limit=5)
    assert [entry.fields for entry in found] == [["sentence"], ["illness"]]
    with place.write(HERE) as session, pytest.raises(NotFound):
        privacy.reveal(session, FULL, session.get_one(Record, (HERE, id_)), "title", purpose="interview")


@pytest.mark.parametrize(
    ("read", "answers", "masked"),
    [
        ({}, {"title"}, ()),
        ({"personal": "mask", "special": "mask"}, {"title"}, ("family", "illness", "phone")),
        ({"personal": "read", "special": "read"}, {"title", "phone"}, ("family", "illness")),
        ({"penal": "read"}, {"title"}, ("sentence",)),
    ],
)
def test_what_leaves_the_house_follows_the_right(
    place: Database, read: dict[str, Any], answers: set[str], masked: tuple[str, ...]
) -> None:
    id_ = make(place)
    reader = Actor(uuid4(), "L", "account", HERE, (Grant("dossier", "read", field_groups={"plain": "read", **read}),))
    with place.read(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        visible = visible_answers(session, reader, record)
        lines = "".join(export_lines(session, actor=reader))
    assert set(visible.answers) == answers
    assert visible.masked == masked
    assert visible.answers.get("phone", PHONE) == PHONE
    assert not [secret for secret in SECRETS if secret in lines]


def test_changing_another_answer_leaves_the_sealed_bytes_alone(place: Database) -> None:
    id_ = make(place)
    with place.write(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        before = dict(record.answers)
        change_record(session, record, {"title": {"it": "Due"}}, actor=clerk(), version=record.version)
        assert {key: record.answers[key] for key in before if key != "title"} == {
            key: answer for key, answer in before.items() if key != "title"
        }
        (last, *_older) = queries.history(session, FULL, record)
        assert last.fields == ("Titolo",)


def test_an_answer_given_again_with_the_same_words_is_no_change(place: Database) -> None:
    id_ = make(place)
    with place.write(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        version = record.version
        change_record(session, record, ANSWERS, actor=FULL, version=version)
        assert record.version == version


def test_a_new_answer_is_sealed_and_named_in_the_audit_without_its_words(place: Database) -> None:
    id_ = make(place)
    with place.write(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        change = {"illness": "asma canarina"}
        change_record(session, record, change, actor=FULL, version=record.version, partial=True)
    assert opened(place, id_, "illness") == "asma canarina"
    assert leaks(place) == []
    with place.read(HERE) as session:
        found = audit.entries(session, subject_id=id_, kinds={"change"}, limit=5)
    assert found[0].fields == ["illness"]


def test_none_empties_an_optional_answer_and_is_refused_for_a_required_one(place: Database) -> None:
    id_ = make(place)
    with place.write(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        change_record(session, record, {"sentence": None}, actor=FULL, version=record.version, partial=True)
        assert "sentence" not in record.answers
        with pytest.raises(Invalid):
            change_record(session, record, {"illness": None}, actor=FULL, version=record.version, partial=True)
        session.rollback()


@pytest.mark.parametrize("right", ["none", "mask", "read"])
def test_who_may_not_write_a_class_changes_nothing_of_it(place: Database, right: str) -> None:
    id_ = make(place)
    actor = clerk(special=right)
    for partial in (True, False):
        with place.write(HERE) as session:
            record = session.get_one(Record, (HERE, id_))
            change = {"title": {"it": "Due"}, "illness": "altro"}
            with pytest.raises(AccessDenied):
                change_record(session, record, change, actor=actor, version=record.version, partial=partial)
            session.rollback()
    with pytest.raises(AccessDenied):
        make(place, actor)


def test_a_stale_version_is_a_conflict_for_sealed_answers_too(place: Database) -> None:
    id_ = make(place)
    with place.write(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        with pytest.raises(Conflict):
            change_record(session, record, {"illness": "x"}, actor=FULL, version=record.version - 1, partial=True)
        session.rollback()


def test_an_export_brought_in_again_keeps_the_protected_answers(place: Database) -> None:
    id_ = make(place)
    with place.read(HERE) as session:
        (line,) = list(export_lines(session, actor=FULL, type_="dossier"))
    with place.write(HERE) as session:
        assert import_lines(session, [line], actor=FULL).unchanged == 1
        data = json.loads(line)
        report = import_lines(session, [json.dumps({**data, "title": {"it": "Nuovo"}})], actor=FULL)
        assert (report.updated, report.errors) == (1, [])
    assert opened(place, id_, "illness") == ILLNESS


def test_an_import_seals_what_it_brings_in(place: Database) -> None:
    fields = {"illness": ILLNESS, "phone": PHONE, "sentence": SENTENCE}
    line = json.dumps({"id": "D1", "type": "dossier", "title": {"it": "Uno"}, "fields": fields})
    with place.write(HERE) as session:
        assert import_lines(session, [line], actor=FULL).created == 1
    assert leaks(place) == []
    with place.write(HERE) as session:
        changed = json.dumps({"id": "D1", "type": "dossier", "title": {"it": "Uno"}, "fields": {"phone": "1"}})
        report = import_lines(session, [changed], actor=clerk(personal="read"))
        assert report.updated == 0
        assert "phone" in report.errors[0].message


def test_search_knows_nothing_of_protected_answers(place: Database) -> None:
    make(place)
    with place.read(HERE) as session:
        assert not [
            secret
            for secret in SECRETS
            for document in RecordSource().all_documents(session)
            if secret in repr(document)
        ]


def test_what_prints_a_sealed_answer_prints_dots(place: Database) -> None:
    id_ = make(place)
    with place.read(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        assert display(form_of(session, record), "illness", record.answers) == "••••••"


def test_without_its_key_the_record_still_opens_and_changes(place: Database) -> None:
    id_ = make(place)
    with place.write(HERE) as session:
        crypto.destroy_key(session, id_, reason="cancellazione")
    with place.write(HERE) as session:
        record = session.get_one(Record, (HERE, id_))
        assert set(visible_answers(session, FULL, record).answers) == {"title"}
        change_record(session, record, {"title": {"it": "Due"}}, actor=FULL, version=record.version)
        assert record.answers["title"] == {"it": "Due"}


@pytest.mark.parametrize("flag", ['search = "body"', "filterable = true", 'facet = "x"'])
def test_a_list_with_a_protected_column_may_not_be_searched(flag: str) -> None:
    data = tomllib.loads((DESK / "forms" / "dossier.toml").read_text(encoding="utf-8"))
    key, value = flag.split(" = ")
    data["fields"][1][key] = json.loads(value)
    with pytest.raises(ConfigError, match="plain answers"):
        parse_form(data)
