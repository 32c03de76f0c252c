"""The portal's first page, the districts' own pages and the first page of the staff, as their readers get them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from core.districts.info import OpeningHours
from core.web.labels import opening_hours
from tests.support.server import Site, email_of

WEEK = ("mon", "tue", "wed", "thu", "fri")


@pytest.mark.parametrize("written", ["Cerro Maggiore", "cerro maggiore", " CERRO MAGGIORE "])
def test_a_municipality_written_in_full_opens_its_district(visitor: FlaskClient, written: str) -> None:
    answer = visitor.get("/", query_string={"comune": written})
    assert (answer.status_code, answer.location) == (303, "/legnano/")


def test_the_beginning_of_a_name_offers_what_begins_so(visitor: FlaskClient) -> None:
    page = visitor.get("/?comune=San").text
    assert "Comune di San Vittore Olona" in page and "Comune di San Quirino" in page


def test_a_municipality_on_no_list_is_compared_with_the_names_of_districts(visitor: FlaskClient) -> None:
    page = visitor.get("/?comune=San+Donato+Milanese").text
    assert "Nessun territorio risponde" in page
    assert 'Può darsi che risponda: <a href="/san-donato/">Distretto di San Donato</a>. ' in page


def test_every_municipality_is_offered_while_one_writes(visitor: FlaskClient) -> None:
    page = visitor.get("/").text
    assert page.count("<option value=") == len(set(page.split("<option value=")[1:]))
    assert '<option value="Cerro Maggiore">' in page and '<option value="Zoppola">' in page


def test_the_first_page_speaks_english_and_leads_to_english_districts(visitor: FlaskClient) -> None:
    page = visitor.get("/en/").text
    assert '<html lang="en">' in page
    assert 'href="/legnano/en/"' in page
    assert 'hreflang="it" href="/"' in page


def test_what_asks_for_the_usual_icon_is_led_to_ours(visitor: FlaskClient) -> None:
    answer = visitor.get("/favicon.ico")
    assert answer.status_code == 308
    assert answer.location.startswith("/static/icon.")


def test_what_holds_for_every_municipality_is_said_once(visitor: FlaskClient) -> None:
    page = visitor.get("/pordenone/chi-siamo/").text
    assert page.count("Ambito da confermare.") == 1
    assert page.count("Zoppola") == 1


def test_what_holds_for_one_municipality_stays_beside_it(visitor: FlaskClient) -> None:
    assert visitor.get("/legnano/chi-siamo/").text.count("convoca il tavolo di coprogettazione") == 1


def test_two_spans_of_the_same_days_are_one_line() -> None:
    hours = [OpeningHours(WEEK, "09:00", "12:30"), OpeningHours(WEEK, "14:00", "17:30")]
    assert opening_hours(hours) == ["dal lunedì al venerdì, 9.00-12.30 e 14.00-17.30"]


def test_days_that_do_not_follow_each_other_are_named_one_by_one() -> None:
    assert opening_hours([OpeningHours(("mon", "wed", "fri"), "09:00", "12:00")]) == [
        "lunedì, mercoledì e venerdì, 9.00-12.00"
    ]


def test_the_foot_of_a_page_says_when_the_service_is_open(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/regole/").text
    assert "Orari: dal lunedì al venerdì, 9.00-12.30 e 14.00-17.30" in page
    assert "Orari:" not in visitor.get("/pordenone/regole/").text


def test_signing_in_from_a_district_leads_to_its_work(visitor: FlaskClient) -> None:
    assert 'href="/account/accedi?next=/legnano/oggi"' in visitor.get("/legnano/").text


def test_who_configures_and_does_not_write_is_shown_what_they_may_do(site: Site) -> None:
    page = site.client(email_of("district-admin", "legnano")).get("/legnano/oggi").text
    assert "non ha ancora un ruolo" not in page and "Le tue bozze" not in page
    assert page.count("Configurazione") > 1
