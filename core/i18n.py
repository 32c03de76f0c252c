"""Languages: which exist, how a text object by language is read, and the gettext functions."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

__all__ = ["DEFAULT", "LANGUAGES", "OTHERS", "Texts", "_", "_l", "ngettext", "pick"]

DEFAULT = "it"
#: Languages a public address may carry, with the name each gives itself.
LANGUAGES: Mapping[str, str] = {"it": "Italiano", "en": "English"}
OTHERS = tuple(code for code in LANGUAGES if code != DEFAULT)

Texts = Mapping[str, str]


def pick(texts: Texts | str | None, lang: str) -> str:
    """The text in ``lang``, else in Italian, else in any language, else ``""``."""
    if not texts:
        return ""
    if isinstance(texts, str):
        return texts
    return texts.get(lang) or texts.get(DEFAULT) or next((t for t in texts.values() if t), "")
