"""A parameter is judged on the day of the event, at the narrowest place that has a value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.districts.parameters import (
    DatedValue,
    Parameter,
    first_overlap,
    overlay,
    read_value,
    show_value,
    value_from_text,
)

FIRST, SECOND, THIRD = date(2020, 1, 1), date(2021, 1, 1), date(2022, 1, 1)


def ceiling(*values: DatedValue, local: bool = True) -> Parameter:
    return Parameter("grant.ceiling", "cents", local=local, values=values)


@pytest.mark.parametrize(
    ("on", "value"),
    [
        (date(2019, 12, 31), None),
        (FIRST, 100),
        (date(2020, 12, 31), 100),
        (SECOND, 200),
        (date(2021, 12, 31), 200),
        (THIRD, None),
    ],
)
def test_the_first_day_counts_and_the_last_one_does_not(on: date, value: int | None) -> None:
    parameter = ceiling(DatedValue(100, FIRST, SECOND), DatedValue(200, SECOND, THIRD))
    found = parameter.at(on)
    assert (found.value if found else None) == value


def test_the_narrower_place_wins_and_the_console_wins_over_the_model() -> None:
    model = DatedValue(1, FIRST, file="m.toml")
    area_of_model = DatedValue(3, FIRST, layer="subarea", place="est", file="m.toml")
    values = [model, DatedValue(2, FIRST, layer="district"), area_of_model]
    values += [
        DatedValue(4, FIRST, layer="subarea", place="est"),
        DatedValue(5, FIRST, layer="municipality", place="015118"),
    ]
    seen = []
    for number in range(1, len(values) + 1):
        found = ceiling(*values[:number]).at(FIRST, [("municipality", "015118"), ("subarea", "est")])
        assert found
        seen.append(found.value)
    assert seen == [1, 2, 3, 4, 5]


def test_a_place_counts_only_for_local_parameters_and_only_for_itself() -> None:
    values = (DatedValue(1, FIRST), DatedValue(5, FIRST, layer="municipality", place="015118"))
    here = [("municipality", "015118")]
    assert ceiling(*values, local=False).at(FIRST, here) == values[0]
    assert ceiling(*values).at(FIRST, [("municipality", "015166")]) == values[0]
    assert ceiling(*values).at(FIRST, here) == values[1]


def test_values_that_touch_do_not_overlap_and_a_shared_day_does() -> None:
    one, other = DatedValue(1, FIRST, SECOND), DatedValue(2, SECOND)
    assert first_overlap([other, one]) is None
    assert first_overlap([DatedValue(1, FIRST, date(2021, 1, 2)), other])
    assert first_overlap([DatedValue(1, FIRST), other])
    assert first_overlap([DatedValue(1, FIRST), DatedValue(2, SECOND, layer="subarea", place="est")]) is None


def test_an_overlay_cuts_what_lies_under_it() -> None:
    base = [DatedValue(1, FIRST)]
    top = [DatedValue(2, SECOND, THIRD)]
    pieces = [(v.value, v.valid_from, v.valid_to) for v in overlay(base, top)]
    assert pieces == [(1, FIRST, SECOND), (2, SECOND, THIRD), (1, THIRD, None)]
    assert overlay(overlay(base, top), top) == overlay(base, top)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("integer", True),
        ("integer", "3"),
        ("integer", Decimal("1.5")),
        ("cents", -1),
        ("cents", Decimal("2.6")),
        ("decimal", "NaN"),
        ("decimal", "uno"),
        ("text", "  "),
        ("yes_no", 1),
        ("choice", "z"),
    ],
)
def test_a_wrong_value_is_refused_in_italian(kind: str, raw: object) -> None:
    with pytest.raises(ValueError, match=r"serve|scegli"):
        read_value(kind, raw, ("a", "b"))


def test_values_are_read_from_text_and_shown_with_their_unit() -> None:
    assert value_from_text("decimal", "0,5") == Decimal("0.5")
    assert value_from_text("yes_no", "Sì") is True
    assert show_value("cents", 126005) == "1.260,05 €"
    assert show_value("integer", 2, "months") == "2 months"
    with pytest.raises(ValueError, match="intero"):
        value_from_text("integer", "due")
