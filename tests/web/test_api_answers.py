"""The API says what is wrong by name, in one shape; its answers carry an ETag; its document is valid everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.server import DemoData, Site, command, texts

SEARCH = "/api/v1/legnano/public_info/search"
DISTRICTS = ["legnano", "san-donato", "pordenone", "rho-garbagnate", "lavoratore-guida"]
WRONG = {
    f"{SEARCH}?q=lavoro&sconosciuta=1": "sconosciuta",
    f"{SEARCH}?q=lavoro&page=abc": "page",
    f"{SEARCH}?q=lavoro&page=-1": "page",
    f"{SEARCH}?q=lavoro&page=0": "page",
    f"{SEARCH}?q=lavoro&page_size=0": "page_size",
    f"{SEARCH}?q=lavoro&page_size=100000": "page_size",
    f"{SEARCH}?q=lavoro&lang=xx": "lang",
    f"{SEARCH}?q=lavoro&exact=forse": "exact",
    f"{SEARCH}?q=lavoro&page={'9' * 400}": "page",
    "/api/v1/legnano/records/service?page=abc": "page",
    "/api/v1/legnano/records/service?page_size=101": "page_size",
    "/api/v1/legnano/records/service?topic=lavoro": "topic",
}
MISSING = [
    "/api/v1/nowhere/public_info/search",
    "/api/v1/LEGNANO/public_info/search",
    "/api/v1/legnano/nothing",
    "/api/v1/legnano/records/inesistente",
    "/api/v1/legnano/records/service/inesistente",
    "/api/v1/legnano/records/service/%00",
    "/api/v1/legnano/records/service/%ff",
    "/api/v1/nowhere/openapi.json",
    "/api/v2/legnano/openapi.json",
    "/api/",
]


def document(client: FlaskClient, slug: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{slug}/openapi.json")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


@pytest.mark.parametrize(("path", "name"), WRONG.items())
def test_a_wrong_parameter_is_refused_by_name(visitor: FlaskClient, path: str, name: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert [error["field"] for error in answer.get_json()["errors"]] == [name]
    assert all(error["message"] for error in answer.get_json()["errors"])


def test_a_facet_that_nobody_knows_is_answered_with_those_there_are(visitor: FlaskClient) -> None:
    message = visitor.get(f"{SEARCH}?q=lavoro&regione=1").get_json()["errors"][0]["message"]
    assert message.startswith("Questo nome non si conosce.")
    known = set(message[:-1].split(": ")[1].split(", "))
    assert {"audience", "kind", "municipality", "provider", "topic", "type"} <= known


def test_the_search_page_says_which_filters_there_are(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/cerca/?q=lavoro&regione=%3Cb%3Elombardia").text
    assert "Il filtro «regione» non esiste. Si può filtrare per: Tipo, Argomento, Per chi, Comune" in page
    assert "&lt;b&gt;" in visitor.get("/legnano/cerca/?%3Cb%3E=1").text
    for harmless in ("?q=lavoro", "?q=lavoro&utm_source=newsletter", "?topic=inesistente&page=1&exact=1"):
        assert "non esiste. Si può" not in visitor.get(f"/legnano/cerca/{harmless}").text


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_a_problem_in_the_one_shape(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.content_type == "application/problem+json"
    assert answer.get_json() == {"type": "about:blank", "title": "Not Found", "status": 404}


def test_a_method_that_is_not_offered_is_a_problem_too(visitor: FlaskClient) -> None:
    answer = visitor.post(SEARCH, json={"q": "lavoro"})
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert answer.get_json()["status"] == 405


def test_a_value_nobody_has_is_an_empty_answer_and_no_error(visitor: FlaskClient) -> None:
    answer = visitor.get(f"{SEARCH}?topic=inesistente").get_json()
    assert (answer["total"], answer["items"]) == (0, [])


@pytest.mark.parametrize(
    "path", [f"{SEARCH}?q=borsa+lavoro", "/api/v1/legnano/records/service", "/api/v1/legnano/openapi.json"]
)
def test_who_has_the_same_answer_already_gets_none_of_it_again(visitor: FlaskClient, path: str) -> None:
    first = visitor.get(path)
    tag = first.headers["ETag"]
    again = visitor.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert visitor.get(path, headers={"If-None-Match": '"altro"'}).status_code == 200


def test_the_tag_changes_with_what_is_answered(site: Site) -> None:
    client, path = site.client(), f"{SEARCH}?q=borsa+lavoro"
    tag = client.get(path).headers["ETag"]
    line = '{"id":"prova-borsa","type":"service","title":{"it":"Borsa lavoro di prova"},"state":"published"}'
    (site.data.folder / "one.jsonl").write_text(line, "utf-8")
    assert (
        command(site.data, "content", "import", str(site.data.folder / "one.jsonl"), "--district", "legnano").status
        == 0
    )
    site.index("legnano")
    changed = client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "prova-borsa" in texts(changed.get_json()["items"])


@pytest.mark.parametrize("slug", DISTRICTS)
def test_the_document_of_each_district_is_valid(visitor: FlaskClient, slug: str) -> None:
    body = document(visitor, slug)
    OpenAPIV31SpecValidator(body).validate()
    assert all(path.startswith(f"/api/v1/{slug}/") for path in body["paths"])
    assert f"/api/v1/{slug}/public_info/search" in body["paths"]


def test_the_document_names_every_parameter_of_the_search(visitor: FlaskClient) -> None:
    offered = document(visitor, "legnano")["paths"][SEARCH]["get"]["parameters"]
    assert {parameter["name"] for parameter in offered} >= {
        "q",
        "lang",
        "page",
        "page_size",
        "topic",
        "type",
        "audience",
    }


def test_the_document_has_nothing_of_a_plugin_that_is_off(demo: DemoData, site: Site) -> None:
    client = site.client()
    assert command(demo, "plugin", "disable", "public_info", "--district", "legnano").status == 0
    off, on = document(client, "legnano"), document(client, "san-donato")
    assert "public_info" not in str(off) and "Facet" not in str(off)
    assert "public_info" in str(on) and "Facet" in str(on)
    assert client.get(SEARCH).status_code == 404
    OpenAPIV31SpecValidator(off).validate()


def test_the_paths_of_the_document_answer_visitors_or_ask_for_a_key(visitor: FlaskClient) -> None:
    paths = document(visitor, "legnano")["paths"]
    plain = [path.replace("{type_}", "service").replace("{ref}", "leg-borsa-lavoro") for path in paths]
    expected = {path: 401 if "/intake/" in path else 200 for path in plain}
    assert {path: visitor.get(path).status_code for path in plain} == expected


def test_the_document_says_that_writing_needs_a_key(visitor: FlaskClient) -> None:
    body = document(visitor, "legnano")
    assert body["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    records = body["paths"]["/api/v1/legnano/records/{type_}"]
    assert records["get"]["security"] == [{}, {"key": []}]
    assert records["post"]["security"] == [{"key": []}]
    offered = {parameter["name"]: parameter["in"] for parameter in records["post"]["parameters"]}
    assert offered == {"Idempotency-Key": "header"}
