"""Record types from plugins, and versions that nothing can change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from core.db import Database
from core.errors import ConfigError, NotFound, PluginError, Refused
from core.forms.validation import display
from core.records import definitions
from core.records.definitions import ensure_published, form_of, load_record_types, record_type, record_types
from core.records.models import Definition, Record
from core.records.operations import change_record, create_record, upgrade_record
from core.records.slugs import RESERVED, SlugBook, slugify
from tests.core.records.conftest import DESK, EDITOR, HERE, leaflet

REPO = Path(__file__).resolve().parents[3]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(DESK, tmp_path / "desk")


def rewrite(path: Path, old: str, new: str) -> None:
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new, 1), encoding="utf-8")


def test_types_are_registered_by_key() -> None:
    assert [item.key for item in record_types("desk")] == ["leaflet", "memo"]
    assert (record_type("leaflet").segment, record_type("leaflet").searched, record_type("memo").searched) == (
        "volantini", True, False,
    )  # fmt: skip
    with pytest.raises(NotFound):
        record_type("poster")


@pytest.mark.parametrize(
    ("file", "old", "new", "named"),
    [
        ("record_types/leaflet.toml", 'form = "leaflet"', 'form = "lost"', "form"),
        ("record_types/leaflet.toml", 'title_field = "title"', 'title_field = "body"', "title_field"),
        ("record_types/leaflet.toml", 'summary_field = "summary"', 'summary_field = "x"', "summary_field"),
        ("record_types/leaflet.toml", '"title", "state"', '"title", "colour"', "faces.list.columns"),
        ("record_types/leaflet.toml", "enabled = true", "on = true", "faces.search.on"),
        ("record_types/leaflet.toml", "[faces.search]", "[faces.find]", "faces.find"),
        ("forms/leaflet.toml", 'key = "leaflet"', 'key = "other"', "key"),
        ("workflows/simple.toml", 'initial = "draft"', 'initial = "none"', "initial"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_of_the_plugin_changes(
    copy: Path, file: str, old: str, new: str, named: str
) -> None:
    rewrite(copy / file, old, new)
    with pytest.raises(ConfigError) as caught:
        load_record_types("desk", copy)
    assert caught.value.key == named
    assert Path(caught.value.file).is_relative_to(copy)
    assert len(record_types("desk")) == 2


def test_a_type_of_another_plugin_cannot_be_taken() -> None:
    with pytest.raises(PluginError, match="'leaflet' belongs to plugin 'desk'"):
        load_record_types("thief", DESK)


@pytest.mark.parametrize(
    "folder", sorted(p.parent for p in (REPO / "plugins").glob("*/record_types")), ids=lambda p: p.name
)
def test_record_types_that_plugins_ship_are_sound(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Another test may have loaded the plugin already, under its own name.
    monkeypatch.setattr(definitions, "_types", {})
    assert load_record_types("shipped", folder)


def test_a_definition_is_published_once_until_it_changes(desk: Database, copy: Path) -> None:
    with desk.write(HERE) as session:
        assert ensure_published(session, "desk") == 3
        assert ensure_published(session, "desk") == 0
        rewrite(copy / "forms/leaflet.toml", "max_length = 160", "max_length = 170")
        load_record_types("desk", copy)
        assert ensure_published(session, "desk") == 1
        rows = session.execute(select(Definition.key, Definition.version).order_by(Definition.key, Definition.version))
        assert [tuple(row) for row in rows] == [("leaflet", 1), ("leaflet", 2), ("memo", 1), ("simple", 1)]


def test_fifty_records_of_the_first_version_stay_readable_after_the_second(desk: Database, copy: Path) -> None:
    with desk.write(HERE) as session:
        for number in range(50):
            create_record(session, "leaflet", leaflet(f"Numero {number}", price=100 * number), actor=EDITOR)
    rewrite(copy / "forms/leaflet.toml", 'key = "price"', 'key = "cost"')
    load_record_types("desk", copy)
    with desk.write(HERE) as session:
        create_record(session, "leaflet", leaflet("Nuovo", cost=7), actor=EDITOR)
        old = session.scalars(select(Record).where(Record.form_version == 1).order_by(Record.ref)).all()
        assert len(old) == 50
        assert {display(form_of(session, r), "price", r.answers) for r in old} >= {"0,00\xa0€", "49,00\xa0€"}
        change_record(session, old[0], {"price": 5}, actor=EDITOR, version=1, partial=True)
        assert (old[0].form_version, old[0].answers["price"]) == (1, 5)


def test_an_upgrade_that_would_lose_an_answer_is_refused(small_desk: Database, copy: Path) -> None:
    with small_desk.write(HERE) as session:
        with_price = create_record(session, "leaflet", leaflet(price=1), actor=EDITOR)
        without = create_record(session, "leaflet", leaflet(), actor=EDITOR)
        rewrite(copy / "forms/leaflet.toml", 'key = "price"', 'key = "cost"')
        load_record_types("desk", copy)
        with pytest.raises(Refused, match="price"):
            upgrade_record(session, with_price, actor=EDITOR, version=1)
        assert upgrade_record(session, without, actor=EDITOR, version=1).form_version == 2


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Cos'è il tirocinio?", "cos-e-il-tirocinio"),
        ("L'età & la città", "l-eta-e-la-citta"),
        ("  D.Lgs. 81/2008 ", "d-lgs-81-2008"),
        ("Straße Œuvre 5 €", "strasse-oeuvre-5-euro"),
        ("日本", "scheda"),
        ("parola " * 30, "-".join(["parola"] * 12) + "-parola"),
        ("a" * 200, "a" * 90),
    ],
)
def test_a_title_becomes_a_readable_slug(title: str, slug: str) -> None:
    assert slugify(title) == slug[:90].rstrip("-")


def test_taken_and_reserved_slugs_get_a_number() -> None:
    book = SlugBook(["corso", "corso-3"])
    assert [book.take("Corso") for _ in range(3)] == ["corso-2", "corso-4", "corso-5"]
    assert all(book.take(word) == f"{word}-2" for word in RESERVED)
