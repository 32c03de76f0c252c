"""A reader who chose English meets no Italian sentence on the public pages, save what is marked as Italian."""

from __future__ import annotations

import re

import pytest

from tests.support.demo import Portal, words_of

#: Short words that stand in nearly every Italian sentence and in no English one.
ITALIAN = re.compile(
    r"\b(?:della|delle|dello|degli|dei|dal|nel|nella|nelle|alla|alle|agli|con|per|che|sono|gli|più|questo|questa|"
    r"cerca|tutti|tutte|oppure|il|lo|di|tuo|tua|chi)\b",
    re.IGNORECASE,
)
MARKED = re.compile(r"<((?!html)\w+)[^>]*\slang=\"it\"[^>]*>.*?</\1>", re.DOTALL)
HEAD = re.compile(r"<head\b.*?</head>", re.DOTALL)
#: Names of bodies, acts and places stay as they are; "per cent" is English.
NAMES = ["Comune di Cerro Maggiore", "SISL di Legnano", "San Giorgio su Legnano", "per cent"]
PAGES = [
    "/legnano/en/",
    "/legnano/en/servizi/",
    "/legnano/en/servizi/borsa-lavoro/",
    "/legnano/en/corsi/",
    "/legnano/en/regole/",
    "/legnano/en/contatti/",
    "/legnano/en/cerca/",
    "/legnano/en/cerca/?q=work+grant",
    "/legnano/en/cerca/?q=wrok+grant",
    "/legnano/en/cerca/?q=xylophone",
]


def sentences(html: str) -> list[str]:
    """The texts of a page in the language of the page, one a piece."""
    bare = MARKED.sub(" ", HEAD.sub(" ", html))
    return [piece for piece in (words_of(part) for part in re.split(r"(?=<)", bare)) if piece]


def italian_in(html: str) -> list[str]:
    """Pieces of a page that look Italian."""
    pieces = [re.sub("|".join(map(re.escape, NAMES)), "", piece) for piece in sentences(html)]
    return [piece for piece in pieces if ITALIAN.search(piece)]


@pytest.mark.parametrize("address", PAGES)
def test_an_english_page_holds_no_italian(portal: Portal, address: str) -> None:
    html = portal.html(address)
    assert '<html lang="en"' in html
    assert italian_in(html) == []


def test_a_page_that_is_not_there_says_so_in_english(portal: Portal) -> None:
    answer = portal.visitor.get("/legnano/en/servizi/nothing-here/")
    assert answer.status_code == 404
    assert italian_in(answer.text) == []


def test_an_italian_page_would_be_noticed(portal: Portal) -> None:
    assert len(italian_in(portal.html("/legnano/servizi/borsa-lavoro/"))) > 10


def test_the_english_words_of_a_service_lead_to_it(portal: Portal) -> None:
    assert portal.found("legnano", "work grant", lang="en")[0] == "leg-borsa-lavoro"
    assert "Work grant" in portal.text("/legnano/en/cerca/?q=work+grant")
