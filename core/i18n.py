"""Languages: which exist, how a text object by language is read, and the gettext functions."""

from __future__ import annotations

from collections.abc import Mapping

import flask_babel
from flask_babel import lazy_gettext as _l

__all__ = ["DEFAULT", "LANGUAGES", "OTHERS", "Texts", "_", "_l", "ngettext", "pick"]

DEFAULT = "it"
#: Languages a public address may carry, with the name each gives itself.
LANGUAGES: Mapping[str, str] = {"it": "Italiano", "en": "English"}
OTHERS = tuple(code for code in LANGUAGES if code != DEFAULT)

Texts = Mapping[str, str]


def _(text: str, **values: object) -> str:
    """``text`` in the language of the page, its named gaps filled. The Italian sentence is its own key."""
    translated: str = flask_babel.gettext(text, **values)
    return translated


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The sentence for a number; ``%(num)s`` is the number."""
    translated: str = flask_babel.ngettext(one, many, num, **values)
    return translated


def pick(texts: Texts | str | None, lang: str) -> str:
    """The text in ``lang``, else in Italian, else in any language, else ``""``."""
    if not texts:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(lang) or texts.get(DEFAULT) or next((t for t in texts.values() if t), "")
