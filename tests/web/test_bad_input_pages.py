"""Whatever stands in an address or a form, a person gets a page that helps, never a failure of the server."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import encode_multipart

from tests.support.server import DemoData, Site, email_of, make_site, sign_in, token_of

EDITOR = email_of("editor", "legnano")
MISSING = "Questa pagina non c"
NOT_FOUND = [
    "/nowhere/",
    "/nowhere/servizi/",
    "/legnano/xx/servizi/",
    "/legnano/it/servizi/",
    "/LEGNANO/",
    "/Legnano/servizi/",
    "/legnano/servizi/BORSA-LAVORO/",
    "/legnano/servizi/borsa-lavoro/altro/",
    "/legnano/servizi/%00/",
    "/legnano/servizi/%ff%fe/",
    "/legnano/%zz/",
    "/%ff/",
    "/legnano/servizi/" + "a" * 5000 + "/",
    "/legnano/../../etc/passwd",
    "/legnano/schede/inesistente/",
    "/legnano/schede/service/non-un-codice/",
    "/static/inesistente.css",
]
QUESTIONS = {
    "a quotation mark": "%22",
    "an open quotation": "%22borsa+lavoro",
    "a star": "*",
    "operators": "borsa+AND+%28lavoro+OR+NOT+%5B+TO+%5D+%3A+%5E~",
    "ten kilobytes of one word": "a" * 10_000,
    "ten kilobytes of many words": "lavoro+" * 1_500,
    "NUL": "borsa%00lavoro",
    "only NUL": "%00",
    "right-to-left marks": "%E2%80%AEborsa%E2%80%8F%E2%80%AB+lavoro%E2%80%AC",
    "bytes that are no text": "%ff%fe%80",
    "only stop words": "il+la+di+e+che",
    "only spaces": "+++",
    "a percent sign": "%25",
    "half a percent sign": "100%",
    "markup": "%3Cscript%3Ealert(1)%3C/script%3E",
    "emoji": "%F0%9F%91%B7",
    "combining marks without a letter": "%CC%81%CC%81",
    "an unpaired surrogate": "%ED%A0%80",
    "a very long number": "9" * 400,
}


@pytest.mark.parametrize("path", NOT_FOUND)
def test_an_address_that_leads_nowhere_gets_a_page_that_helps(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert MISSING in answer.text
    assert "Traceback" not in answer.text


def test_under_a_district_the_missing_page_offers_to_search_there(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/servizi/una-cosa-che-non-esiste/").text
    assert 'action="/legnano/cerca/"' in page


@pytest.mark.parametrize(
    "path", ["/legnano", "/legnano/servizi", "/legnano/servizi/borsa-lavoro", "/legnano//servizi/"]
)
def test_an_address_without_its_last_slash_leads_to_the_page(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 308
    assert visitor.get(path, follow_redirects=True).status_code == 200


@pytest.mark.parametrize("words", QUESTIONS.values(), ids=QUESTIONS.keys())
@pytest.mark.parametrize("path", ["/legnano/cerca/", "/legnano/en/cerca/"])
def test_no_question_breaks_the_search_page(visitor: FlaskClient, path: str, words: str) -> None:
    answer = visitor.get(f"{path}?q={words}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert not re.search("[\u202a-\u202e\x00]", answer.text)


@pytest.mark.parametrize("words", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_no_question_breaks_the_search_of_the_api(visitor: FlaskClient, words: str) -> None:
    answer = visitor.get(f"/api/v1/legnano/public_info/search?q={words}")
    assert answer.status_code == 200
    assert answer.get_json().keys() >= {"items", "total", "facets", "suggestion", "corrected"}


def test_a_pasted_text_is_searched_by_its_first_words_and_the_page_says_so(visitor: FlaskClient) -> None:
    assert "cerchiamo le prime parole" in visitor.get("/legnano/cerca/?q=" + "lavoro+" * 1_500).text


@pytest.mark.parametrize("page", ["1000000000", "abc", "-1", "0", "%00", "1e3", "9" * 400, "²", "1.5", "+"])
@pytest.mark.parametrize("path", ["/legnano/cerca/?q=lavoro&page=", "/legnano/servizi/?page="])
def test_a_page_number_that_makes_no_sense_still_gives_a_page(visitor: FlaskClient, path: str, page: str) -> None:
    assert visitor.get(path + page).status_code == 200


def test_a_page_beyond_the_last_has_no_hits(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/cerca/?q=lavoro&page=500")
    assert page.status_code == 200
    assert "/legnano/servizi/borsa-lavoro/" not in page.text


def test_an_unknown_facet_is_ignored_and_an_unknown_value_finds_nothing(visitor: FlaskClient) -> None:
    plain = visitor.get("/legnano/cerca/?q=lavoro").text
    counted = re.search(r"(\d+) risultat", plain)
    assert counted and counted[0] in visitor.get("/legnano/cerca/?q=lavoro&sconosciuta=1").text
    assert "Nessun risultato con questi filtri" in visitor.get("/legnano/cerca/?q=lavoro&topic=inesistente").text


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/", "/legnano/", "/legnano/servizi/", "/legnano/cerca/?q=a", "/health", "/legnano/oggi"]
)
def test_what_only_reads_refuses_other_methods(visitor: FlaskClient, method: str, path: str) -> None:
    answer = visitor.open(path, method=method, data={"a": "1"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/account/accedi", "/account/esci"])
def test_a_form_without_its_token_is_refused_with_the_way_out(visitor: FlaskClient, path: str) -> None:
    answer = visitor.post(path, data={"email": "a@b.it", "password": "x"})
    assert answer.status_code == 400
    assert "ricaricala" in answer.text


def test_a_page_sent_without_its_token_is_not_saved_and_not_lost(site: Site) -> None:
    for client, status in ((site.client(), 403), (site.client(EDITOR), 400)):
        answer = client.post("/legnano/schede/service/nuova", data={"f_title__it": "Scheda senza parola"})
        assert answer.status_code == status
        assert "Scheda senza parola" in answer.text
    assert "Scheda senza parola" not in client.get("/legnano/schede/service/").text


def test_a_token_of_another_browser_is_refused(shared: Site) -> None:
    word = token_of(shared.client().get("/account/accedi").text)
    other = shared.client()
    other.get("/account/accedi")
    answer = other.post("/account/accedi", data={"email": "a@b.it", "password": "x", "csrf_token": word})
    assert answer.status_code == 400


@pytest.mark.parametrize(("field", "size"), [("email", 1_000_000), ("password", 70_000), ("altro", 17 * 1024 * 1024)])
def test_a_login_of_megabytes_is_refused_unread(visitor: FlaskClient, field: str, size: int) -> None:
    assert visitor.post("/account/accedi", data={field: "a" * size}).status_code == 413


@pytest.mark.parametrize(("megabytes", "multipart", "status"), [(3, False, 422), (3, True, 413), (17, True, 413)])
def test_a_huge_answer_in_a_form_is_refused_with_a_page(
    site: Site, megabytes: int, multipart: bool, status: int
) -> None:
    client, path = site.client(EDITOR), "/legnano/schede/service/nuova"
    typed = {"csrf_token": token_of(client.get(path).text), "f_title__it": "a" * megabytes * 1024 * 1024}
    boundary, body = encode_multipart(typed) if multipart else ("", urlencode(typed).encode())
    kind = f"multipart/form-data; boundary={boundary}" if multipart else "application/x-www-form-urlencoded"
    answer = client.post(path, data=body, content_type=kind)
    assert answer.status_code == status
    assert "<h1" in answer.text


def test_a_form_of_too_many_fields_is_refused(site: Site) -> None:
    client = site.client(EDITOR)
    answer = client.post("/legnano/schede/service/nuova", data={f"campo{n}": "1" for n in range(20_000)})
    assert answer.status_code in {400, 413}


@pytest.mark.parametrize(
    "host", ["altro.example", "innesto.example.evil.example", "", "innesto.example:99999999", "a b"]
)
def test_a_foreign_host_name_is_refused_when_names_are_set(demo: DemoData, host: str) -> None:
    site = make_site(demo, trusted_hosts=("innesto.example",))
    client = site.app.test_client()
    assert client.get("/legnano/", headers={"Host": "innesto.example"}).status_code == 200
    assert client.get("/legnano/", headers={"Host": host}).status_code == 400


def test_the_name_in_the_address_never_comes_from_a_header_that_is_not_believed(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/servizi/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert "evil.example" not in page.text
    assert "Strict-Transport-Security" not in page.headers


def test_a_wrong_password_of_odd_characters_is_only_wrong(visitor: FlaskClient) -> None:
    for email, password in (("a\0@b.it", "x\0"), ("à@ù.it", "€" * 300), ("' OR 1=1 --", "' OR 1=1 --")):
        assert sign_in(visitor, email, password).status_code == 422
