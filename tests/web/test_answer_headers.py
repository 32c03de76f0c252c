"""What goes out with every answer, and what a browser is told to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.server import DemoData, Site, email_of, make_site, sign_in, token_of

EDITOR = email_of("editor", "legnano")
PUBLIC = [
    "/",
    "/legnano/",
    "/legnano/en/",
    "/legnano/servizi/",
    "/legnano/servizi/borsa-lavoro/",
    "/legnano/regole/",
    "/legnano/corsi/",
    "/legnano/cerca/?q=borsa+lavoro",
    "/legnano/chi-siamo/",
    "/legnano/contatti/",
    "/api/v1/legnano/public_info/search?q=lavoro",
    "/api/v1/legnano/openapi.json",
    "/health",
    "/account/accedi",
    "/nowhere/",
]
STAFF = ["/legnano/oggi", "/legnano/schede/service/", "/legnano/schede/service/nuova"]
#: Attributes that run or style without the nonce of the answer.
INLINE = re.compile(r"<[^>]+\s(on[a-z]+|style)\s*=|javascript:", re.IGNORECASE)
BLOCK = re.compile(r"<(script|style)\b([^>]*)>", re.IGNORECASE)


def directives(answer: TestResponse) -> dict[str, str]:
    policy = answer.headers["Content-Security-Policy"]
    return {part.split()[0]: part for part in policy.split("; ")}


def blocks_without_nonce(answer: TestResponse) -> Iterator[str]:
    for tag, attributes in BLOCK.findall(answer.text):
        found = re.search(r'nonce="([^"]+)"', attributes)
        if " src=" not in attributes and not (found and f"'nonce-{found[1]}'" in directives(answer)[f"{tag}-src"]):
            yield f"<{tag}{attributes}>"


def check(answer: TestResponse) -> None:
    headers = answer.headers
    assert "unsafe" not in headers["Content-Security-Policy"] and "*" not in headers["Content-Security-Policy"]
    assert directives(answer)["default-src"] == "default-src 'none'"
    assert directives(answer)["frame-ancestors"] == "frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert not INLINE.search(answer.text)
    assert list(blocks_without_nonce(answer)) == []


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_answer_carries_the_headers_and_nothing_inline(visitor: FlaskClient, path: str) -> None:
    check(visitor.get(path))


@pytest.mark.parametrize("path", STAFF)
def test_every_staff_page_carries_the_headers_and_is_kept_by_nobody(site: Site, path: str) -> None:
    answer = site.client(EDITOR).get(path)
    assert answer.status_code == 200
    check(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_error_pages_carry_the_headers_too(visitor: FlaskClient) -> None:
    for answer in (visitor.post("/legnano/"), visitor.post("/account/esci"), visitor.get("/%ff/")):
        assert answer.status_code >= 400
        check(answer)


def test_each_answer_has_a_nonce_of_its_own(visitor: FlaskClient) -> None:
    policies = {visitor.get("/legnano/").headers["Content-Security-Policy"] for _ in range(5)}
    assert len(policies) == 5


@pytest.mark.parametrize("path", [path for path in PUBLIC if path != "/account/accedi"])
def test_who_only_reads_gets_no_cookie(visitor: FlaskClient, path: str) -> None:
    assert "Set-Cookie" not in visitor.get(path).headers


@pytest.mark.parametrize("path", ["/legnano/", "/legnano/servizi/borsa-lavoro/", "/legnano/cerca/?q=lavoro"])
def test_a_signed_in_page_is_kept_by_nobody(site: Site, path: str) -> None:
    assert site.client(EDITOR).get(path).headers["Cache-Control"] == "no-store"
    assert "no-store" not in site.client().get(path).headers.get("Cache-Control", "")


@pytest.mark.parametrize("https", [False, True])
def test_the_session_cookie_is_the_servers_alone(demo: DemoData, https: bool) -> None:
    site = make_site(demo, https=https)
    scheme = {"base_url": "https://localhost"} if https else {}
    headers = {"Referer": "https://localhost/account/accedi"} if https else {}
    answer = sign_in(site.app.test_client(), EDITOR, headers=headers, **scheme)
    assert answer.status_code == 303
    cookie = next(iter(SimpleCookie(answer.headers["Set-Cookie"]).values()))
    assert (cookie.key, cookie["httponly"], cookie["samesite"]) == ("innesto", True, "Lax")
    assert bool(cookie["secure"]) is https
    assert (cookie["expires"], cookie["max-age"], cookie["domain"]) == ("", "", "")


def test_over_https_browsers_are_told_to_stay_there(demo: DemoData) -> None:
    client = make_site(demo, https=True).app.test_client()
    assert "max-age" in client.get("/legnano/", base_url="https://localhost").headers["Strict-Transport-Security"]


def test_over_https_a_form_is_accepted_with_the_referrer_our_own_policy_lets_through(demo: DemoData) -> None:
    client = make_site(demo, https=True).app.test_client()
    secure = {"base_url": "https://portale.example"}
    word = token_of(client.get("/account/accedi", **secure).text)
    form = {"email": EDITOR, "password": "prova-innesto-2026", "csrf_token": word}
    own, foreign = "https://portale.example/account/accedi", "https://evil.example/"
    refused = client.post("/account/accedi", data=form, headers={"Referer": foreign}, **secure)
    assert refused.status_code == 400
    accepted = client.post("/account/accedi", data=form, headers={"Referer": own}, **secure)
    assert accepted.status_code == 303


#: Where this account begins its work.
HOME = "/legnano/oggi"
TARGETS = {
    "/legnano/oggi": "/legnano/oggi",
    "/legnano/schede/service/?q=a": "/legnano/schede/service/?q=a",
    "https://evil.example/": HOME,
    "//evil.example/": HOME,
    "/\\evil.example/": HOME,
    "\\\\evil.example": HOME,
    "javascript:alert(1)": HOME,
    "/legnano/\r\nSet-Cookie: a=b": HOME,
    "http:///evil.example": HOME,
    " /legnano/": HOME,
    "": HOME,
}


@pytest.mark.parametrize(("target", "end"), TARGETS.items())
def test_a_login_leads_only_to_a_page_of_this_portal(site: Site, target: str, end: str) -> None:
    client = site.client()
    page = client.get("/account/accedi", query_string={"next": target}).text
    form = {"email": EDITOR, "password": "prova-innesto-2026", "csrf_token": token_of(page), "next": target}
    answer = client.post("/account/accedi", data=form)
    assert (answer.status_code, answer.headers["Location"]) == (303, end)


def test_a_visitor_on_a_staff_page_is_asked_to_sign_in_and_led_back(site: Site) -> None:
    client = site.client()
    asked = client.get("/legnano/schede/service/?stato=draft")
    assert asked.status_code == 302
    page = client.get(asked.headers["Location"]).text
    hidden = re.search(r'name="next"[^>]*value="([^"]+)"', page)
    assert hidden and hidden[1] == "/legnano/schede/service/?stato=draft"


def test_signing_in_begins_a_new_session(site: Site) -> None:
    client = site.client()
    client.get("/account/accedi")
    before = client.get_cookie("innesto")
    sign_in(client, EDITOR)
    after = client.get_cookie("innesto")
    assert before and after and before.value != after.value


def test_after_signing_out_the_old_page_is_closed(site: Site) -> None:
    client = site.client(EDITOR)
    word = token_of(client.get("/legnano/schede/service/nuova").text)
    assert client.post("/account/esci", data={"csrf_token": word}).status_code == 303
    assert client.get("/legnano/oggi").status_code == 302


def test_the_scripts_and_styles_of_a_page_are_served_and_may_be_kept(visitor: FlaskClient) -> None:
    page = visitor.get("/legnano/").text
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert addresses
    for address in addresses:
        answer = visitor.get(address.partition("#")[0])
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        answer.close()
