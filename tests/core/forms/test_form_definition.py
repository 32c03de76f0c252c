"""Definitions say exactly what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.forms.definition import load_form, parse_form
from core.forms.types import FIELD_TYPES
from tests.core.forms.examples import NEEDS, OPTIONS, form

REPO = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"typo": 1}, "fields[x].typo"),
        ({"type": "colour"}, "fields[x].type"),
        ({"type": 3}, "fields[x].type"),
        ({"label": "Testo"}, "fields[x].label"),
        ({"label": {"en": "Text"}}, "fields[x].label.it"),
        ({"label": {"it": "x", "de": "y"}}, "fields[x].label.de"),
        ({"required": "yes"}, "fields[x].required"),
        ({"section": "none"}, "fields[x].section"),
        ({"max_length": 0}, "fields[x].max_length"),
        ({"max_length": 501}, "fields[x].max_length"),
        ({"pattern": "("}, "fields[x].pattern"),
        ({"search": "head"}, "fields[x].search"),
        ({"field_class": "penal", "filterable": True}, "fields[x].field_class"),
        ({"type": "integer", "localized": True}, "fields[x].localized"),
        ({"type": "integer", "min": 2, "max": 1}, "fields[x].min"),
        ({"type": "decimal", "min": "due"}, "fields[x].min"),
        ({"type": "date", "min": "domani"}, "fields[x].min"),
        ({"type": "choice"}, "fields[x].options"),
        ({"type": "choice", "options": OPTIONS, "vocabulary": "v"}, "fields[x].options"),
        ({"type": "choice", "options": OPTIONS * 2}, "fields[x].options[a]"),
        ({"type": "choices", "options": OPTIONS, "min_items": 2, "max_items": 1}, "fields[x].min_items"),
        ({"type": "rows"}, "fields[x].fields"),
        ({"type": "rows", "fields": []}, "fields[x].fields"),
        ({"type": "rows", "fields": [{"key": "y", "type": "rows", "label": {"it": "y"}}]}, "fields[x].fields[y].type"),
    ],
)
def test_a_wrong_property_is_named_with_its_path(broken: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as caught:
        form({"key": "x", "type": "text", **broken})
    assert (caught.value.file, caught.value.key) == ("form", named)


@pytest.mark.parametrize(
    "name", ["data", "errors", "validate", "populate_obj", "id", "slug", "validate_x", "a__b", "1x", "è"]
)
def test_a_name_that_would_collide_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"reserved|not a valid name"):
        form({"key": name, "type": "text"})


def test_two_fields_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="defined twice"):
        form({"key": "x", "type": "text"}, {"key": "x", "type": "text"})


def test_a_broken_or_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(b"key = \xff")
    for file in (path, tmp_path / "missing.toml"):
        with pytest.raises(ConfigError, match=file.name):
            load_form(file)


def test_the_digest_follows_the_content_and_survives_json() -> None:
    one = form({"key": "x", "type": "decimal", "min": 1})
    assert one.digest == parse_form(one.content).digest
    assert one.digest != form({"key": "x", "type": "decimal", "min": 2}).digest


def test_every_type_can_be_defined() -> None:
    for name in FIELD_TYPES:
        assert form({"key": "x", "type": name, **NEEDS.get(name, {})}).fields[0].type == name


@pytest.mark.parametrize("path", sorted((REPO / "plugins").glob("*/forms/*.toml")), ids=lambda path: path.stem)
def test_forms_that_plugins_ship_are_sound(path: Path) -> None:
    assert load_form(path).key == path.stem
