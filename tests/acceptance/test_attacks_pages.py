"""Names that are programs, planted where strangers and colleagues write them: pages, files and logs stay harmless."""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.access import Actor
from core.access.models import Account
from core.accounts import registrations
from core.demo.accounts import PORTAL
from core.privacy.requests import operations as requests
from plugins.intake import operations as intake
from tests.support.server import Site, email_of
from tests.web.test_answer_headers import INLINE, blocks_without_nonce, directives

HERE = "legnano"
EVIL = '"><img src=x onerror=alert(7)><script>alert(7)</script>{{7*7}}'
FORMULA = '=HYPERLINK("https://evil.example","x")'
VAT = "00743110157"
LINK = re.compile(r'href="(/[^"#]*)')
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{3}-\d{4}-\d+|\d+")
#: Addresses of one shape that are opened, and pages that are opened at all.
ALIKE, MOST = 2, 130


@pytest.fixture
def hostile(site: Site) -> Site:
    """The demonstration after somebody wrote programs wherever a name is asked for."""
    number = site.district_id(HERE)
    system = Actor.system(number, "attack")
    with site.installation.database.write(None) as session:
        for account in session.scalars(sa.select(Account).where(Account.email.like(f"%.{HERE}@%"))):
            account.name = EVIL
    with site.installation.database.write(number) as session:
        facts = {
            "given_name": FORMULA,
            "family_name": FORMULA,
            "municipality": "015118",
            "phone": "+393331234567",
            "tax_code_reason": "not_yet",
        }
        intake.register_person(session, facts, actor=system)
        requests.submit(session, actor=system, desk=True, kind="access", name=EVIL, contact=EVIL, text=EVIL)
        code: list[str] = []
        registrations.register(
            session, vat_number=VAT, company=EVIL, name=EVIL, email="a@example.it", link=lambda c: code.append(c) or c
        )
        registrations.confirm(session, code[0], url=f"/{HERE}/registrazioni")
    return site


def crawl(client: FlaskClient, *starts: str) -> Iterator[tuple[str, TestResponse]]:
    """Every page that a reader is led to, of each shape the first few."""
    waiting, seen, shapes = list(starts), set(starts), Counter[str]()
    opened = 0
    while waiting and opened < MOST:
        address = waiting.pop(0)
        shape = ID.sub("*", address.partition("?")[0])
        if shapes[shape] >= ALIKE:
            continue
        shapes[shape] += 1
        opened += 1
        answer = client.get(address)
        yield address, answer
        for link in map(html.unescape, LINK.findall(answer.text if answer.mimetype == "text/html" else "")):
            if link not in seen and not link.startswith(("/static/", "//")):
                seen.add(link)
                waiting.append(link)


def faults(address: str, answer: TestResponse) -> list[str]:
    """What an attacker would make use of."""
    found = [*closed(answer), *(harmless(answer) if answer.mimetype == "text/html" else ())]
    return [f"{address} ({answer.status_code}): {fault}" for fault in found]


def closed(answer: TestResponse) -> Iterator[str]:
    """Whether headers keep caches, frames and foreign programs out."""
    headers, policy = answer.headers, answer.headers["Content-Security-Policy"]
    if answer.status_code >= 500:
        yield "a failure"
    if "unsafe" in policy or "*" in policy or directives(answer)["default-src"] != "default-src 'none'":
        yield policy
    if headers["X-Content-Type-Options"] != "nosniff" or "Referrer-Policy" not in headers:
        yield "headers"
    if headers.get("Cache-Control") != "no-store" and answer.mimetype != "application/json":
        yield f"Cache-Control {headers.get('Cache-Control')}"


def harmless(answer: TestResponse) -> Iterator[str]:
    """Whether a page runs nothing but the portal's own files."""
    if "frame-ancestors 'none'" not in answer.headers["Content-Security-Policy"]:
        yield "can be framed"
    if INLINE.search(html_without_values(answer.text)) or list(blocks_without_nonce(answer)):
        yield "inline"
    if "<img src=x" in answer.text or "<script>alert" in answer.text or "}49" in answer.text or ">49<" in answer.text:
        yield "a name is a program"


def html_without_values(text: str) -> str:
    """The page without what stands between quotes: a value that is quoted and escaped runs nothing."""
    return re.sub(r'="[^"]*"', '=""', text).replace(html.escape(EVIL), "")


@pytest.mark.slow
@pytest.mark.parametrize("role", ["coordinator", "district-admin", "data-protection", "person", "portal"])
def test_no_page_runs_a_name_and_every_page_is_closed_to_caches_and_frames(hostile: Site, role: str) -> None:
    client = hostile.client(PORTAL if role == "portal" else email_of(role, HERE))
    starts = [f"/{HERE}/configura/", "/configura/"] if role == "portal" else [f"/{HERE}/oggi", f"/{HERE}/richieste"]
    pages = list(crawl(client, *starts, f"/{HERE}/registrazioni", "/account/", f"/{HERE}/persone/"))
    assert len(pages) > 20
    assert [line for address, answer in pages for line in faults(address, answer)] == []


def test_no_cell_of_a_file_begins_like_a_formula(hostile: Site) -> None:
    client = hostile.client(email_of("coordinator", HERE))
    answer = client.get(f"/{HERE}/persone/esporta?formato=csv")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";"))
    cells = [cell for row in rows for cell in row]
    assert f"'{FORMULA}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_the_log_of_looks_runs_no_name(hostile: Site) -> None:
    with hostile.installation.database.write(None) as session:
        for account in session.scalars(sa.select(Account).where(Account.email == email_of("coordinator", HERE))):
            account.name = FORMULA
    client = hostile.client(email_of("coordinator", HERE))
    page = client.get(f"/{HERE}/persone/").text
    found = re.search(rf'href="(/{HERE}/persone/[A-Z]+-[0-9-]+/)', page)
    assert found
    client.get(f"{found[1]}riepilogo")
    links = re.findall(r'href="(/[^"]*registro\.csv[^"]*)"', client.get(f"{found[1]}accessi").text)
    answer = client.get(html.unescape(links[0]))
    rows = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")), delimiter=";")
    cells = [cell for row in rows for cell in row]
    assert f"'{FORMULA}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []
