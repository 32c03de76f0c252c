"""What every installed plugin keeps to: the same names in the same places, and a plugin.py that only wires."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import tomllib
from pathlib import Path

import pytest
from sqlalchemy.orm import DeclarativeBase

from core.db import Base
from core.i18n import LANGUAGES
from core.installation import register_definitions
from core.loader import Host, Plugin
from core.records.definitions import record_types
from scripts.repository import REPO
from tests.contract.bilingual import italian_alone
from tests.contract.templates import context_comment, template_files, untranslated

HOST = Host().load()
PLUGINS = HOST.plugins
HOUSE = frozenset(
    {
        "__init__", "plugin", "settings", "models", "operations", "queries", "permissions", "forms", "schemas", "views",
        "presentation", "api", "console", "search", "tasks", "cli", "demo", "exports", "retention", "subjects",
    }
)  # fmt: skip
FOLDERS = frozenset({"forms", "workflows", "record_types", "migrations", "templates", "translations", "static"})
#: What writes to a session. Reading functions and pages never call these.
WRITING = frozenset({"add", "add_all", "delete", "merge", "flush", "commit", "bulk_save_objects", "execute"})
MOST_STATEMENTS = 3

each = pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.name)


def modules(plugin: Plugin) -> list[Path]:
    return sorted(plugin.manifest.folder.glob("*.py"))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_the_shipped_plugins_are_installed_and_none_is_broken() -> None:
    assert {"example", "public_info"} <= {plugin.name for plugin in PLUGINS}
    folders = {path.parent.name for path in (REPO / "plugins").glob("*/plugin.py")}
    assert folders <= {plugin.name for plugin in PLUGINS}


@each
def test_a_manifest_has_title_and_description_in_every_language(plugin: Plugin) -> None:
    for texts in (plugin.manifest.title, plugin.manifest.description):
        assert set(texts) == set(LANGUAGES)
        assert all(text.strip() for text in texts.values())


@each
def test_files_are_named_as_everywhere(plugin: Plugin) -> None:
    assert {path.stem for path in modules(plugin)} <= HOUSE
    folders = {path.name for path in plugin.manifest.folder.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= FOLDERS


@each
def test_plugin_py_only_wires(plugin: Plugin) -> None:
    functions = [node for node in tree(plugin.manifest.folder / "plugin.py").body if isinstance(node, ast.FunctionDef)]
    long = [node.name for node in functions if len(node.body) > MOST_STATEMENTS]
    assert long == []
    assert not [node for node in functions if not node.decorator_list], "plugin.py holds hooks and nothing else"


@each
def test_only_operations_write(plugin: Plugin) -> None:
    found = [
        f"{path.name}:{call.lineno} {call.func.attr}"
        for path in modules(plugin)
        if path.stem != "operations"
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in WRITING
        # A list of rows with several columns is read by it as well.
        if (path.stem, call.func.attr) != ("queries", "execute")
        if "session" in ast.unparse(call.func.value)
    ]
    assert found == []


@each
def test_operations_neither_commit_nor_know_a_request(plugin: Plugin) -> None:
    path = plugin.manifest.folder / "operations.py"
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\.commit\(|\.rollback\(", text)
    imported = {name.name for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom) for name in node.names}
    assert not imported & {"request", "current", "g"}


@each
def test_tables_carry_the_name_of_their_plugin_and_come_with_migrations(plugin: Plugin) -> None:
    models = [kind for kind in Base.registry.mappers if kind.class_.__module__ == f"{plugin.manifest.package}.models"]
    names = [_table(kind.class_) for kind in models]
    assert [name for name in names if not name.startswith(f"{plugin.name}_")] == []
    migrations = list(plugin.manifest.migrations.glob("*.py"))
    assert bool(migrations) == bool(names)
    text = "".join(path.read_text(encoding="utf-8") for path in migrations)
    assert [name for name in names if f'"{name}"' not in text] == []


def _table(kind: type[DeclarativeBase]) -> str:
    return str(kind.__tablename__)


@each
def test_settings_are_a_frozen_dataclass_whose_fields_have_defaults_and_words(plugin: Plugin) -> None:
    kind = plugin.manifest.settings
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    words = inspect.getdoc(kind) or ""
    for item in dataclasses.fields(kind):
        assert item.default is not dataclasses.MISSING or item.default_factory is not dataclasses.MISSING, item.name
        assert f"``{item.name}``" in words, f"{plugin.name}: the docstring of Settings does not tell of {item.name}"


@each
def test_a_plugin_has_a_page_that_explains_it(plugin: Plugin) -> None:
    page = (plugin.manifest.folder / "README.md").read_text(encoding="utf-8")
    assert page.startswith("# ")
    assert f"`{plugin.name}`" in page
    unexplained = [segment for segment in plugin.manifest.segments if f"/{segment}/" not in page]
    assert unexplained in ([], ["cerca"]), unexplained
    assert all(f"`{item.name}`" in page for item in dataclasses.fields(plugin.manifest.settings))


@each
def test_definitions_speak_every_language(plugin: Plugin) -> None:
    files = [
        path for kind in ("forms", "workflows", "record_types") for path in (plugin.manifest.folder / kind).glob("*")
    ]
    half = {path.name: italian_alone(tomllib.loads(path.read_text(encoding="utf-8"))) for path in files}
    assert {name: texts for name, texts in half.items() if texts} == {}


@each
def test_record_types_stand_at_addresses_of_their_plugin(plugin: Plugin) -> None:
    register_definitions(HOST, plugin)
    files = list((plugin.manifest.folder / "record_types").glob("*.toml"))
    assert {item.key for item in record_types(plugin.name)} == {file.stem for file in files}
    segments = {item.segment for item in record_types(plugin.name) if item.segment}
    assert segments <= set(plugin.manifest.segments)
    assert all(item.plugin == plugin.name and item.workflow.initial for item in record_types(plugin.name))


@each
def test_templates_lie_under_the_name_of_the_plugin(plugin: Plugin) -> None:
    folder = plugin.manifest.folder / "templates"
    assert [path.name for path in folder.glob("*")] in ([], [plugin.name])


@pytest.mark.parametrize("path", template_files(), ids=lambda path: str(path.relative_to(REPO)))
def test_a_template_says_first_what_it_is_given(path: Path) -> None:
    assert context_comment(path), f"{path.relative_to(REPO)} must begin with a comment that lists its context"


@pytest.mark.parametrize("path", template_files(), ids=lambda path: str(path.relative_to(REPO)))
def test_every_text_of_a_template_can_be_translated(path: Path) -> None:
    assert untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>Ciao {{ name }}</p>", ["Ciao"]),
        ("<p>{{ _('Ciao') }}</p>", []),
        ('<a title="Apri">{{ x }}</a>', ["Apri"]),
        ('<a aria-label="{{ _("Apri") }}" class="btn btn-primary">{{ x }}</a>', []),
        ("{# Ciao #}{% if a %} · {% endif %}", []),
    ],
)
def test_a_text_outside_gettext_is_seen(source: str, texts: list[str]) -> None:
    assert untranslated(source) == texts
