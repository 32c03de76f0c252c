"""Languages: which exist, how a text object by language is read, and the gettext functions."""

from __future__ import annotations

from collections.abc import Mapping

import flask_babel
from flask_babel.speaklater import LazyString

__all__ = ["DEFAULT", "LANGUAGES", "OTHERS", "Texts", "_", "_l", "ngettext", "pick", "plain_gettext", "plain_ngettext"]

DEFAULT = "it"
#: Languages a public address may carry, with the name each gives itself.
LANGUAGES: Mapping[str, str] = {"it": "Italiano", "en": "English"}
OTHERS = tuple(code for code in LANGUAGES if code != DEFAULT)

Texts = Mapping[str, str]


def plain_gettext(text: str) -> str:
    """``text`` in the language of the page, its gaps still open. Italian is its own catalogue and asks nobody."""
    locale = flask_babel.get_locale()
    if locale is None or locale.language == DEFAULT:
        return text
    translated: str = flask_babel.get_translations().ugettext(text)
    return translated


def plain_ngettext(one: str, many: str, num: int) -> str:
    """The sentence for a number, its gaps still open."""
    locale = flask_babel.get_locale()
    if locale is None or locale.language == DEFAULT:
        return one if num == 1 else many
    translated: str = flask_babel.get_translations().ungettext(one, many, num)
    return translated


def _(text: str, **values: object) -> str:
    """``text`` in the language of the page, its named gaps filled. The Italian sentence is its own key."""
    found = plain_gettext(text)
    return found % values if values else found


def _l(text: str, **values: object) -> LazyString:
    """The same for a sentence that is written before anybody asks: it is read in the language of each page."""
    return LazyString(_, text, **values)


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """The sentence for a number; ``%(num)s`` is the number."""
    return plain_ngettext(one, many, num) % {"num": num, **values}


def pick(texts: Texts | str | None, lang: str) -> str:
    """The text in ``lang``, else in Italian, else in any language, else ``""``."""
    if not texts:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(lang) or texts.get(DEFAULT) or next((t for t in texts.values() if t), "")
