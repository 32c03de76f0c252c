"""A plugin may fail anywhere: the site stays up, the pages of the others answer, and ``/health`` names it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.access import Actor
from core.districts.operations import enable_plugin
from core.events.delivery import deliver_pending
from core.loader import Host, candidate_modules
from tests.core.host.modules import PluginFolder
from tests.support.server import DemoData, Site, email_of, make_site

FAIL = 'raise RuntimeError("grumpy")'
PAGE = """
from flask import Blueprint
@hookimpl
def register_blueprints():
    bp = Blueprint("trouble", __name__)
    def index():
        raise RuntimeError("grumpy")
    bp.add_url_rule("/<district:district>/guai/", view_func=index)
    return [bp]
"""
HOOKS = {
    "import": FAIL,
    "register_blueprints": f"@hookimpl\ndef register_blueprints(): {FAIL}",
    "register_api": f"@hookimpl\ndef register_api(): {FAIL}",
    "register_permissions": f"@hookimpl\ndef register_permissions(): {FAIL}",
    "register_record_types": f"@hookimpl\ndef register_record_types(): {FAIL}",
    "menu_items": f"@hookimpl\ndef menu_items(district, actor): {FAIL}",
    "dashboard_cards": f"@hookimpl\ndef dashboard_cards(district, session, actor): {FAIL}",
    "render_slot": f"@hookimpl\ndef render_slot(district, session, actor, slot): {FAIL}",
    "handle_event": f"@hookimpl\ndef handle_event(event, session): {FAIL}",
    "wrong answers": "@hookimpl\ndef menu_items(district, actor): return 7\n"
    "@hookimpl\ndef render_slot(district, session, actor, slot): return ['x']\n"
    "@hookimpl\ndef dashboard_cards(district, session, actor): return None",
    "a menu entry that leads nowhere": "from core.contributions import MenuItem\n"
    "@hookimpl\ndef menu_items(district, actor): return [MenuItem('Via', 'trouble.nowhere')]",
    "a template that is not there": "from core.contributions import SlotContent\n"
    "@hookimpl\ndef render_slot(district, session, actor, slot): return [SlotContent('trouble/none.html')]",
    "endless recursion": "@hookimpl\ndef menu_items(district, actor): return menu_items(district, actor)",
}
OTHERS = ["/", "/legnano/", "/legnano/servizi/", "/legnano/servizi/borsa-lavoro/", "/legnano/cerca/?q=borsa"]
STAFF = ["/legnano/oggi", "/legnano/schede/service/"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginFolder]:
    monkeypatch.syspath_prepend(str(tmp_path))
    made = PluginFolder(tmp_path)
    yield made
    made.forget()


def site_with(demo: DemoData, folder: PluginFolder) -> Site:
    """The portal with the installed plugins and ``trouble``, which is on in the first district."""
    site = make_site(demo, Host({**candidate_modules(), **folder.candidates}))
    number, host = site.district_id("legnano"), site.installation.host
    if "trouble" in host.names:
        with site.installation.database.write(number) as session:
            enable_plugin(session, "trouble", actor=Actor.system(number, "prova"), catalogue=host)
    return site


@pytest.mark.parametrize("hook", HOOKS)
def test_wherever_a_plugin_fails_the_others_answer_and_health_names_it(
    demo: DemoData, folder: PluginFolder, hook: str
) -> None:
    folder.add("trouble", HOOKS[hook], segments=("guai",))
    site = site_with(demo, folder)
    visitor, editor = site.client(), site.client(email_of("editor", "legnano"))
    deliver_pending(site.installation.database, site.installation.host.hooks, site.district_id("legnano"))
    assert {path: visitor.get(path).status_code for path in OTHERS} == dict.fromkeys(OTHERS, 200)
    assert {path: editor.get(path).status_code for path in STAFF} == dict.fromkeys(STAFF, 200)
    assert visitor.get("/api/v1/legnano/public_info/search?q=borsa").status_code == 200
    health = visitor.get("/health")
    assert (health.status_code, health.get_json()["status"]) == (200, "degraded")
    assert [row["plugin"] for row in health.get_json()["broken_plugins"]] == ["trouble"]
    assert "grumpy" not in health.text


def test_a_page_that_fails_takes_nothing_with_it(demo: DemoData, folder: PluginFolder) -> None:
    folder.add("trouble", PAGE, segments=("guai",))
    client = site_with(demo, folder).client()
    answer = client.get("/legnano/guai/")
    assert answer.status_code == 500
    assert "grumpy" not in answer.text and "Traceback" not in answer.text
    assert client.get("/legnano/servizi/borsa-lavoro/").status_code == 200
    assert client.get("/san-donato/guai/").status_code == 404
    assert [row["plugin"] for row in client.get("/health").get_json()["broken_plugins"]] == ["trouble"]


def test_a_failing_page_names_a_reference_that_the_log_knows(
    demo: DemoData, folder: PluginFolder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.add("trouble", PAGE, segments=("guai",))
    answer = site_with(demo, folder).client().get("/legnano/guai/")
    reference = answer.headers["X-Request-Id"]
    assert reference in answer.text
    assert reference in caplog.text and "grumpy" in caplog.text
