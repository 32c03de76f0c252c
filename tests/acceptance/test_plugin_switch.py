"""Two servers on one database: what a third process switches off is off in both at the next request, and on again."""

from __future__ import annotations

import pytest

from tests.support.server import DemoData, Portal, innesto, portal

PAGES = ["/legnano/servizi/", "/legnano/servizi/borsa-lavoro/", "/legnano/cerca/?q=borsa", "/legnano/en/servizi/"]
API = ["/api/v1/legnano/public_info/search?q=borsa", "/api/v1/legnano/records/service"]
STAYS = ["/", "/legnano/", "/legnano/chi-siamo/", "/legnano/contatti/", "/san-donato/servizi/"]


def statuses(server: Portal, paths: list[str]) -> set[int]:
    return {server.get(path).status for path in paths}


def switch(data: DemoData, what: str) -> None:
    finished = innesto(data, "plugin", what, "public_info", "--district", "legnano")
    assert finished.returncode == 0, finished.stderr


def check_on(server: Portal) -> None:
    assert statuses(server, PAGES + API + STAYS) == {200}
    home = server.get("/legnano/").text
    assert 'href="/legnano/servizi/"' in home and 'action="/legnano/cerca/"' in home
    found = server.get(API[0]).json()["items"]
    assert found[0]["id"] == "leg-borsa-lavoro"


def check_off(server: Portal) -> None:
    assert statuses(server, PAGES) == {404}
    assert statuses(server, API) == {404}
    assert statuses(server, STAYS) == {200}
    home = server.get("/legnano/").text
    assert "/legnano/servizi/" not in home and "/legnano/cerca/" not in home
    assert "public_info" not in server.get("/api/v1/legnano/openapi.json").text
    assert server.get(API[0]).headers["Content-Type"] == "application/problem+json"


@pytest.mark.slow
def test_a_plugin_switched_in_a_third_process_is_off_and_on_in_both_servers_at_once(any_demo: DemoData) -> None:
    with portal(any_demo) as one, portal(any_demo) as two:
        for server in (one, two):
            check_on(server)
        switch(any_demo, "disable")
        for server in (one, two):
            check_off(server)
        switch(any_demo, "enable")
        for server in (two, one):
            check_on(server)


@pytest.mark.slow
def test_staff_pages_of_a_switched_off_plugin_are_gone_too_and_come_back_with_the_data(demo: DemoData) -> None:
    with portal(demo) as server:
        assert server.sign_in("editor.legnano@prova.example").status == 303
        before = server.get("/legnano/schede/service/").text
        switch(demo, "disable")
        assert statuses(server, ["/legnano/schede/service/", "/legnano/schede/service/nuova"]) == {404}
        assert server.get("/legnano/oggi").status == 200
        switch(demo, "enable")
        after = server.get("/legnano/schede/service/").text
        assert before.count("/legnano/schede/service/") == after.count("/legnano/schede/service/")


@pytest.mark.slow
def test_failed_logins_are_counted_across_processes(any_demo: DemoData) -> None:
    email = "editor.legnano@prova.example"
    with portal(any_demo) as one, portal(any_demo) as two:
        tried = [server.sign_in(email, "una password sbagliata").status for _ in range(5) for server in (one, two)]
        assert tried == [422] * 10
        assert [server.sign_in(email, "prova-innesto-2026").status for server in (one, two)] == [429, 429]
        waiting = two.sign_in(email)
        assert "Riprova tra" in waiting.text and int(waiting.headers["Retry-After"]) > 0
        assert two.sign_in("editor.san-donato@prova.example").status == 303
