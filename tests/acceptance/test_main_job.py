"""The main job: somebody types a word, well or badly, in either language, and finds the page."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus

import pytest
from flask.testing import FlaskClient

from core.access import Actor
from core.districts.operations import add_synonyms
from core.search.analyzer import fold
from core.search.suggest import distance
from tests.support.server import REPO, DemoData, Site, portal, texts

SEARCH = "/api/v1/legnano/public_info/search"
CONTENT = REPO / "config" / "models" / "legnano_sisl" / "content"
FIRST = re.compile(r'<h2 class="ix-h3[^>]*><a href="([^"]+)"')
LETTERS = "abcdefghilmnopqrstuvz"
TYPOS = 200


def search(client: FlaskClient, words: str = "", **more: str) -> dict[str, Any]:
    answer = client.get(SEARCH, query_string={"q": words, **more})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.get_json()
    return found


@pytest.mark.parametrize("lang", ["it", "en"])
@pytest.mark.parametrize(
    "words", ["borse lavoro", "borsa lavro", "work grant", "BORSA  LAVORO", "bòrsa lavóro", "work grnat"]
)
def test_every_way_to_say_it_leads_to_borsa_lavoro_first(visitor: FlaskClient, lang: str, words: str) -> None:
    prefix = "" if lang == "it" else "/en"
    page = visitor.get(f"/legnano{prefix}/cerca/?q={quote_plus(words)}").text
    assert FIRST.findall(page)[0] == f"/legnano{prefix}/servizi/borsa-lavoro/"
    assert search(visitor, words, lang=lang)["items"][0]["id"] == "leg-borsa-lavoro"


def test_a_corrected_question_says_so_and_the_words_as_typed_can_be_forced(visitor: FlaskClient) -> None:
    corrected = search(visitor, "borsa lavro")
    assert (corrected["corrected"], corrected["suggestion"]) == (True, "borsa lavoro")
    forced = search(visitor, "lavro", exact="true")
    assert (forced["total"], forced["items"], forced["corrected"]) == (0, [], False)
    page = visitor.get("/legnano/cerca/?q=borsa+lavro").text
    assert "borsa lavoro" in page and "exact=1" in page
    assert "Non abbiamo trovato niente" in visitor.get("/legnano/cerca/?q=lavro&exact=1").text


def test_a_right_question_is_not_corrected(visitor: FlaskClient) -> None:
    found = search(visitor, "borsa lavoro")
    assert found["corrected"] is False


# --- typing errors ---------------------------------------------------------------------------------------------------


def mistyped(word: str, chance: random.Random) -> str:
    """The word with one random error: a letter lost, doubled, swapped, wrong or too many."""
    place = chance.randrange(len(word))
    letter = chance.choice(LETTERS)
    return chance.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[: place - 1] + word[place : place + 1] + word[place - 1 : place] + word[place + 1 :] if place else "",
            word[:place] + letter + word[place + 1 :],
            word[:place] + letter + word[place:],
        )
    )


def vocabulary(site: Site) -> list[str]:
    """The words of the pages, as the index knows them, of five letters or more."""
    engine = site.installation.search.indexer(site.district_id("legnano"))._engine
    words = {fold(word) for read in engine.vocabularies().values() for word, _frequency in read()}
    return sorted(word for word in words if len(word) >= 5 and word.isalpha())


def typos(words: list[str], chance: random.Random) -> Iterable[tuple[str, str]]:
    """A word and what was typed instead, which is no other word of the pages."""
    known = set(words)
    while True:
        word = chance.choice(words)
        typed = mistyped(word, chance)
        if typed and typed not in known:
            yield word, typed


def is_found(client: FlaskClient, words: list[str], word: str, typed: str) -> bool:
    """Whether the mistyped question leads to the pages of the word, or offers the word.

    Where several words are one error away nobody can know which was meant: any of them will do.
    """
    found = search(client, typed)
    offered = fold(found["suggestion"] or "")
    if offered == word or len(near := [other for other in words if distance(typed, other, 1) <= 1]) > 1:
        return offered == word or offered in near
    return bool(set(texts(search(client, word)["items"])[:3]) & set(texts(found["items"])))


def test_two_hundred_random_words_with_one_random_error_are_found(shared: Site, visitor: FlaskClient) -> None:
    chance, words = random.Random(20260101), vocabulary(shared)
    pairs = [pair for pair, _ in zip(typos(words, chance), range(TYPOS), strict=False)]
    lost = [(word, typed) for word, typed in pairs if not is_found(visitor, words, word, typed)]
    assert len(pairs) == TYPOS
    assert lost == []


# --- synonyms --------------------------------------------------------------------------------------------------------


def add_synonym(site: Site) -> None:
    number = site.district_id("legnano")
    with site.installation.database.write(number) as session:
        add_synonyms(session, ["paghetta", "borsa lavoro"], actor=Actor.system(number, "prova"))


def test_a_synonym_added_meanwhile_is_found_at_the_next_request(site: Site) -> None:
    client = site.client()
    assert search(client, "paghetta")["total"] == 0
    add_synonym(site)
    first = search(client, "paghetta")["items"][0]
    assert (first["id"], first["matched_by"]) == ("leg-borsa-lavoro", ["borsa lavoro"])
    assert client.get("/api/v1/san-donato/public_info/search?q=paghetta").get_json()["total"] == 0


@pytest.mark.slow
def test_a_synonym_added_by_another_process_is_found_while_the_server_runs(site: Site, demo: DemoData) -> None:
    with portal(demo) as server:
        assert server.get(f"{SEARCH}?q=paghetta").json()["total"] == 0
        add_synonym(site)
        assert server.get(f"{SEARCH}?q=paghetta").json()["items"][0]["id"] == "leg-borsa-lavoro"
        assert "/legnano/servizi/borsa-lavoro/" in server.get("/legnano/cerca/?q=paghetta").text


# --- facets ----------------------------------------------------------------------------------------------------------

#: Facet → where a line of the content files has its values.
PLACES = {"type": "type", "topic": "topics", "audience": "audiences", "municipality": "municipalities"}
CHOICES: list[dict[str, str]] = [
    {},
    {"topic": "work_grants"},
    {"audience": "disability"},
    {"type": "service", "audience": "young"},
    {"type": "regulation"},
    {"topic": "work_grants", "audience": "mental_health", "municipality": "015118"},
]


def lines() -> list[Mapping[str, Any]]:
    """The published items, read by hand from the files that the demonstration was made of."""
    files = sorted(CONTENT.glob("*.jsonl"))
    every = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    return [line for line in every if line["state"] == "published"]


def values(line: Mapping[str, Any], facet: str) -> list[str]:
    value = line.get(PLACES[facet]) or []
    return [value] if isinstance(value, str) else list(value)


def counted(facet: str, chosen: Mapping[str, str]) -> dict[str, int]:
    """How many items each value of a facet would show: choices in other facets apply, those in its own do not."""
    others = {name: value for name, value in chosen.items() if name != facet}
    left = [line for line in lines() if all(value in values(line, name) for name, value in others.items())]
    return dict(Counter(value for line in left for value in values(line, facet)))


@pytest.mark.parametrize("chosen", CHOICES, ids=lambda chosen: "+".join(chosen) or "nothing")
def test_facet_counts_are_those_of_the_files_counted_by_hand(visitor: FlaskClient, chosen: dict[str, str]) -> None:
    found = search(visitor, **chosen, page_size="100")
    shown = [line["id"] for line in lines() if all(value in values(line, name) for name, value in chosen.items())]
    assert sorted(texts(found["items"])) == sorted(shown)
    assert found["total"] == len(shown)
    for facet in PLACES:
        rows = found["facets"][facet]
        assert {row["value"]: row["count"] for row in rows} == counted(facet, chosen), facet


def test_choosing_a_value_shows_as_many_as_its_count_said(visitor: FlaskClient) -> None:
    for facet, rows in search(visitor, "lavoro")["facets"].items():
        for row in rows[:5]:
            assert search(visitor, "lavoro", **{facet: row["value"]})["total"] == row["count"], (facet, row)


def test_several_values_of_one_facet_are_alternatives(visitor: FlaskClient) -> None:
    each = [search(visitor, type=kind)["total"] for kind in ("service", "course")]
    both = visitor.get(f"{SEARCH}?type=service&type=course").get_json()["total"]
    assert both == sum(each)


def test_pages_of_hits_hold_each_hit_once(visitor: FlaskClient) -> None:
    total = search(visitor, "lavoro")["total"]
    pages = [search(visitor, "lavoro", page=str(n), page_size="3")["items"] for n in range(1, total // 3 + 2)]
    refs = [ref for page in pages for ref in texts(page)]
    assert len(refs) == len(set(refs)) == total
