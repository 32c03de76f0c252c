from types import SimpleNamespace

import pytest
from flask import Flask

from core import loader
from core.errors import PluginError
from core.loader import Host
from core.web.plugins import configure_plugins
from core.web.routing import configure_converters
from tests.core.host.modules import PluginFolder

PAGES = """
from flask import Blueprint
@hookimpl
def register_blueprints():
    bp = Blueprint("{name}", __name__)
    bp.add_url_rule("/<district:district>/{segment}/", view_func=lambda: "here", endpoint="index")
    return [bp]
"""


def problem(host: Host, name: str) -> str:
    return "; ".join(f"{p.stage}: {p.error}" for p in host.hooks.problems.of(name))


def app_over(host: Host) -> Flask:
    app = Flask("trial", static_folder=None)
    configure_converters(app)
    configure_plugins(app, SimpleNamespace(host=host))  # type: ignore[arg-type]
    return app


def test_plugins_follow_what_they_require_and_then_the_alphabet(folder: PluginFolder) -> None:
    for name, requires in (("alpha", ("zeta",)), ("zeta", ()), ("beta", ()), ("gamma", ("alpha", "beta"))):
        folder.add(name, requires=requires)
    assert [plugin.name for plugin in folder.host().plugins] == ["beta", "zeta", "alpha", "gamma"]


def test_a_plugin_that_cannot_be_imported_is_named_and_the_others_stay(folder: PluginFolder) -> None:
    folder.add("broken", "raise RuntimeError('no database driver')")
    folder.add("sound")
    host = folder.host()
    assert host.names == {"sound"}
    assert problem(host, "broken") == "import: RuntimeError: no database driver"


def test_a_misspelt_hook_is_named(folder: PluginFolder) -> None:
    folder.add("typo", "@hookimpl\ndef menu_itms(district, actor): return []")
    host = folder.host()
    assert host.names == frozenset()
    assert "menu_itms" in problem(host, "typo")


def test_a_hook_with_an_unknown_argument_is_named(folder: PluginFolder) -> None:
    folder.add("typo", "@hookimpl\ndef menu_items(distrect): return []")
    assert "distrect" in problem(folder.host(), "typo")


def test_a_missing_requirement_is_named_and_what_needs_it_falls_too(folder: PluginFolder) -> None:
    folder.add("top", requires=("middle",))
    folder.add("middle", requires=("absent",))
    folder.add("aside")
    host = folder.host()
    assert host.names == {"aside"}
    assert "absent: not installed" in problem(host, "middle")
    assert problem(host, "top")


def test_a_cycle_is_named_in_every_member(folder: PluginFolder) -> None:
    folder.add("one", requires=("two",))
    folder.add("two", requires=("one",))
    host = folder.host()
    assert host.names == frozenset()
    assert "requires itself" in problem(host, "one") and "requires itself" in problem(host, "two")


def test_a_table_of_a_foreign_name_is_refused(folder: PluginFolder) -> None:
    table = """
    from sqlalchemy import Column, Integer, Table
    from core.db import Base
    Table("cases", Base.metadata, Column("district_id", Integer, primary_key=True))
    """
    folder.add("sly", files={"models.py": table})
    try:
        assert "table 'cases' must start with 'sly_'" in problem(folder.host(), "sly")
    finally:
        from core.db import Base

        Base.metadata.remove(Base.metadata.tables["cases"])


def test_folder_and_manifest_must_agree_on_the_name(folder: PluginFolder) -> None:
    folder.add("honest")
    folder.candidates["other"] = folder.candidates["honest"]
    assert "the manifest says 'honest'" in problem(folder.host(), "other")


def test_two_plugins_cannot_own_one_segment(folder: PluginFolder) -> None:
    folder.add("first", PAGES.format(name="first", segment="corsi"), segments=("corsi",))
    folder.add("second", PAGES.format(name="second", segment="corsi"), segments=("corsi",))
    host = folder.host()
    app = app_over(host)
    assert host.names == {"first"}
    assert "'corsi' belongs to 'first'" in problem(host, "second")
    assert [rule.endpoint for rule in app.url_map.iter_rules()] == ["first.index"]


def test_a_page_outside_the_own_segments_is_refused(folder: PluginFolder) -> None:
    folder.add("thief", PAGES.format(name="thief", segment="altrui"), segments=("proprio",))
    host = folder.host()
    app = app_over(host)
    assert "outside its segments" in problem(host, "thief")
    assert list(app.url_map.iter_rules()) == []


@pytest.mark.parametrize("segment", ["account", "api", "configura", "static", "Corsi", "a/b", ""])
def test_a_reserved_or_malformed_segment_is_refused(folder: PluginFolder, segment: str) -> None:
    folder.add("plain", segments=(segment,))
    assert "reserved or malformed" in problem(folder.host(), "plain")


def test_a_plugin_that_fails_at_registration_leaves_no_page(folder: PluginFolder) -> None:
    body = PAGES.format(name="half", segment="mezzo").replace("return [bp]", "return [bp, object()]")
    folder.add("half", body, segments=("mezzo",))
    folder.add("child", requires=("half",))
    host = folder.host()
    app = app_over(host)
    assert host.names == frozenset()
    assert list(app.url_map.iter_rules()) == []
    assert problem(host, "half").startswith("registration:")
    assert "requires 'half', which is broken" in problem(host, "child")


def test_a_foreign_distribution_that_owns_core_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = {"core": ["innesto", "somebody"], "plugins": ["innesto"]}
    monkeypatch.setattr(loader, "packages_distributions", lambda: owners)
    with pytest.raises(PluginError, match="somebody also installs a package named 'core'"):
        loader.check_package_owners()


def test_the_own_distribution_may_start() -> None:
    loader.check_package_owners()


def test_the_owner_of_a_page_is_the_longest_name_that_fits(folder: PluginFolder) -> None:
    folder.add("labs")
    folder.add("labs_extra")
    host = folder.host()
    assert host.owner_of("labs_extra_api") == "labs_extra"
    assert host.owner_of("labs_api") == "labs"
    assert host.owner_of("district") is None
