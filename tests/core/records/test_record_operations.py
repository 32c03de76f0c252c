"""Writing records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core.access import Actor
from core.access.actor import Grant
from core.db import Database
from core.errors import AccessDenied, Conflict, Invalid, NotFound, Refused
from core.records import operations
from core.records.models import Record, RecordValue
from core.records.operations import (
    change_record,
    change_slug,
    create_record,
    fire,
    transitions_of,
)
from core.records.queries import Redirect, history, published
from core.search.outbox import SearchChange
from tests.core.records.conftest import EDITOR, HERE, SYSTEM, VISITOR, leaflet

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_new_record_starts_as_a_draft_with_values_history_and_search(desk: Database) -> None:
    with desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(topics=["work"], price=26000), actor=EDITOR)
        assert (record.state, record.public, record.slug, record.version) == ("draft", False, "borsa-lavoro", 1)
        assert record.ref == str(record.id)
        assert [line.text for line in history(session, EDITOR, record)] == ["Ada ha creato la scheda"]
    with desk.read(HERE) as session:
        rows = session.scalars(select(RecordValue).where(RecordValue.district_id == HERE)).all()
        assert {(row.key, row.text, row.number) for row in rows} == {
            ("title", "borsa lavoro", None),
            ("topics", "work", None),
            ("price", None, 26000.0),
        }
        assert session.scalars(select(SearchChange.record_id)).all() == [record.id]


def test_publishing_without_its_blocks_is_refused_and_names_each(desk: Database) -> None:
    with desk.write(HERE) as session:
        record = create_record(session, "leaflet", {"title": "Solo un titolo"}, actor=EDITOR)
        with pytest.raises(Refused, match="Testo, Fasi"):
            fire(session, record, "publish", actor=EDITOR)
        assert transitions_of(session, record, actor=EDITOR)[0][1] == "Per pubblicare mancano ancora: Testo, Fasi"
        change_record(session, record, leaflet(), actor=EDITOR, version=record.version)
        assert fire(session, record, "publish", actor=EDITOR).public


def test_creating_in_a_public_state_needs_the_blocks_and_the_right(small_desk: Database) -> None:
    writer = Actor(None, "", "account", HERE, (Grant("leaflet", "create"),))
    with small_desk.write(HERE) as session:
        with pytest.raises(Refused):
            create_record(session, "leaflet", {"title": "x"}, actor=EDITOR, state="published")
        with pytest.raises(AccessDenied):
            create_record(session, "leaflet", leaflet(), actor=writer, state="published")
        with pytest.raises(Invalid):
            create_record(session, "leaflet", leaflet(), actor=EDITOR, state="boh")
        assert create_record(session, "leaflet", leaflet(), actor=EDITOR, state="published").published_at


def test_a_step_needs_its_own_right_and_its_own_state(small_desk: Database) -> None:
    writer = Actor(EDITOR.account_id, "Bea", "account", HERE, (Grant("*", "read"), Grant("*", "change")))
    with small_desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        with pytest.raises(AccessDenied):
            fire(session, record, "publish", actor=writer)
        with pytest.raises(Refused, match="Bozza"):
            fire(session, record, "withdraw", actor=EDITOR)
        with pytest.raises(NotFound):
            fire(session, record, "fly", actor=EDITOR)
        with pytest.raises(AccessDenied):
            create_record(session, "leaflet", leaflet(), actor=VISITOR)


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(desk: Database) -> None:
    with desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR)
    with desk.write(HERE) as session:
        mine = session.scalars(select(Record)).one()
        seen = mine.version
        change_record(session, mine, leaflet("Prima"), actor=EDITOR, version=seen)
        with pytest.raises(Conflict):
            change_record(session, mine, leaflet("Seconda"), actor=EDITOR, version=seen)
    with desk.read(HERE) as session:
        assert session.scalars(select(Record)).one().answers["title"] == {"it": "Prima"}
    assert record.version == seen


def test_a_partial_change_keeps_the_rest_and_none_empties(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(price=100, day="2026-03-31"), actor=EDITOR)
        change_record(session, record, {"price": None, "topics": ["home"]}, actor=EDITOR, version=1, partial=True)
        assert "price" not in record.answers
        assert record.answers["day"] == "2026-03-31"
        keys = session.scalars(select(RecordValue.key).where(RecordValue.district_id == HERE)).all()
        assert sorted(keys) == ["day", "title", "topics"]
        assert history(session, EDITOR, record)[0].fields == ("Prezzo", "Argomenti")


def test_a_public_record_may_not_lose_a_block(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR, state="published")
        with pytest.raises(Refused, match="Fasi"):
            change_record(session, record, {"phases": []}, actor=EDITOR, version=1, partial=True)
        assert record.answers["phases"]


@pytest.mark.parametrize("end", [NOON, NOON - timedelta(seconds=1)])
def test_an_end_that_is_not_after_the_beginning_is_refused(small_desk: Database, end: datetime) -> None:
    with small_desk.write(HERE) as session:
        with pytest.raises(Invalid, match="fine"):
            create_record(session, "leaflet", leaflet(), actor=EDITOR, valid_from=NOON, valid_to=end)
        after = NOON + timedelta(seconds=1)
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR, valid_from=NOON, valid_to=after)
        with pytest.raises(Invalid):
            change_record(session, record, leaflet(), actor=EDITOR, version=1, valid_to=end)


def test_a_ref_is_unique_and_bounded(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        create_record(session, "leaflet", leaflet(), actor=EDITOR, ref="a" * 100)
        with pytest.raises(Conflict):
            create_record(session, "memo", {"title": "x"}, actor=EDITOR, ref="a" * 100)
        for ref in ("", "a" * 101, "a\x00"):
            with pytest.raises(Invalid):
                create_record(session, "leaflet", leaflet(), actor=EDITOR, ref=ref)


def test_a_retitled_record_keeps_its_address_unless_asked(desk: Database) -> None:
    with desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR, state="published")
        change_record(session, record, leaflet("Città è"), actor=EDITOR, version=1)
        assert record.slug == "borsa-lavoro"
        change_slug(session, record, actor=EDITOR)
        assert record.slug == "citta-e"
        again = create_record(session, "leaflet", leaflet(), actor=EDITOR, state="published")
        assert again.slug == "borsa-lavoro-2"
    with desk.read(HERE) as session:
        assert published(session, VISITOR, "leaflet", "borsa-lavoro") == Redirect("citta-e")
        found = published(session, VISITOR, "leaflet", "citta-e")
        assert isinstance(found, Record)


def test_a_new_address_from_the_same_title_changes_nothing(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        create_record(session, "leaflet", leaflet(), actor=EDITOR)
        second = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        change_slug(session, second, actor=EDITOR)
        assert (second.slug, second.version) == ("borsa-lavoro-2", 1)


def test_saving_what_is_there_already_writes_nothing(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        change_record(session, record, leaflet(), actor=EDITOR, version=1)
        assert record.version == 1
        assert len(history(session, EDITOR, record)) == 1


def test_an_address_taken_in_the_meantime_gives_way_to_the_next(
    desk: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slugs = iter(["borsa-lavoro", "borsa-lavoro", "borsa-lavoro-2"])
    monkeypatch.setattr(operations, "free_slug", lambda *_facts: next(slugs))
    with desk.write(HERE) as session:
        create_record(session, "leaflet", leaflet(), actor=EDITOR)
        second = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        assert second.slug == "borsa-lavoro-2"
        assert len(session.scalars(select(Record)).all()) == 2


def test_an_unknown_word_or_municipality_is_named(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        with pytest.raises(Invalid, match="«luna» non è un Comune"):
            create_record(session, "leaflet", leaflet(municipalities=["luna"], topics=["sport"]), actor=SYSTEM)
        record = create_record(session, "leaflet", leaflet(municipalities=["rho", "015009"]), actor=SYSTEM)
        assert record.answers["municipalities"] == ["015182", "015009"]
