"""Settings of plugins are typed, layered and traceable."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from core.districts.settings import dump_setting, read_setting, resolve, setting_fields
from core.errors import ConfigError
from tests.core.districts.samples import DeskSettings


@dataclass(frozen=True)
class Everything:
    share: Decimal = Decimal("0.5")
    day: date = date(2020, 1, 1)
    note: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = field(default=(), metadata={"choices": ("a", "b")})


def test_the_console_wins_over_the_model_and_the_model_over_the_plugin() -> None:
    found = resolve(DeskSettings, {"page_size": 10, "title": "M"}, {"page_size": "v/model.toml"}, {"title": "C"})
    assert found.value == DeskSettings(page_size=10, title="C")
    layers = {name: origin.layer for name, origin in found.origins.items()}
    assert layers == {
        "page_size": "model",
        "title": "district",
        "order": "plugin",
        "hidden": "plugin",
        "open": "plugin",
    }
    assert found.origins["page_size"].file == "v/model.toml"


def test_a_stored_value_that_no_longer_fits_is_named_and_left_out() -> None:
    found = resolve(DeskSettings, {"page_size": 0, "gone": 1}, {}, {"order": "size"})
    assert found.value == DeskSettings()
    assert len(found.problems) == 3


@pytest.mark.parametrize(
    ("key", "raw"),
    [
        ("page_size", 0),
        ("page_size", 101),
        ("page_size", True),
        ("page_size", "10"),
        ("title", "x" * 21),
        ("title", 1),
        ("order", "size"),
        ("hidden", "a"),
        ("hidden", [1]),
        ("open", 1),
    ],
)
def test_a_wrong_type_or_a_value_out_of_range_is_refused(key: str, raw: object) -> None:
    with pytest.raises(ValueError):
        read_setting(setting_fields(DeskSettings)[key], raw)


@pytest.mark.parametrize(("key", "raw"), [("page_size", 1), ("page_size", 100), ("title", "x" * 20), ("hidden", ["a"])])
def test_the_limits_themselves_are_accepted(key: str, raw: object) -> None:
    assert dump_setting(read_setting(setting_fields(DeskSettings)[key], raw)) == raw


def test_every_declared_type_survives_being_stored() -> None:
    values = {
        "share": Decimal("0.25"),
        "day": date(2021, 2, 3),
        "note": "x",
        "labels": {"it": "a"},
        "kinds": ("a", "b"),
    }
    fields = setting_fields(Everything)
    assert {key: read_setting(fields[key], dump_setting(value)) for key, value in values.items()} == values
    assert read_setting(fields["note"], None) is None
    with pytest.raises(ValueError, match="a, b"):
        read_setting(fields["kinds"], ["a", "c"])


def test_a_combination_that_the_plugin_refuses_falls_back_to_its_defaults() -> None:
    @dataclass(frozen=True)
    class Ordered:
        low: int = 1
        high: int = 2

        def __post_init__(self) -> None:
            if self.low > self.high:
                raise ValueError("low is above high")

    found = resolve(Ordered, {"low": 5}, {}, {})
    assert found.value == Ordered()
    assert found.problems == ("low is above high",)


def test_a_setting_without_a_default_is_an_error_of_its_plugin() -> None:
    @dataclass(frozen=True)
    class Careless:
        size: int

    with pytest.raises(ConfigError, match="size"):
        setting_fields(Careless)
