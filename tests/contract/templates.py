"""What can be told of a template without rendering it."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment

from scripts.repository import REPO

#: Attributes whose value a person reads or hears.
SPOKEN = re.compile(r"\b(?:alt|title|placeholder|aria-label|aria-description)=\"([^\"]*)\"")
TAG = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&\w+;")
WORD = re.compile(r"[^\W\d_]{2,}")
#: The name of the product is the same in every language; a piece of a tag is no text.
UNSPOKEN = re.compile(r"\bInnesto\b|[\w-]+=\"[^\"]*\"?")
BEGINNING = re.compile(r"(?:\s|\{%-?\s*(?:from|import|extends|set)\b[^%]*%\})*\{#(.*?)#\}", re.DOTALL)
GAP = "\x1a"


def template_files() -> list[Path]:
    """Every template of core and plugins."""
    return sorted(path for root in ("core", "plugins") for path in (REPO / root).glob("**/templates/**/*.html"))


def context_comment(path: Path) -> str:
    """The comment that a template begins with, its imports apart; empty where there is none."""
    found = BEGINNING.match(path.read_text(encoding="utf-8"))
    return found[1].strip() if found else ""


def untranslated(source: str) -> list[str]:
    """Words that stand in a template outside gettext, between tags or in attributes that are read aloud."""
    text = ENTITY.sub(" ", _literal(source))
    read = [match[1] for match in SPOKEN.finditer(text)] + TAG.sub(GAP, text).split(GAP)
    pieces = [UNSPOKEN.sub("", part) for value in read for part in value.split(GAP)]
    return [piece.strip() for piece in pieces if WORD.search(piece)]


def _literal(source: str) -> str:
    """The template without its expressions; a gap stands where each was."""
    pieces, inside = [], False
    for _line, kind, value in Environment(autoescape=True).lex(source):
        if kind == "data":
            pieces.append(value)
            inside = False
        elif not inside:
            pieces.append(GAP)
            inside = True
    return "".join(pieces)
