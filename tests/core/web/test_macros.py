"""The macros of the pages: what they say, what they escape, what they leave out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask, render_template, render_template_string

from core.web import assets
from scripts.repository import REPO
from tests.browser.preview.app import create_preview
from tests.browser.preview.samples import PAGES
from tests.support.source import templates

pytestmark = pytest.mark.skipif(not assets.DIST.exists(), reason="the front end is not built: run `make assets`")
EVIL = '"><script>alert(1)</script>'


@pytest.fixture(scope="module")
def app() -> Flask:
    return create_preview()


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


def draw(source: str, /, **context: Any) -> str:
    """What a piece of template shows, with white space folded."""
    return re.sub(r"\s+", " ", render_template_string(source, **context)).strip()


def macro(family: str, call: str, /, **context: Any) -> str:
    return draw(f'{{% import "macros/{family}.html" as m %}}{{{{ m.{call} }}}}', **context)


@pytest.mark.parametrize("path", [p for p in templates() if "/api/" not in str(p)], ids=lambda p: p.name)
def test_a_template_says_first_what_it_needs(path: Any) -> None:
    assert path.read_text(encoding="utf-8").lstrip().startswith("{"), path.relative_to(REPO)


def test_no_template_trusts_a_value_by_itself() -> None:
    assert [p for p in templates() if re.search(r"\|\s*safe\b|autoescape false", p.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_page_shows_an_empty_heading_link_or_list(app: Flask, name: str) -> None:
    page = app.test_client().get(f"/{name}").get_data(as_text=True)
    assert re.findall(r"<(h[1-6]|a|legend|ul|ol|dl|p|dt|button)(?=[ >])[^>]*>\s*</\1>", page) == []


@pytest.mark.parametrize("name", PAGES)
def test_the_headings_of_a_page_skip_no_level(app: Flask, name: str) -> None:
    page = app.test_client().get(f"/{name}").get_data(as_text=True)
    main = page[page.index("<main") : page.index("</main>")]
    levels = [int(level) for level in re.findall(r"<h([1-6])", main)]
    assert levels.count(1) == 1
    first = levels.index(1)
    assert all(after <= before + 1 for before, after in zip(levels[first:], levels[first + 1 :], strict=False))


@pytest.mark.parametrize("name", PAGES)
def test_every_id_of_a_page_is_used_once_and_every_reference_leads_to_one(app: Flask, name: str) -> None:
    page = app.test_client().get(f"/{name}").get_data(as_text=True)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    wanted = re.findall(r'\s(?:for|aria-labelledby|aria-describedby)="([^"]+)"', page)
    assert {name for names in wanted for name in names.split()} - set(ids) == set()


def test_what_a_visitor_typed_is_never_markup(app: Flask) -> None:
    context = {**PAGES["search"][1], "q": EVIL, "corrected": EVIL, "problem": EVIL}
    assert EVIL not in render_template("public_info/search.html", **context)
    assert EVIL not in render_template("portal/home.html", **{**PAGES["portal-unknown"][1], "comune": EVIL})


def test_a_field_names_its_hint_and_its_error() -> None:
    field = {"name": "mail", "id": "mail", "type": "email", "label": "E-mail", "hint": "Aiuto", "error": "Manca @"}
    html = macro("forms", "field(f)", f=field)
    assert 'aria-describedby="mail-h mail-e"' in html
    assert 'aria-invalid="true"' in html
    assert html.index("Aiuto") < html.index("Manca @") < html.index("<input")


def test_a_typed_value_comes_back_and_a_password_does_not() -> None:
    field = {"name": "x", "id": "x", "type": "text", "label": "X", "value": EVIL}
    assert 'value="&#34;&gt;&lt;script&gt;' in macro("forms", "field(f)", f=field)
    assert EVIL not in macro("forms", "field(f)", f={**field, "type": "password"})


def test_a_long_text_keeps_its_first_line_break() -> None:
    field = {"name": "x", "id": "x", "type": "long_text", "label": "X", "value": "\nuno"}
    html = render_template_string('{% import "macros/forms.html" as m %}{{ m.field(f) }}', f=field)
    # A browser drops one line break after <textarea>.
    assert ">\n\nuno</textarea>" in html


def test_few_options_are_chips_and_many_a_list() -> None:
    field = {"name": "k", "id": "k", "type": "choice", "label": "Tipo"}
    few, many = ([(str(n), f"Tipo {n}", n == 0) for n in range(count)] for count in (8, 9))
    assert 'type="radio"' in macro("forms", "field(f)", f={**field, "options": few})
    assert "<select" in macro("forms", "field(f)", f={**field, "options": many})


def test_the_summary_counts_the_answers_to_correct_and_leads_to_them() -> None:
    assert "Controlla una risposta" in macro("forms", "error_summary(e)", e=[("a", "Scrivi il nome")])
    html = macro("forms", "error_summary(e)", e=[("a", "Scrivi il nome"), ("", "Tutto insieme non va")])
    assert "Controlla 2 risposte" in html
    assert '<a href="#a">Scrivi il nome</a>' in html
    assert macro("forms", "error_summary(e)", e=[]) == ""


@pytest.mark.parametrize(
    ("total", "sentence"),
    [(0, "Nessun risultato per “borsa”."), (1, "1 risultato per “borsa”."), (9, "9 risultati per “borsa”.")],
)
def test_the_search_says_how_much_it_found(total: int, sentence: str) -> None:
    assert sentence in macro("search", "search_status('borsa', n)", n=total)


def test_a_correction_is_said_and_can_be_undone() -> None:
    html = macro("search", "search_status('bosra', 3, 'borsa', '/cerca?exact=1')")
    assert "3 risultati per “borsa”." in html
    assert '<a href="/cerca?exact=1">Cerca proprio “bosra”</a>' in html


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 18), "scaduto"),
        (date(2026, 11, 19), "oggi"),
        (date(2026, 11, 20), "domani"),
        (date(2026, 11, 27), "8 giorni"),
    ],
)
def test_a_deadline_says_in_words_how_long_there_is(day: date, words: str) -> None:
    html = macro("lists", "date_tile(day, today)", day=day, today=date(2026, 11, 19))
    assert f"<small>{words}</small>" in html
    assert "<span>nov 2026</span>" in html


def test_one_page_has_no_pager() -> None:
    assert macro("lists", "pager(none)") == ""
    assert macro("lists", "pager(p)", p={"page": 1, "pages": 1, "links": []}) == ""


def test_a_state_has_an_icon_a_word_and_a_colour() -> None:
    html = macro("state", "state('late', '6 giorni di ritardo')")
    assert "ix-late" in html
    assert "it-warning-circle" in html
    assert "6 giorni di ritardo" in html


def test_what_is_to_be_confirmed_is_marked_and_the_rest_is_not() -> None:
    assert "da confermare" in macro("state", "to_confirm('to_confirm')")
    assert macro("state", "to_confirm('confirmed')") == ""


def test_a_block_without_content_has_neither_heading_nor_entry_in_the_index(app: Flask) -> None:
    page = app.test_client().get("/service").get_data(as_text=True)
    assert "Titolo che non deve comparire" not in page
    assert page.count("Tempi e fasi") == 2


def test_a_blocked_step_says_why_once_and_cannot_be_sent(app: Flask) -> None:
    page = app.test_client().get("/record").get_data(as_text=True)
    assert re.search(r'<button[^>]*type="button"[^>]*aria-disabled="true"[^>]*>Pubblica</button>', page)
    assert 'aria-describedby="manca"' in page and "Mancano due blocchi." not in page
    other = app.test_client().get("/record-empty").get_data(as_text=True)
    assert "Mancano due blocchi. Scrivili e riprova." in other


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_at_most_one_filled_button(app: Flask, name: str) -> None:
    page = app.test_client().get(f"/{name}").get_data(as_text=True)
    assert page.count("btn btn-primary") <= 1


@pytest.mark.parametrize("name", ["service", "search", "list"])
def test_a_text_in_another_language_says_which(app: Flask, name: str) -> None:
    page = app.test_client().get(f"/{name}").get_data(as_text=True)
    assert re.search(r'<(?:li|div)[^>]*lang="en"', page[page.index("<main") :])


def test_the_page_of_a_crash_needs_nothing_but_the_style_sheet(app: Flask) -> None:
    app_without = Flask("bare", static_folder=None, template_folder=str(REPO / "core" / "web" / "templates"))
    app_without.jinja_env.globals.update(asset=assets.asset, _=lambda text, **values: text % values)
    with app_without.app_context():
        page = render_template("errors/500.html", reference="7F3")
    assert "Codice da dire a chi ti aiuta: 7F3" in page


@pytest.mark.parametrize(("count", "folded"), [(7, False), (8, True)])
def test_a_long_group_of_filters_is_folded_and_opens_where_something_is_chosen(count: int, folded: bool) -> None:
    options = [(str(n), f"Comune {n}", 1, False) for n in range(count)]
    group = {"name": "place", "label": "Comune", "options": options}
    html = macro("search", "facet(g, 'd')", g=group)
    assert html.count("<input") == count
    assert ("<details" in html) is folded
    chosen = macro("search", "facet(g, 'd')", g={**group, "options": [*options[:-1], ("x", "Scelto", 1, True)]})
    assert ('<details class="ix-fold" open>' in chosen) is folded


@pytest.mark.parametrize("kind", ["translations", "lines", "options"])
def test_an_error_of_a_whole_group_stands_beside_it(kind: str) -> None:
    types = {"translations": "text", "lines": "rows", "options": "choices"}
    part = {"name": "x__it", "id": "x__it", "type": "text", "label": "X", "language": "Italiano"}
    entries = {"translations": [part], "lines": [{"fields": [part]}], "options": [("a", "A", False)]}
    group = {"name": "x", "id": "x", "type": types[kind], "label": "X", "error": "Scrivi il nome", kind: entries[kind]}
    html = macro("forms", "field(f)", f=group)
    assert 'aria-describedby="x-e"' in html
    assert re.search(r'id="x-e">.*Scrivi il nome', html)
