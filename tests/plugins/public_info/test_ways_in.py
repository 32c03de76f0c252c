"""The ways in on a home page, lists that say what is not running, searches that end nowhere."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from core.records.definitions import record_type
from plugins.public_info.presentation import STATES, marked

CARD = re.compile(r'<h3 class="ix-h3"><a href="[^"]*audience=(\w+)">([^<]+)</a></h3>\s*<p>([^<]+)</p>')


def cards(page: str) -> dict[str, str]:
    return {key: text for key, _title, text in CARD.findall(page)}


def test_the_home_page_offers_a_way_in_for_six_audiences_and_names_the_others(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/").text
    assert len(cards(page)) == 6
    assert 'Oppure: <a href="/legnano/cerca/?audience=young">Giovani</a>' in page


@pytest.mark.parametrize(
    ("district", "audience", "service"),
    [
        ("legnano", "lost_job", "Ho perso il lavoro dopo una malattia"),
        ("legnano", "families", "Colloqui con i familiari"),
        ("pordenone", "disability", "SIL: inserimento al lavoro per persone con disabilità"),
        ("rho-garbagnate", "companies", "Ospitare un tirocinio: per aziende e cooperative"),
    ],
)
def test_a_card_names_the_service_that_says_most_about_it(
    visitor: FlaskClient, district: str, audience: str, service: str
) -> None:
    assert service in cards(visitor.get(f"/{district}/").text)[audience]


def test_an_audience_that_nothing_is_for_is_no_way_in(visitor: FlaskClient) -> None:
    page = visitor.get("/lavoratore-guida/").text
    assert "audience=companies" not in page
    assert "audience=operators" in page


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("type_", ["service", "course"])
def test_every_state_of_an_item_has_a_look(type_: str) -> None:
    question = record_type(type_).form.by_key["availability"]
    assert {option.key for option in question.options} <= set(STATES)


def test_a_list_says_what_is_not_running_and_keeps_silent_of_the_rest(visitor: FlaskClient) -> None:
    assert "Da confermare" in visitor.get("/pordenone/servizi/").text
    assert "Servizio attivo" not in visitor.get("/legnano/servizi/").text


def test_a_search_without_hits_offers_the_topics_that_have_pages(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/cerca/?q=zzyzx").text
    assert "Oppure sfoglia gli argomenti" in page
    assert "Oppure sfoglia gli argomenti" not in visitor.get("/legnano/cerca/?q=lavoro").text


@pytest.mark.parametrize(
    ("pieces", "html"),
    [
        ([("borsa", True), (" ", False), ("lavoro", True)], "<mark>borsa lavoro</mark>"),
        ([("borsa", True), (", ", False), ("lavoro", True)], "<mark>borsa</mark>, <mark>lavoro</mark>"),
        ([("a", True), (" ", False), ("b", True), (" ", False), ("c", True)], "<mark>a b c</mark>"),
        ([("di ", False), ("lavoro", True), (" ", False)], "di <mark>lavoro</mark> "),
        ([("<b>", True), ("&", False)], "<mark>&lt;b&gt;</mark>&amp;"),
        ([], ""),
    ],
)
def test_marks_side_by_side_are_one(pieces: list[tuple[str, bool]], html: str) -> None:
    assert marked(pieces) == html
