"""What marshmallow says of wrong arguments, in the language of the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from marshmallow import Schema

from core.i18n import _, _l

Say = Callable[[re.Match[str]], str]

#: The library's sentences, and what we say in their place; a sentence that is not here stays as it is.
SENTENCES: tuple[tuple[re.Pattern[str], Say], ...] = (
    (re.compile(r"Missing data for required field\.|Field may not be null\."), lambda _found: _("Questo dato manca.")),
    (re.compile(r"Not a valid integer\.|Number too large\."), lambda _found: _("Serve un numero intero.")),
    (re.compile(r"Not a valid string\."), lambda _found: _("Serve un testo.")),
    (re.compile(r"Not a valid boolean\."), lambda _found: _("Serve true o false.")),
    (
        re.compile(r"Not a valid (aware )?(datetime|date)\."),
        lambda _found: _("Serve una data, come 2026-05-04T12:00:00+02:00."),
    ),
    (
        re.compile(r"Not a valid (mapping type|list)\.|Invalid (input )?type\."),
        lambda _found: _("La forma è sbagliata."),
    ),
    (re.compile(r"Must be one of: (.*)\."), lambda found: _("I valori possibili sono: %(values)s.", values=found[1])),
    (
        re.compile(r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\."),
        lambda found: _("Serve un numero da %(least)s a %(most)s.", least=found[1], most=found[2]),
    ),
    (
        re.compile(r"Must be greater than or equal to (\S+)\."),
        lambda found: _("Serve un numero da %(least)s in su.", least=found[1]),
    ),
    (
        re.compile(r"Longer than maximum length (\d+)\."),
        lambda found: _("Il testo è troppo lungo: il massimo è %(most)s caratteri.", most=found[1]),
    ),
    (
        re.compile(r"Length must be between (\d+) and (\d+)\."),
        lambda found: _("Il testo deve avere da %(least)s a %(most)s caratteri.", least=found[1], most=found[2]),
    ),
    (re.compile(r"Unknown field\."), lambda _found: _("Questo dato non si conosce.")),
)


def said(sentence: str) -> str:
    """The sentence in the language of the request."""
    for pattern, say in SENTENCES:
        if found := pattern.fullmatch(sentence):
            return say(found)
    return sentence


class ApiSchema(Schema):
    """A schema of the API: who sends a name that it does not know is told those that it knows."""

    class Meta:
        register = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.error_messages = {**self.error_messages, "unknown": unknown_name(self.fields)}


def unknown_name(known: Iterable[str]) -> Any:
    """What to say of a name that is none of ``known``."""
    return _l("Questo nome non si conosce. Quelli che si conoscono sono: %(known)s.", known=", ".join(sorted(known)))
