"""What every model bundle keeps to: it loads, applies, comes back from an export unchanged, and its pages are whole."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.access import Actor, load_actor
from core.access import select as select_for
from core.db import Database
from core.districts import diff, operations, snapshots
from core.districts.bundle import Bundle
from core.districts.export import export_bundle
from core.districts.loading import available_models, load_folder, load_model
from core.forms.validation import missing_complete
from core.installation import register_definitions
from core.loader import Host
from core.records import operations as records
from core.records import queries as record_queries
from core.records.definitions import form_of, record_types
from core.records.exchange import import_lines
from core.records.models import Record
from core.web.labels import BODY_ROLES
from scripts.repository import REPO
from tests.conftest import REQUIREMENTS
from tests.contract.bilingual import italian_alone

MODELS = REPO / "config" / "models"
NAMES = available_models(MODELS)
SYSTEM = Actor.system(1, "test")
#: Made once: tables and record types of plugins are known to a process once for all.
HOST = Host().load()

each = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def installed() -> None:
    """The shipped plugins, whatever another test named before."""
    snapshots.use(HOST)
    for plugin in HOST.plugins:
        register_definitions(HOST, plugin)


def bundle(name: str) -> Bundle:
    return load_model(MODELS, name, HOST)


def found(database: Database, name: str) -> None:
    operations.found_district(database, bundle(name), actor=SYSTEM)


def fill(database: Database, name: str) -> list[Any]:
    """Import the content of a bundle strictly; the reports."""
    reports = []
    for file in sorted((MODELS / name / "content").glob("*.jsonl")):
        with database.write(1) as session, file.open("rb") as lines:
            reports.append(import_lines(session, lines, actor=SYSTEM))
    return reports


def tables(name: str, file: str) -> dict[str, Any]:
    return tomllib.loads((MODELS / name / file).read_text(encoding="utf-8"))


def test_there_are_bundles() -> None:
    assert len(NAMES) >= 5
    assert len({bundle(name).slug for name in NAMES}) == len(NAMES)


@each
def test_a_bundle_is_a_folder_of_the_known_files(name: str) -> None:
    known = {
        "model.toml",
        "parameters.toml",
        "vocabularies.toml",
        "synonyms.toml",
        "roles.toml",
        "processing.toml",
        "content",
    }
    assert {path.name for path in (MODELS / name).iterdir()} <= known


@each
def test_an_applied_bundle_leaves_nothing_to_apply(any_database: Database, name: str) -> None:
    found(any_database, name)
    with any_database.read(1) as session:
        assert diff.preview(session, bundle(name)) == ()


@each
def test_an_export_is_a_bundle_that_changes_nothing(any_database: Database, tmp_path: Path, name: str) -> None:
    found(any_database, name)
    with any_database.read(1) as session:
        export_bundle(session, tmp_path / "out")
        exported = load_folder(tmp_path / "out", HOST)
        assert diff.preview(session, exported) == ()


@each
def test_every_parameter_names_a_requirement_that_exists_and_a_source(name: str) -> None:
    for row in tables(name, "parameters.toml")["parameters"]:
        assert row.get("requirement", "") in {"", *REQUIREMENTS}, row["key"]
        assert all(value.get("source") for value in row["values"]), row["key"]


@each
def test_every_parameter_belongs_to_core_or_to_an_installed_plugin(name: str) -> None:
    assert {spec.parameter.owner for spec in bundle(name).parameters} <= {"core", *HOST.names}


@each
def test_every_text_that_people_read_has_its_english(name: str) -> None:
    missing = [text for file in (MODELS / name).glob("*.toml") for text in italian_alone(tables(name, file.name))]
    assert missing == []


@each
def test_the_content_of_a_bundle_comes_in_without_a_word(sqlite_database: Database, name: str) -> None:
    found(sqlite_database, name)
    reports = fill(sqlite_database, name)
    assert reports
    assert [(note.number, note.message) for report in reports for note in (*report.errors, *report.warnings)] == []


@each
def test_every_published_page_of_a_bundle_is_complete(sqlite_database: Database, name: str) -> None:
    found(sqlite_database, name)
    fill(sqlite_database, name)
    with sqlite_database.read(1) as session:
        published = session.scalars(select(Record).where(Record.state == "published")).all()
        assert len(published) >= 8
        forms = {record.ref: form_of(session, record) for record in published}
    assert [r.ref for r in published if missing_complete(forms[r.ref], r.answers)] == []


@each
def test_a_visitor_reads_what_is_published_and_nothing_else(sqlite_database: Database, name: str) -> None:
    found(sqlite_database, name)
    fill(sqlite_database, name)
    with sqlite_database.write(1) as session:
        hidden = record_queries.listing(session, SYSTEM, "service").items[0]
        records.fire(session, hidden, "withdraw", actor=SYSTEM)
        ref = hidden.ref
    with sqlite_database.read(1) as session:
        visitor = load_actor(session, None)
        seen = {row.ref for row in session.scalars(select_for(visitor, Record, "read")).all()}
        published = set(session.scalars(select(Record.ref).where(Record.state == "published")))
    assert seen == published
    assert ref not in seen


@each
def test_the_visitor_role_may_read_each_public_type_and_do_nothing(name: str) -> None:
    role = next(role for role in bundle(name).roles if role.visitor)
    shown = {item.key for item in record_types() if item.plugin in bundle(name).plugins}
    assert {grant["resource"] for grant in role.grants} == shown
    assert {action for grant in role.grants for action in grant["actions"]} == {"read"}
    assert {grant["scope"] for grant in role.grants} == {"public"}


@each
def test_every_role_of_an_organisation_has_words_on_screen(name: str) -> None:
    assert {role for body in bundle(name).organisations for role in body.roles} <= set(BODY_ROLES)
