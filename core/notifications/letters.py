"""What a mail says: templates rendered in the reader's language, apart from any request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.errors import FieldError, Invalid
from core.i18n import DEFAULT, LANGUAGES, _

CORE = Path(__file__).resolve().parent.parent
LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: address, subject of one line, plain text."""

    to: str
    subject: str
    text: str

    def packed(self) -> str:
        """As it is sealed."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def unpacked(cls, text: bytes) -> Letter:
        """The inverse of ``packed``."""
        return cls(**json.loads(text))


def compose(to: str, template: str, values: Mapping[str, Any], lang: str) -> Letter:
    """Render ``mail/<template>.txt``: its block ``subject`` on one line, its block ``body`` in the frame.

    Raises Invalid for an address that is none, and jinja's UndefinedError for a gap without a value.
    """
    found = environment(lang if lang in LANGUAGES else DEFAULT).get_template(f"mail/{template}.txt")
    subject = "".join(found.blocks["subject"](found.new_context(dict(values))))
    return Letter(checked_address(to), " ".join(subject.split()), found.render(values).strip() + "\n")


@lru_cache(maxsize=len(LANGUAGES))
def environment(lang: str) -> Environment:
    """Templates in one language, strict about missing values."""
    made = Environment(
        loader=FileSystemLoader(CORE / "web" / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    catalogue: Any = NullTranslations() if lang == DEFAULT else Translations.load(CORE / "translations", [lang])
    made.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    return made


def checked_address(to: str) -> str:
    """One plain address, no name, no list, nothing that could become another header or look like another address.

    A domain in other letters than ours is written as ``xn--…``. Raises Invalid.
    """
    text = to.strip()
    try:
        address = Address(addr_spec=text)
    except (ValueError, IndexError, HeaderParseError):
        address = Address()
    plain = text.isascii() and text.isprintable() and len(text) <= LONGEST_ADDRESS
    if not (address.username and address.domain and plain):
        raise Invalid([FieldError("email", _("Questo indirizzo e-mail non è valido."), "email")])
    return text


def hint_of(address: str) -> str:
    """What may be shown of an address: its first letter and its domain."""
    name, _at, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"
