"""What a person typed survives a session that ended while they were typing."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.server import Site, email_of, sign_in, token_of

NEW = "/legnano/schede/service/nuova"
TYPED = {"f_title__it": "Prima della pausa", "f_for_whom__it": "Una riga\r\n\r\nun'altra & <b>", "f_topics": ["work"]}


@pytest.fixture
def editor(site: Site) -> FlaskClient:
    return site.client(email_of("editor", "legnano"))


def post(client: FlaskClient, path: str, data: Mapping[str, object]) -> TestResponse:
    return client.post(path, data=data)


def hidden(page: str) -> list[str]:
    return re.findall(r'<input type="hidden" name="(f_[^"]+)"', page)


def test_without_a_session_the_text_comes_back_with_the_way_to_go_on(site: Site) -> None:
    answer = post(site.app.test_client(), NEW, TYPED)
    assert answer.status_code == 403
    assert hidden(answer.text) == ["f_title__it", "f_for_whom__it", "f_topics"]
    assert "un&#39;altra &amp; &lt;b&gt;" in answer.text
    assert 'href="/account/accedi?next=/legnano/oggi" target="_blank"' in answer.text


def test_going_on_after_signing_in_shows_the_form_with_the_text(site: Site) -> None:
    client = site.app.test_client()
    kept = post(client, NEW, TYPED)
    assert sign_in(client, email_of("editor", "legnano")).status_code == 303
    answer = post(client, NEW, {**TYPED, "csrf_token": token_of(kept.text), "resume": "1"})
    assert answer.status_code == 400
    assert "Sei di nuovo dentro." in answer.text
    assert 'value="Prima della pausa"' in answer.text
    assert re.search(r'value="work"[^>]* checked', answer.text)


def test_the_form_that_comes_back_can_be_saved(editor: FlaskClient) -> None:
    again = post(editor, NEW, {**TYPED, "csrf_token": "stale"})
    answer = post(editor, NEW, {**TYPED, "csrf_token": token_of(again.text), "save": "1"})
    assert answer.status_code == 303
    assert "Prima della pausa" in editor.get(answer.location).text


def test_nothing_is_written_by_a_form_whose_session_is_over(site: Site, editor: FlaskClient) -> None:
    post(editor, NEW, {**TYPED, "csrf_token": "stale", "save": "1"})
    post(site.app.test_client(), NEW, {**TYPED, "save": "1"})
    assert "Prima della pausa" not in editor.get("/legnano/schede/service/").text


def test_an_account_that_may_not_write_here_gets_its_text_back(site: Site) -> None:
    stranger = site.client(email_of("editor", "san-donato"))
    answer = post(stranger, NEW, {**TYPED, "csrf_token": token_of(stranger.get("/san-donato/oggi").text)})
    assert answer.status_code == 403
    assert "con questo account non puoi scrivere" in answer.text
    assert hidden(answer.text)[0] == "f_title__it"


@pytest.mark.parametrize("path", ["/legnano/schede/nessuno/nuova", "/nessuno/schede/service/nuova"])
def test_a_form_that_does_not_exist_keeps_nothing(site: Site, editor: FlaskClient, path: str) -> None:
    assert post(site.app.test_client(), path, TYPED).status_code == 404
    assert post(editor, path, {**TYPED, "csrf_token": "stale"}).status_code == 404


def test_a_step_without_a_session_leads_to_signing_in_and_back(site: Site, editor: FlaskClient) -> None:
    found = re.search(r'href="(/legnano/schede/service/[0-9a-f-]{36}/)"', editor.get("/legnano/schede/service/").text)
    assert found
    answer = post(site.app.test_client(), f"{found[1]}passaggio", {"transition": "withdraw"})
    assert (answer.status_code, answer.location) == (303, f"/account/accedi?next={found[1]}")
    stale = post(editor, f"{found[1]}passaggio", {"transition": "withdraw", "csrf_token": "stale"})
    assert stale.status_code == 400
    assert "il passaggio non è stato fatto" in stale.text
