"""Reading records, and what search gets of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock
from core.access import Actor
from core.access.actor import Grant
from core.db import Database
from core.errors import AccessDenied
from core.records.models import Record
from core.records.operations import create_record
from core.records.queries import (
    Filter,
    Listing,
    by_ids,
    by_ref,
    history,
    listing,
    published,
    related,
)
from core.records.sources import RecordSource
from tests.core.records.conftest import EDITOR, HERE, SYSTEM, VISITOR, leaflet

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("start", "end", "seen"),
    [
        (None, None, True),
        (NOON, None, True),
        (NOON + SECOND, None, False),
        (None, NOON, False),
        (None, NOON + SECOND, True),
    ],
)
def test_visitors_see_an_item_within_its_validity(
    desk: Database, start: datetime | None, end: datetime | None, seen: bool
) -> None:
    with clock.at(NOON), desk.write(HERE) as session:
        record = create_record(
            session, "leaflet", leaflet(), actor=EDITOR, state="published", valid_from=start, valid_to=end
        )
        assert (published(session, VISITOR, "leaflet", record.slug) is record) is seen
        assert (by_ids(session, VISITOR, [record.id]) == [record]) is seen
        assert by_ref(session, EDITOR, record.ref) is record


def test_drafts_stay_among_editors_and_types_apart(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        draft = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        create_record(session, "leaflet", leaflet("Fuori"), actor=EDITOR, state="published")
        assert published(session, EDITOR, "leaflet", draft.slug) is None
        assert published(session, VISITOR, "memo", "fuori") is None
        assert published(session, Actor.visitor(HERE), "leaflet", "fuori") is None
        with pytest.raises(AccessDenied):
            history(session, VISITOR, draft)


def test_own_records_are_those_one_created(small_desk: Database) -> None:
    writer = Actor(EDITOR.account_id, "Ada", "account", HERE, (Grant("leaflet", "read", scope="own"),))
    with small_desk.write(HERE) as session:
        mine = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        create_record(session, "leaflet", leaflet(), actor=SYSTEM)
        assert listing(session, writer, "leaflet").items == (mine,)


def test_a_list_filters_sorts_and_pages(desk: Database) -> None:
    with desk.write(HERE) as session:
        for number, title in enumerate(["Àncora", "barca", "Casa", "dado"]):
            answers = leaflet(
                title, price=number * 100, day=f"2026-03-0{number + 1}", topics=["work", "home"][: number % 3]
            )
            create_record(session, "leaflet", answers, actor=EDITOR, state="published" if number else None)

        def titles(**wanted: object) -> list[str]:
            page = listing(session, EDITOR, "leaflet", Listing(order="title", **wanted))  # type: ignore[arg-type]
            return [item.answers["title"]["it"] for item in page.items]

        assert titles() == ["Àncora", "barca", "Casa", "dado"]
        assert titles(public=True) == ["barca", "Casa", "dado"]
        assert titles(states=["draft"]) == ["Àncora"]
        assert titles(filters=[Filter("price", least=100, most=200)]) == ["barca", "Casa"]
        assert titles(filters=[Filter("day", most=date(2026, 3, 1))]) == ["Àncora"]
        assert titles(filters=[Filter("topics", equal=["home"])]) == ["Casa"]
        assert titles(filters=[Filter("title", contains="ANC")]) == ["Àncora"]
        assert titles(filters=[Filter("title", contains="%")]) == []
        page = listing(session, EDITOR, "leaflet", Listing(order="-title", page=2, page_size=2))
        assert [item.slug for item in page.items] == ["barca", "ancora"]
        assert not page.has_more
        assert listing(session, EDITOR, "leaflet", Listing(page=10**9)).items == ()


@pytest.mark.parametrize("junk", ["\x00", "a\x00b", "\ud800", "\u202e", "%", "' or 1=1 --", "a" * 10_000])
def test_an_address_made_of_junk_is_nothing(desk: Database, junk: str) -> None:
    with desk.write(HERE) as session:
        create_record(session, "leaflet", leaflet("a"), actor=EDITOR, state="published")
        assert published(session, VISITOR, "leaflet", junk) is None
        assert by_ref(session, EDITOR, junk) is None
        assert not listing(session, EDITOR, "leaflet", Listing(filters=[Filter("title", equal=[junk])])).items
        listing(session, EDITOR, "leaflet", Listing(filters=[Filter("title", contains=junk)]))


def test_related_records_keep_the_order_of_the_answer(small_desk: Database) -> None:
    with small_desk.write(HERE) as session:
        for ref, state in (("a", "published"), ("b", None), ("c", "published")):
            create_record(session, "leaflet", leaflet(ref), actor=EDITOR, ref=ref, state=state)
        first = create_record(session, "leaflet", leaflet(related=["c", "missing", "b", "a"]), actor=EDITOR)
        assert [item.ref for item in related(session, VISITOR, first, "related")] == ["c", "a"]


def test_search_gets_public_records_with_texts_and_facets(desk: Database) -> None:
    texts = {"title": {"it": "Uno", "en": "One"}, "summary": {"it": "Breve", "en": "Short"}}
    answers = leaflet(topics=["work"], municipalities=["Rho"]) | texts
    with clock.at(NOON), desk.write(HERE) as session:
        shown = create_record(
            session, "leaflet", answers, actor=EDITOR, ref="r", state="published",
            valid_from=NOON + timedelta(days=1), valid_to=NOON + timedelta(days=2),
        )  # fmt: skip
        hidden = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        ended = create_record(session, "leaflet", leaflet(), actor=EDITOR, state="published", valid_to=NOON)
        memo = create_record(session, "memo", {"title": "x"}, actor=EDITOR, state="published")
        source = RecordSource()
        (document,) = source.documents(session, [shown.id, hidden.id, ended.id, memo.id])
        assert list(source.all_documents(session)) == [document]
    assert (document.ref, document.type, document.record_id) == ("r", "leaflet", shown.id)
    assert (document.texts["it"].title, document.texts["it"].body) == ("Uno", "Un aiuto.")
    assert (document.texts["en"].title, document.texts["en"].summary, document.texts["en"].body) == ("One", "Short", "")
    assert document.facets == {"type": ("leaflet",), "topic": ("work",), "municipality": ("015182",)}
    assert (document.valid_from, document.valid_to) == (date(2026, 3, 2), date(2026, 3, 4))


def test_a_record_of_another_district_is_nobody_here(desk: Database) -> None:
    with desk.write(HERE) as session:
        record = create_record(session, "leaflet", leaflet(), actor=EDITOR, state="published")
    with desk.read(2) as session:
        system = Actor.system(2, "x")
        assert by_ids(session, system, [record.id]) == []
        assert by_ref(session, system, record.ref) is None
        assert session.get(Record, (2, record.id)) is None
