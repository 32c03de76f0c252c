"""Two people at one page: the second learns of the first, and neither loses a word."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from core.records.models import Record
from tests.support.server import Site, email_of, token_of

EDITOR = email_of("editor", "legnano")
LIST = "/legnano/schede/service"
PATH_OF_STEP, FIRST, SECOND = "passaggio", "Il testo di Ada", "Il testo di Bea"


@pytest.fixture
def draft(site: Site) -> str:
    """The address of a draft."""
    client = site.client(EDITOR)
    word = token_of(client.get(f"{LIST}/nuova").text)
    made = client.post(f"{LIST}/nuova", data={"csrf_token": word, "f_title__it": "Scheda a quattro mani"})
    assert made.status_code == 303
    return str(made.headers["Location"])


def form_of(client: FlaskClient, draft: str) -> dict[str, str]:
    """What the edit page would send back as it stands."""
    page = client.get(f"{draft}modifica").text
    version = re.search(r'name="version" value="(\d*)"', page)
    assert version
    return {"csrf_token": token_of(page), "version": version[1], "f_title__it": "Scheda a quattro mani"}


def summary(site: Site) -> str:
    with site.installation.database.read(site.district_id("legnano")) as session:
        records = session.scalars(select(Record).where(Record.slug == "scheda-a-quattro-mani"))
        return str(records.one().answers.get("summary", {}).get("it", ""))


def test_the_second_of_two_editors_sees_both_texts_and_nothing_is_lost(site: Site, draft: str) -> None:
    ada, bea = site.client(EDITOR), site.client(EDITOR)
    first, second = form_of(ada, draft), form_of(bea, draft)
    assert ada.post(f"{draft}modifica", data=first | {"f_summary__it": FIRST}).status_code == 303
    late = bea.post(f"{draft}modifica", data=second | {"f_summary__it": SECOND})
    assert late.status_code == 409
    assert FIRST in late.text and SECOND in late.text
    assert re.search(rf'name="f_summary__it"[^>]*(?:value="|>\s*){SECOND}', late.text)
    assert summary(site) == FIRST


def test_after_looking_at_both_the_second_can_save(site: Site, draft: str) -> None:
    ada, bea = site.client(EDITOR), site.client(EDITOR)
    first, second = form_of(ada, draft), form_of(bea, draft)
    ada.post(f"{draft}modifica", data=first | {"f_summary__it": FIRST})
    page = bea.post(f"{draft}modifica", data=second | {"f_summary__it": SECOND}).text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version and version[1] != second["version"]
    again = second | {"version": version[1], "f_summary__it": f"{FIRST} {SECOND}"}
    assert bea.post(f"{draft}modifica", data=again).status_code == 303
    assert summary(site) == f"{FIRST} {SECOND}"


@pytest.mark.parametrize("version", ["", "abc", "-1", "999999999", "9" * 400, "0"])
def test_a_form_without_a_sensible_version_overwrites_nothing(site: Site, draft: str, version: str) -> None:
    client = site.client(EDITOR)
    form = form_of(client, draft) | {"version": version, "f_summary__it": SECOND}
    assert client.post(f"{draft}modifica", data=form).status_code == 409
    assert summary(site) == ""


def test_a_step_on_a_page_that_somebody_changed_is_asked_again(site: Site, draft: str) -> None:
    ada, bea = site.client(EDITOR), site.client(EDITOR)
    first, second = form_of(ada, draft), form_of(bea, draft)
    ada.post(f"{draft}modifica", data=first | {"f_summary__it": FIRST})
    late = bea.post(f"{draft}{PATH_OF_STEP}", data=second | {"transition": "submit"})
    assert late.status_code == 409
    assert "Un&#39;altra persona ha cambiato la scheda" in late.text or "Un'altra persona ha cambiato" in late.text
    assert ada.post(f"{draft}{PATH_OF_STEP}", data=form_of(ada, draft) | {"transition": "submit"}).status_code == 303


def test_what_was_typed_comes_back_when_an_answer_is_wrong(site: Site, draft: str) -> None:
    client = site.client(EDITOR)
    typed = {"f_title__it": "", "f_summary__it": SECOND, "f_body__it": "Un testo lungo <b>con segni</b>"}
    answer = client.post(f"{draft}modifica", data=form_of(client, draft) | typed)
    assert answer.status_code == 422
    assert SECOND in answer.text
    assert "Un testo lungo &lt;b&gt;con segni&lt;/b&gt;" in answer.text
    assert "Compila questo campo" in answer.text


def test_every_saved_change_is_in_the_story_of_the_page(site: Site, draft: str) -> None:
    client = site.client(EDITOR)
    for text in (FIRST, SECOND):
        client.post(f"{draft}modifica", data=form_of(client, draft) | {"f_summary__it": text})
    page = client.get(draft).text
    assert page.count("<time") == 3


def test_the_same_form_sent_twice_changes_once(site: Site, draft: str) -> None:
    client = site.client(EDITOR)
    form = form_of(client, draft) | {"f_summary__it": FIRST}
    assert client.post(f"{draft}modifica", data=form).status_code == 303
    assert client.post(f"{draft}modifica", data=form).status_code in {303, 409}
    assert client.get(draft).text.count("<time") == 2
