"""Each kind of answer, at its limits."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FieldError, Invalid
from core.forms.definition import Field
from core.forms.lookups import Lookups
from core.forms.types import FIELD_TYPES
from tests.core.forms.examples import clean, field

LONG = "a" * 1_000_000


@pytest.mark.parametrize(
    ("type_", "properties", "value", "answer"),
    [
        ("text", {}, "  due\nrighe\x00 ", "due righe"),
        ("text", {}, " \t ", None),
        ("text", {"max_length": 3}, "abc", "abc"),
        ("text", {"pattern": "[a-c]+"}, "abc", "abc"),
        ("text", {"localized": True}, "ciao", {"it": "ciao"}),
        ("text", {"localized": True}, {"en": "hello", "it": ""}, {"en": "hello"}),
        ("text", {"localized": True}, {"it": " "}, None),
        ("long_text", {}, "a  \r\nb\n\n", "a\nb"),
        ("integer", {"min": 1, "max": 3}, "3", 3),
        ("integer", {"min": 1, "max": 3}, 1, 1),
        ("integer", {}, "-0", 0),
        ("decimal", {}, "1.234,50", "1234.5"),
        ("decimal", {}, "0,10", "0.1"),
        ("decimal", {}, 1.25, "1.25"),
        ("decimal", {"places": 3}, 1.234, "1.234"),
        ("decimal", {}, "100", "100"),
        ("decimal", {}, "-0,00", "0"),
        ("money", {}, "260", 26000),
        ("money", {}, "1.234,56 €", 123456),
        ("money", {}, "1.234.567", 123456700),
        ("money", {}, "260.5", 26050),
        ("money", {}, 26000, 26000),
        ("date", {}, "31/03/2026", "2026-03-31"),
        ("date", {"min": "2026-03-31", "max": "2026-03-31"}, "2026-03-31", "2026-03-31"),
        ("date", {}, date(2026, 2, 28), "2026-02-28"),
        ("yes_no", {}, "no", False),
        ("yes_no", {}, True, True),
        ("choice", {}, " a ", "a"),
        ("choices", {}, ["b", "a", "b", ""], ["b", "a"]),
        ("choices", {"max_items": 1}, ["a"], ["a"]),
        ("email", {}, " Ada@Esempio.IT ", "Ada@esempio.it"),
        ("phone", {}, "+39  0331 123456", "+39 0331 123456"),
        ("url", {}, "https://esempio.it/a?b=c", "https://esempio.it/a?b=c"),
        ("municipalities", {}, ["015182", "015182"], ["015182"]),
        ("records", {}, "uno\ndue \n\n", ["uno", "due"]),
        ("rows", {}, [{"name": "uno"}, {}, {"name": ""}], [{"name": {"it": "uno"}}]),
        ("rows", {"max_items": 2}, [{"name": "a"}, {"name": "b"}], [{"name": {"it": "a"}}, {"name": {"it": "b"}}]),
    ],
)
def test_a_good_answer_is_stored_in_one_form(type_: str, properties: dict[str, Any], value: Any, answer: Any) -> None:
    assert clean(type_, value, **properties) == answer
    assert clean(type_, answer, **properties) == answer


@pytest.mark.parametrize(
    ("type_", "properties", "value", "code"),
    [
        ("text", {"max_length": 3}, "abcd", "max_length"),
        ("text", {}, LONG, "max_length"),
        ("long_text", {}, LONG, "max_length"),
        ("rich_text", {}, LONG, "max_length"),
        ("text", {}, 3, "type"),
        ("text", {"pattern": "[a-c]+"}, "abcd", "pattern"),
        ("text", {"localized": True}, {"de": "hallo"}, "language"),
        ("text", {"localized": True}, ["ciao"], "type"),
        ("integer", {"min": 1}, 0, "min"),
        ("integer", {"max": 3}, "4", "max"),
        ("integer", {}, "1" * 17, "type"),
        pytest.param("integer", {}, 10**5000, "max", id="5000-digits"),
        ("integer", {}, True, "type"),
        ("integer", {}, 1.5, "type"),
        ("decimal", {}, "NaN", "type"),
        ("decimal", {}, "Infinity", "type"),
        ("decimal", {}, "1E+999999", "type"),
        ("decimal", {}, math.nan, "max"),
        ("decimal", {}, math.inf, "max"),
        ("decimal", {}, Decimal("1E+999999"), "max"),
        ("decimal", {"places": 1}, "0,15", "places"),
        ("decimal", {}, "1.234", "places"),
        ("money", {}, "1.234", "places"),
        ("decimal", {"max": 5}, "5,01", "max"),
        ("money", {}, "0,001", "places"),
        ("money", {"min": 0}, -1, "min"),
        ("money", {}, 2.5, "type"),
        ("date", {}, "31/02/2026", "type"),
        ("date", {}, "2026-3-31", "type"),
        ("date", {"max": "2026-03-30"}, "2026-03-31", "max"),
        ("date", {}, 20260331, "type"),
        ("yes_no", {}, "forse", "type"),
        ("yes_no", {}, 1, "type"),
        ("choice", {}, "c", "unknown"),
        ("choices", {"min_items": 2}, ["a", "a"], "min_items"),
        ("choices", {"max_items": 1}, ["a", "b"], "max_items"),
        ("choices", {}, "a", "type"),
        ("email", {}, "ada@", "invalid"),
        ("email", {}, "a" * 255, "max_length"),
        ("phone", {}, "0331-abc", "invalid"),
        ("url", {}, "javascript:alert(1)", "invalid"),
        ("url", {}, "https://[", "invalid"),
        ("url", {}, "https://a b", "invalid"),
        ("municipalities", {}, ["Rho"], "unknown"),
        ("records", {}, ["a" * 101], "max_length"),
        ("records", {}, [str(n) for n in range(201)], "max_items"),
        ("rows", {"max_items": 2}, [{}, {}, {}], "max_items"),
        ("rows", {}, [{"name": "a"}] * 101, "max_items"),
        ("rows", {}, [["a"]], "type"),
        ("rows", {}, [{"age": 3}], "unknown"),
        ("rows", {"min_items": 2}, [{"name": "a"}], "min_items"),
    ],
)
def test_a_wrong_answer_gets_one_message_and_its_reason(
    type_: str, properties: dict[str, Any], value: Any, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        clean(type_, value, **properties)
    assert [error.code for error in caught.value.errors] == [code]
    assert len(caught.value.errors[0].message) < 200


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["it", "en", "name"]), inner)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("localized", [False, True])
@pytest.mark.parametrize("name", sorted(FIELD_TYPES))
@settings(max_examples=60, deadline=None)
@given(value=JUNK)
def test_whatever_arrives_is_an_answer_or_an_error_with_a_message(name: str, localized: bool, value: Any) -> None:
    type_ = FIELD_TYPES[name]
    question = field(name, localized=localized and type_.localizable)
    try:
        answer = type_.clean(question, value)
    except Invalid as invalid:
        problems = invalid.errors
    else:
        problems = ()
        check_stored(question, answer)
    assert all(isinstance(problem, FieldError) and problem.message for problem in problems)


def check_stored(question: Field, answer: Any) -> None:
    """What was accepted once is accepted again, can be shown and can be filtered."""
    type_ = FIELD_TYPES[question.type]
    if answer is None:
        return
    assert type_.clean(question, answer) == answer
    assert isinstance(type_.display(question, answer), str)
    for value in type_.values(question, answer):
        assert [value.text, value.number, value.date].count(None) == 2


@settings(max_examples=200, deadline=None)
@given(value=st.text())
@pytest.mark.parametrize("name", ["integer", "decimal", "money", "date"])
def test_a_typed_text_survives_being_shown_again(name: str, value: str) -> None:
    type_, question = FIELD_TYPES[name], field(name)
    try:
        answer = type_.clean(question, value)
    except Invalid:
        return
    assert type_.clean(question, type_.to_input(question, answer)) == answer


@given(cents=st.integers(-(10**15), 10**15))
def test_every_amount_survives_being_shown_again(cents: int) -> None:
    question = field("money")
    assert FIELD_TYPES["money"].clean(question, FIELD_TYPES["money"].to_input(question, cents)) == cents


def test_an_answer_is_shown_in_plain_italian() -> None:
    lookups = Lookups(municipalities={"015182": "Rho"})
    shown = {
        "money": FIELD_TYPES["money"].display(field("money"), 26000).replace("\xa0", " "),
        "date": FIELD_TYPES["date"].display(field("date"), "2026-03-01"),
        "choices": FIELD_TYPES["choices"].display(field("choices"), ["a", "z"]),
        "yes_no": FIELD_TYPES["yes_no"].display(field("yes_no"), True),
        "municipalities": FIELD_TYPES["municipalities"].display(field("municipalities"), ["015182"], lookups),
        "decimal": FIELD_TYPES["decimal"].display(field("decimal"), "1234.5"),
    }
    assert list(shown.values()) == ["260,00 €", "1 marzo 2026", "Alfa, z", "Sì", "Rho", "1.234,5"]


def test_a_municipality_is_known_by_code_and_by_name() -> None:
    lookups = Lookups(municipalities={"015182": "Rho", "015061": "Cantù"})
    names = ["rho", "015061", " CANTU "]
    assert FIELD_TYPES["municipalities"].clean(field("municipalities"), names, lookups) == ["015182", "015061"]
