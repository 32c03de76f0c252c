"""One definition, every face."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from marshmallow.class_registry import _registry
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from core.forms import html
from core.forms.faces import json_schema, marshmallow_schema
from core.forms.html import bind, wtform_class
from core.forms.lookups import Lookups
from core.forms.posted import RowAction, apply_row_action, read_posted, read_row_action, to_inputs
from core.forms.richtext import _parsed_page, _parsed_words, plain, render
from core.forms.types import FIELD_TYPES
from core.forms.validation import missing_complete, validate
from tests.core.forms.examples import NEEDS, form

PAGE = form(
    {"key": "title", "type": "text", "localized": True, "required": True, "max_length": 10},
    {"key": "price", "type": "money", "complete": True},
    {"key": "open", "type": "yes_no"},
    {"key": "places", "type": "municipalities"},
    {
        "key": "phases",
        "type": "rows",
        "max_items": 2,
        "fields": [
            {"key": "name", "type": "text", "label": {"it": "Nome"}, "localized": True, "required": True},
            {"key": "data2", "type": "integer", "label": {"it": "Giorni"}},
        ],
    },
)
POSTED: MultiDict[str, str] = MultiDict(
    [
        ("f_title__it", "Titolo troppo lungo"),
        ("f_title__en", "Title"),
        ("f_price", "dieci"),
        ("f_places", "015182"),
        ("f_places", "015009"),
        ("f_phases-7-name__it", "Dopo"),
        ("f_phases-0-name__it", "Prima"),
        ("f_phases-0-data2", "x"),
        ("csrf_token", "t"),
    ]
)


def test_nothing_typed_is_lost_when_something_is_wrong() -> None:
    raw = read_posted(PAGE, POSTED)
    with pytest.raises(Invalid) as caught:
        validate(PAGE, raw)
    errors = caught.value.errors
    assert {error.field for error in errors} == {"title__it", "price", "phases-0-data2"}
    bound = bind(PAGE, raw, errors=errors, lookups=Lookups(municipalities={"015182": "Rho"}))
    fields = {item.definition.key: item for item in bound.sections[0].fields}
    assert [(code, i.data, bool(i.errors)) for code, i in fields["title"].inputs] == [
        ("it", "Titolo troppo lungo", True),
        ("en", "Title", False),
    ]
    assert (
        fields["price"].inputs[0][1]()
        == '<input id="f_price" inputmode="decimal" name="f_price" type="text" value="dieci">'
    )
    assert 'value="015009"' in fields["places"].inputs[0][1]()
    rows = [[i.name for _code, i in item.inputs] for row in fields["phases"].rows for item in row]
    assert rows[0] == ["f_phases-0-name__it", "f_phases-0-name__en"]
    assert fields["phases"].rows[1][0].inputs[0][1].data == "Dopo"


def test_stored_answers_come_back_from_their_own_page_unchanged() -> None:
    answers = validate(
        PAGE, {"title": {"it": "Uno", "en": "One"}, "price": 1050, "open": False, "phases": [{"name": "a", "data2": 3}]}
    )
    raw = to_inputs(PAGE, answers)
    assert raw["price"] == "10,50"
    assert validate(PAGE, raw) == answers
    fields = bind(PAGE, raw).sections[0].fields
    posted = [
        (i.name, i.data) for item in (*fields, *(c for row in fields[4].rows for c in row)) for _c, i in item.inputs
    ]
    assert validate(PAGE, read_posted(PAGE, MultiDict((n, v) for n, v in posted if v))) == answers


def test_rows_are_added_and_removed_without_script() -> None:
    raw: dict[str, Any] = {"phases": [{"name": {"it": "a"}}, {"name": {"it": "b"}}], "price": "x"}
    assert read_row_action(PAGE, MultiDict({"remove_row": "phases-0"})) == RowAction("phases", 0)
    assert read_row_action(PAGE, MultiDict({"add_row": "phases"})) == RowAction("phases")
    assert read_row_action(PAGE, MultiDict({"add_row": "price"})) is None
    assert read_row_action(PAGE, MultiDict({"remove_row": "phases-x"})) is None
    assert apply_row_action(raw, RowAction("phases", 0))["phases"] == [{"name": {"it": "b"}}]
    assert apply_row_action(raw, RowAction("phases", 9)) == raw
    assert len(apply_row_action(raw, RowAction("phases"))["phases"]) == 3


def test_too_many_posted_rows_are_refused_not_cut() -> None:
    posted = MultiDict((f"f_phases-{n}-name__it", "a") for n in range(15))
    raw = read_posted(PAGE, posted)
    assert len(raw["phases"]) == 15
    with pytest.raises(Invalid, match="Ci sono 15 voci: il massimo è 2"):
        validate(PAGE, {"title": "x", "phases": raw["phases"]})


def test_wtforms_judges_like_the_engine() -> None:
    page = wtform_class(PAGE)(MultiDict({"f_title__it": "", "f_price": "x"}))
    assert not page.validate()
    assert set(page.errors) == {"f_title__it", "f_price"}
    assert wtform_class(PAGE)(MultiDict({"f_title__it": "x", "f_price": "3,50"})).validate()


def test_classes_are_cached_by_version_and_language_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wtform_class(PAGE) is wtform_class(PAGE)
    assert wtform_class(PAGE, "en") is not wtform_class(PAGE)
    monkeypatch.setattr(html, "CACHE_SIZE", 3)
    for number in range(10):
        wtform_class(form({"key": f"x{number}", "type": "text"}))
    assert len(html._classes) == 3


def test_marshmallow_loads_answers_and_stays_out_of_its_registry() -> None:
    before = set(_registry)
    schema = marshmallow_schema(PAGE)()
    assert schema.load({"title": {"it": "a"}, "price": 100}) == {"title": {"it": "a"}, "price": 100}
    with pytest.raises(ValidationError) as caught:
        schema.load({"price": "x", "nope": 1, "title": {"en": "a"}})
    assert set(caught.value.messages) == {"price", "nope", "title"}
    assert set(_registry) == before


def test_json_schema_lists_every_question() -> None:
    schema = json_schema(PAGE)
    assert schema["required"] == ["title"]
    assert schema["x-complete"] == ["price"]
    assert schema["properties"]["title"]["properties"]["it"] == {"type": "string", "maxLength": 10}
    assert schema["properties"]["phases"]["items"]["required"] == ["name"]


@pytest.mark.parametrize("name", sorted(FIELD_TYPES))
def test_every_type_has_every_face(name: str) -> None:
    one = form({"key": "x", "type": name, **NEEDS.get(name, {})})
    assert json_schema(one)["properties"]["x"]["type"]
    assert marshmallow_schema(one)().load({"x": None}) == {"x": None}
    assert validate(one, read_posted(one, MultiDict())) == {}
    assert str(bind(one, to_inputs(one, {})).wtform["f_x"]())


def test_required_and_complete_are_told_apart() -> None:
    with pytest.raises(Invalid) as caught:
        validate(PAGE, {"title": {"en": "English"}}, complete=True)
    assert {(e.field, e.message) for e in caught.value.errors} == {
        ("title", "Manca il testo in italiano"),
        ("price", "Compila questo campo"),
    }
    assert validate(PAGE, {"price": None}, partial=True) == {"price": None}
    assert [item.key for item in missing_complete(PAGE, {"title": {"it": "x"}})] == ["price"]


def test_rich_text_keeps_its_subset_and_nothing_else() -> None:
    html_ = render("**Sì** <b>no</b>\n\n- [via](https://a.it)\n- [male](javascript:alert(1))\n\n# titolo ![x](y)")
    assert "<strong>Sì</strong>" in html_
    assert '<a href="https://a.it" rel="noopener">via</a>' in html_
    assert not any(bad in html_ for bad in ("<b>", "<h1", "<img", 'href="javascript'))
    assert plain("**Sì**, *così*\n\n- [via](https://a.it)") == "Sì, così\nvia"


@given(st.text(alphabet=" \n\t\"'\x7f\x01ab1.)-+*_[]&<>\\`#é\u00a0\u2028\0", max_size=60) | st.text(max_size=60))
@settings(max_examples=600, deadline=None)
def test_the_short_way_agrees_with_the_parser(text: str) -> None:
    assert plain(text) == _parsed_words(text)
    assert render(text) == _parsed_page(text)
