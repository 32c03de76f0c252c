"""Notices on screen: on the first page of the day and on a page of their own; each account its own alone."""

from __future__ import annotations

import re
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import delete, select

from core import clock
from core.access.models import Account
from core.notifications import Mail, Notice, mail, notice
from tests.support.server import Site, email_of, token_of

SENTENCE = "Il percorso LEG-2026-0142 ha un nuovo tutor."
TODAY, ALL = "/legnano/oggi", "/legnano/oggi/novita"


def account_of(site: Site, role: str) -> UUID:
    with site.installation.database.read(None) as session:
        return session.scalars(select(Account.id).where(Account.email == email_of(role, "legnano"))).one()


def leave(site: Site, role: str, *sentences: str) -> list[UUID]:
    """Only these are there."""
    account, district = account_of(site, role), site.district_id("legnano")
    with site.installation.database.write(district) as session:
        for old in session.scalars(select(Notice).where(Notice.account_id == account)):
            session.delete(old)
        rows = [notice(session, account, {"it": text}, url=TODAY, kind="late", mail=False) for text in sentences]
        return [row.id for row in rows]


MARK = "/legnano/oggi/novita/lette"


def mark(client: FlaskClient, page: str, **form: str) -> int:
    return client.post(MARK, data={"csrf_token": token_of(client.get(page).text), **form}).status_code


def forms(page: str) -> int:
    """How many forms of the page mark something as read."""
    return page.count(f'action="{MARK}"')


def test_a_notice_is_shown_until_it_is_marked_as_read(site: Site) -> None:
    client = site.client(email_of("editor", "legnano"))
    (number,) = leave(site, "editor", SENTENCE)
    page = client.get(TODAY).text
    assert SENTENCE in page and "1 novità" in page and f'value="{number}"' in page
    assert forms(page) == 1 and forms(client.get(ALL).text) == 2, "one for the notice, one for all"
    assert mark(client, TODAY, notice=str(number), back="today") == 303
    assert SENTENCE not in client.get(TODAY).text
    page = client.get(ALL).text
    assert SENTENCE in page and "Hai letto tutto." in page and "Segna" not in page


def test_all_are_marked_at_once(site: Site) -> None:
    client = site.client(email_of("editor", "legnano"))
    leave(site, "editor", *(f"Numero {number:03}." for number in range(23)))
    page = client.get(ALL).text
    assert "23 novità da leggere." in page and len(re.findall(r"Numero \d{3}\.</a>", page)) == 20
    assert "Tutte le novità (23 da leggere)" in client.get(TODAY).text
    assert "Numero 000." in client.get(f"{ALL}?page=2").text
    assert mark(client, ALL) == 303
    assert "Hai letto tutto." in client.get(ALL).text


def test_nobody_sees_or_marks_the_notices_of_another(site: Site) -> None:
    (number,) = leave(site, "district-admin", SENTENCE)
    client = site.client(email_of("editor", "legnano"))
    leave(site, "editor")
    assert SENTENCE not in client.get(TODAY).text + client.get(ALL).text
    assert "Nessuna novità" in client.get(ALL).text
    assert mark(client, TODAY, notice=str(number)) == 303
    assert mark(client, TODAY, notice="rubbish") == 303
    with site.installation.database.read(site.district_id("legnano")) as session:
        assert session.scalars(select(Notice.read_at).where(Notice.id == number)).one() is None


def test_a_visitor_is_led_to_sign_in(site: Site) -> None:
    client = site.client()
    answer = client.get(ALL)
    assert answer.status_code == 302 and "/account/accedi" in answer.headers["Location"]


def test_a_sentence_is_text_and_no_markup(site: Site) -> None:
    client = site.client(email_of("editor", "legnano"))
    leave(site, "editor", "<script>alert(1)</script>")
    assert "<script>alert" not in client.get(TODAY).text + client.get(ALL).text


def test_the_status_pages_tell_of_mails_that_did_not_leave(site: Site) -> None:
    with site.installation.database.write(None) as session:
        session.execute(delete(Mail))
    client = site.client(email_of("district-admin", "legnano"))
    assert "La posta parte." in client.get("/legnano/configura/stato/").text
    with site.installation.database.write(None) as session:
        lost = mail(session, to="sara.rossi@prova.example", template="news", values={"name": "Sara"})
        lost.given_up_at, lost.last_error = clock.now(), "refused with 550"
        mail(session, to="luca@prova.example", template="news", values={"name": "Luca"})
    page = client.get("/legnano/configura/stato/").text
    assert "1 messaggio non è partito" in page and "1 messaggio aspetta" in page
    assert "s…@prova.example" in page and "refused with 550" in page and "sara.rossi" not in page
