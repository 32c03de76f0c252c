"""What every engine promises, whatever it stores its terms in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from core.search import engine as rules
from core.search.analyzer import ITALIAN
from core.search.engine import Clause, EngineQuery, SearchEngine, Term

from .samples import all_words, document, record_id, services

DAY = date(2026, 6, 1)


def ask(text: str, **more: object) -> EngineQuery:
    """A query of the stems of plain Italian words."""
    terms = tuple(Term("stem", "it", ITALIAN.stem(word)) for word in text.split())
    return EngineQuery((Clause(terms),), DAY, **more)  # type: ignore[arg-type]


def refs(engine: SearchEngine, query: EngineQuery) -> list[str]:
    return [hit.ref for hit in engine.search(query).hits]


def test_an_index_that_does_not_exist_holds_nothing_and_wants_to_be_built(engine: SearchEngine) -> None:
    assert engine.search(ask("lavoro")).total == 0
    assert (engine.count(), all_words(engine), engine.generation()) == (0, [], "")
    assert engine.needs_rebuild()


def test_documents_are_found_by_their_terms(engine: SearchEngine) -> None:
    engine.rebuild(services())
    assert refs(engine, ask("tirocinio")) == ["tirocinio"]
    assert engine.count() == 4
    assert engine.needs_rebuild() is None
    assert engine.fingerprint() == rules.fingerprint()


def test_a_title_weighs_more_than_a_body(engine: SearchEngine) -> None:
    engine.apply([document("body", "Altro argomento", "corso"), document("title", "Corso", "altro argomento")])
    assert refs(engine, ask("corso")) == ["title", "body"]


def test_a_replaced_document_is_found_by_its_new_words_only(engine: SearchEngine) -> None:
    engine.rebuild(services())
    engine.apply([document("corso", "Laboratorio di cucina")])
    assert refs(engine, ask("cucina")) == ["corso"]
    assert refs(engine, ask("informatica")) == []
    assert engine.count() == 4


def test_a_removed_document_never_comes_back(engine: SearchEngine) -> None:
    engine.rebuild(document(f"doc{number}", "Corso comune") for number in range(20))
    for number in range(20):
        engine.apply([], [record_id(f"doc{number}")])
        engine.apply([document(f"other{number}", "Altro")])
        assert engine.search(ask("corso")).total == 19 - number


def test_applying_twice_changes_nothing(engine: SearchEngine) -> None:
    engine.apply(services(), [record_id("gone")])
    before = engine.search(ask("lavoro azienda"))
    engine.apply(services(), [record_id("gone")])
    assert [hit.ref for hit in engine.search(ask("lavoro azienda")).hits] == [hit.ref for hit in before.hits]
    assert engine.count() == 4


def test_the_last_of_two_versions_in_one_batch_wins(engine: SearchEngine) -> None:
    engine.apply([document("one", "Prima versione"), document("one", "Seconda stesura")])
    assert (refs(engine, ask("prima")), refs(engine, ask("stesura"))) == ([], ["one"])


def test_every_change_gives_another_generation(engine: SearchEngine) -> None:
    seen = {engine.generation()}
    for number in range(5):
        engine.apply([document(f"doc{number}", "Corso")])
        seen.add(engine.generation())
    assert len(seen) == 6


def test_choosing_a_facet_keeps_the_counts_of_its_siblings(engine: SearchEngine) -> None:
    engine.rebuild(services())
    result = engine.search(EngineQuery(None, DAY, {"topics": ["formazione"]}))
    assert result.total == 2
    assert result.facets["topics"] == {"formazione": 2, "lavoro": 3}
    assert result.facets["audiences"] == {"giovani": 2}


def test_values_of_a_facet_are_alternatives_and_facets_add_up(engine: SearchEngine) -> None:
    engine.rebuild(services())
    both = {"topics": ["formazione", "lavoro"], "audiences": ["giovani"]}
    assert engine.search(EngineQuery(None, DAY, both)).total == 2
    assert engine.search(EngineQuery(None, DAY, {"topics": ["unknown"]})).total == 0
    assert engine.search(EngineQuery(None, DAY, {"unknown": ["x"]})).total == 0


def test_counts_and_total_hold_only_what_may_be_seen(engine: SearchEngine) -> None:
    engine.rebuild(services())
    result = engine.search(ask("azienda"), lambda found: {ref for ref in found if ref == "tirocinio"})
    assert [hit.ref for hit in result.hits] == ["tirocinio"]
    assert (result.total, result.facets["audiences"]) == (1, {"giovani": 1})


def test_a_document_is_found_on_the_days_of_its_validity(engine: SearchEngine) -> None:
    engine.rebuild([document("bando", "Bando", valid_from=date(2026, 6, 2), valid_to=date(2026, 6, 4))])
    days = [engine.search(EngineQuery(None, date(2026, 6, day))).total for day in (1, 2, 3, 4)]
    assert days == [0, 1, 1, 0]


def test_without_words_the_newest_comes_first(engine: SearchEngine) -> None:
    engine.apply(
        [document(f"of{year}", "Corso", updated=datetime(year, 1, 1, tzinfo=UTC)) for year in (2024, 2026, 2025)]
    )
    assert refs(engine, EngineQuery(None, DAY)) == ["of2026", "of2025", "of2024"]


@pytest.mark.parametrize(("offset", "found"), [(0, 10), (20, 5), (10**10, 0)])
def test_a_page_beyond_the_end_is_empty_and_the_total_stays(engine: SearchEngine, offset: int, found: int) -> None:
    engine.rebuild(document(f"doc{number}", "Corso") for number in range(25))
    result = engine.search(ask("corso", offset=offset))
    assert (len(result.hits), result.total) == (found, 25)


def test_a_phrase_counts_only_where_it_stands_as_a_whole(engine: SearchEngine) -> None:
    engine.apply([document("whole", "inserimento lavorativo"), document("apart", "lavorativo e poi inserimento")])
    stems = [ITALIAN.stem(word) for word in ("inserimento", "lavorativo")]
    phrase = Clause(tuple(Term("stem", "it", stem) for stem in stems), (Term("pair", "it", " ".join(stems)),), "sil")
    result = engine.search(EngineQuery((phrase,), DAY))
    assert [(hit.ref, hit.matched_by) for hit in result.hits] == [("whole", ("sil",))]


def test_words_and_frequencies_come_from_the_documents(engine: SearchEngine) -> None:
    engine.rebuild(services())
    words = dict(all_words(engine))
    assert words["azienda"] == 2
    assert words["disabilità"] == words["disabilita"] == 1
    assert engine.frequency("exact", "en", "grant") == 1
    assert engine.frequency("exact", "it", "grant") == 0


def test_an_index_of_other_rules_wants_to_be_built_anew(engine: SearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.rebuild(services())
    monkeypatch.setattr("core.search.analyzer.fingerprint", lambda: "newer")
    assert "other rules" in (engine.needs_rebuild() or "")
    engine.rebuild(services())
    assert engine.needs_rebuild() is None


def test_a_failed_batch_leaves_the_index_as_it_was(engine: SearchEngine) -> None:
    engine.rebuild(services())
    broken = document("broken", "Corso", facets={"topics": (None,)})
    object.__setattr__(broken, "texts", {"it": None})
    with pytest.raises(AttributeError):
        engine.apply([broken], [record_id("sil")])
    assert engine.count() == 4
    engine.apply([document("next", "Dopo")])
    assert engine.count() == 5
