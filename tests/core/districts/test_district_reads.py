"""What the portal and the pages of a district ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.db import Database
from core.districts import queries, snapshots, synonyms, vocabularies
from core.districts.info import DistrictCard, OpeningHours
from core.districts.models import District
from core.districts.text import folded
from tests.core.districts.samples import MODEL, VOCABULARIES, changed, found


@pytest.fixture
def cards(sqlite_database: Database, models: Path) -> tuple[DistrictCard, ...]:
    found(sqlite_database, models)
    return snapshots.directory(sqlite_database)


@pytest.mark.parametrize("text", ["Legnano", "leg", " LEGNANO ", "lègna"])
def test_a_municipality_is_found_by_the_beginning_of_its_name(cards: tuple[DistrictCard, ...], text: str) -> None:
    hits = queries.find_places(cards, text)
    assert [(hit.name, hit.istat, hit.district.slug) for hit in hits] == [("Legnano", "015118", "valle")]


def test_a_later_word_of_a_name_counts_and_its_middle_does_not(cards: tuple[DistrictCard, ...]) -> None:
    assert [hit.name for hit in queries.find_places(cards, "dugn")] == ["Paderno Dugnano"]
    for text in ("egnano", "", "  ", "%", "\x00", "x" * 10_000):
        assert queries.find_places(cards, text) == ()


def test_the_beginning_of_a_name_comes_before_a_later_word(cards: tuple[DistrictCard, ...]) -> None:
    card = cards[0]
    places = {"015001": "Borgo Nuovo", "015002": "Nuovo Borgo", "015003": "Nuova Milano"}
    other = DistrictCard(9, card.uuid, "x", "", card.name, {}, {}, ("it",), "m", demo=False, places=places)
    assert [hit.name for hit in queries.find_places([other], "nuov")] == ["Nuova Milano", "Nuovo Borgo", "Borgo Nuovo"]
    assert len(queries.find_places([other], "nuov", limit=2)) == 2


@pytest.mark.parametrize(
    ("text", "plain"), [("Sant'Agàta", "sant agata"), ("L’Aquila", "l aquila"), ("  San  Donà ", "san dona")]
)
def test_names_are_compared_without_accents_and_signs(text: str, plain: str) -> None:
    assert folded(text) == plain


def test_the_home_page_finds_facts_contacts_hours_and_bodies(any_database: Database, valle: District) -> None:
    snapshot = snapshots.get(any_database, "valle")
    assert snapshot
    assert snapshot.facts[0].value == {"it": "2 Comuni"}
    assert snapshot.contacts.phone == "0331 000000"
    assert snapshot.contacts.hours == (OpeningHours(("mon", "tue"), "09:00", "12:30"),)
    assert [(body.key, body.confirmed) for body in snapshot.organisations] == [("ente", True)]
    assert [(area.key, area.confirmed) for area in snapshot.subareas] == [("est", False)]
    assert snapshot.municipalities["015118"].lead
    with any_database.read(valle.id) as session:
        assert [body.key for body in queries.organisations(session, role="lead_body")] == ["ente"]
        assert queries.organisations(session, role="host") == ()


def test_a_district_without_contacts_has_empty_ones(sqlite_database: Database, models: Path) -> None:
    model = MODEL[: MODEL.index("[contacts]")] + MODEL[MODEL.index("[[subareas]]") :]
    found(sqlite_database, models, model=model)
    snapshot = snapshots.get(sqlite_database, "valle")
    assert snapshot
    assert snapshot.contacts.hours == ()


def test_terms_are_found_by_any_of_their_names(any_database: Database, valle: District) -> None:
    with any_database.read(valle.id) as session:
        topics = vocabularies.terms(session, "topics")
        assert vocabularies.terms(session, "colours") == {}
        assert vocabularies.vocabularies(session) == {"topics": {"it": "Argomenti", "en": "Topics"}}
    assert list(topics) == ["work", "grants"]
    for name in ("work", "Lavoro", "OCCUPAZIONE", "Work"):
        term = vocabularies.find(topics, name)
        assert term
        assert term.key == "work"
    assert vocabularies.find(topics, "gioco") is None
    assert vocabularies.label_of(topics, "grants", "en") == "Work grants"
    assert vocabularies.label_of(topics, "gone", "it") == "gone"
    assert vocabularies.with_descendants(topics, "work") == {"work", "grants"}


def test_synonyms_of_the_model_are_there_for_search(any_database: Database, valle: District) -> None:
    with any_database.read(valle.id) as session:
        assert synonyms.groups(session) == (("SIL", "SISL", "servizio inserimento lavorativo"),)


def test_two_vocabularies_may_share_a_key_of_a_term(sqlite_database: Database, models: Path) -> None:
    second = changed(VOCABULARIES, 'key = "topics"', 'key = "themes"')
    district = found(sqlite_database, models, vocabularies=VOCABULARIES + second)
    with sqlite_database.read(district.id) as session:
        assert list(vocabularies.terms(session, "themes")) == list(vocabularies.terms(session, "topics"))
