"""What the docs quote and show is what the code says: quotes are compared, examples are read by the real loaders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.access import Actor
from core.db import Database
from core.districts import diff, operations, snapshots
from core.districts.loading import load_folder
from core.districts.parameters import PARAMETER_TYPES
from core.districts.parsing import ORGANISATION_KINDS
from core.forms.types import FIELD_TYPES
from core.installation import register_definitions
from core.loader import Host
from core.records.definitions import RecordType, forget_record_types, load_record_types
from core.toolkit import __all__ as toolkit
from scripts.repository import REPO

HOST = Host().load()
PLUGINS = (REPO / "docs" / "plugins.md").read_text(encoding="utf-8")
DEFINITIONS = (REPO / "docs" / "definitions.md").read_text(encoding="utf-8")
QUOTES = re.findall(r"^<!-- (plugins/\S+) -->\n```\w*\n(.*?)^```$", PLUGINS, re.MULTILINE | re.DOTALL)
EXAMPLES = dict(re.findall(r"^```toml\n# (\S+)\n(.*?)^```$", DEFINITIONS, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize(("file", "text"), QUOTES, ids=[f"{place}-{file}" for place, (file, _) in enumerate(QUOTES)])
def test_a_quote_is_what_stands_in_the_file(file: str, text: str) -> None:
    assert text in (REPO / file).read_text(encoding="utf-8"), f"docs/plugins.md quotes {file} as it was before"


def test_every_code_file_of_the_example_is_quoted() -> None:
    folder = REPO / "plugins" / "example"
    files = {f"plugins/example/{path.name}" for path in folder.glob("*.py")} - {"plugins/example/__init__.py"}
    assert {file for file, _text in QUOTES} == files
    blocks = len(re.findall(r"^```python$", PLUGINS, re.MULTILINE))
    assert blocks == len(QUOTES), "a block of Python in docs/plugins.md is not marked with its file"


def test_what_the_example_imports_of_the_core_is_in_the_toolkit() -> None:
    imports = re.findall(r"from core\.toolkit import (\([^)]*\)|[^\n]*)", "".join(p.read_text("utf-8") for p in code()))
    names = {name for block in imports for name in re.findall(r"\w+", block)}
    assert names
    assert names <= set(toolkit)


def code() -> list[Path]:
    return sorted((REPO / "plugins" / "example").glob("*.py"))


def test_every_toml_block_of_the_page_is_an_example_of_a_file() -> None:
    assert len(re.findall(r"^```toml$", DEFINITIONS, re.MULTILINE)) == len(EXAMPLES)
    model = {f"{name}.toml" for name in ("model", "parameters", "vocabularies", "synonyms", "roles", "processing")}
    assert set(EXAMPLES) == model | {"forms/leaflet.toml", "workflows/simple.toml", "record_types/leaflet.toml"}


@pytest.fixture
def leaflet(tmp_path: Path) -> Iterator[RecordType]:
    """The record type of the page, registered for one test."""
    write(tmp_path, [name for name in EXAMPLES if "/" in name])
    yield load_record_types("docs", tmp_path)[0]
    forget_record_types("docs")


def write(folder: Path, names: list[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(EXAMPLES[name], encoding="utf-8")


def test_the_examples_of_form_workflow_and_record_type_are_accepted(leaflet: RecordType) -> None:
    assert leaflet.segment == "schede-di-prova"
    assert [field.key for field in leaflet.form.fields] == ["title", "summary", "topics", "availability", "phases"]
    assert leaflet.workflow.demands_complete("published")


def test_the_example_of_a_model_is_accepted_and_applies(sqlite_database: Database, tmp_path: Path) -> None:
    write(tmp_path / "valle", [name for name in EXAMPLES if "/" not in name])
    snapshots.use(HOST)
    for plugin in HOST.plugins:
        register_definitions(HOST, plugin)
    bundle = load_folder(tmp_path / "valle", HOST)
    operations.found_district(sqlite_database, bundle, actor=Actor.system(1, "test"))
    with sqlite_database.read(1) as session:
        assert diff.preview(session, bundle) == ()
    snapshot = snapshots.get(sqlite_database, "valle")
    assert snapshot
    assert not snapshot.has("public_info", "015118")
    assert snapshot.synonyms == (("borsa lavoro", "work grant"),)


def test_the_table_of_field_types_is_complete() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", DEFINITIONS, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(FIELD_TYPES)


def test_the_page_names_every_kind_of_organisation_and_type_of_parameter() -> None:
    kinds = DEFINITIONS.partition("`kind` of an organisation is one of")[2].partition(". Its")[0]
    types = DEFINITIONS.partition("`type` is one of")[2].partition("Values of one place")[0]
    assert set(re.findall(r"`([a-z_]+)`", kinds)) == set(ORGANISATION_KINDS)
    assert set(re.findall(r"`([a-z_]+)`", types)) == set(PARAMETER_TYPES)
