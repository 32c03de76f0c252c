"""Strict reading of a bundle's tables: everything is asked for by name, what was not asked for is an error."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NoReturn, TypeVar

from core.districts.settings import unknown_key_remedy
from core.errors import ConfigError
from core.i18n import DEFAULT, LANGUAGES, Texts, _

T = TypeVar("T")
KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True, slots=True)
class Where:
    """File and key of something in a bundle, for the messages."""

    file: str
    key: str

    def fail(self, problem: str, remedy: str = "") -> NoReturn:
        """Raise the ConfigError of this place."""
        raise ConfigError(self.file, self.key, problem, remedy)


class Reader:
    """One table of a TOML file. ``done()`` refuses the keys that nobody asked for."""

    def __init__(self, data: Mapping[str, Any], file: str, path: str = "") -> None:
        self._data, self._file, self._path = data, file, path
        self._asked: dict[str, None] = {}

    def where(self, key: str = "") -> Where:
        """The place of a key of this table, or of the table itself."""
        return Where(self._file, ".".join(part for part in (self._path, key) if part))

    def raw(self, key: str) -> Any:
        """The value as TOML gives it, or ``None``."""
        self._asked[key] = None
        return self._data.get(key)

    def text(self, key: str, *, required: bool = True, max_length: int = 300) -> str:
        """A single text; empty where it may be missing."""
        value = self._typed(key, str, _("serve un testo tra virgolette"), required)
        if value is None:
            return ""
        if required and not value.strip():
            self.where(key).fail(_("il testo è vuoto"), _("Scrivi il testo."))
        if len(value) > max_length or "\x00" in value:
            self.where(key).fail(
                _("il testo è troppo lungo o contiene caratteri vietati"),
                _("Al massimo %(limit)s caratteri.", limit=max_length),
            )
        return value

    def key(self, key: str = "key") -> str:
        """A technical name: small letters, digits and ``_``."""
        value = self.text(key, max_length=60)
        if not KEY.fullmatch(value):
            self.where(key).fail(
                _("«%(value)s» non è una chiave valida", value=value),
                _("Usa lettere minuscole, cifre e _, e comincia con una lettera."),
            )
        return value

    def one_of(self, key: str, options: Collection[str], default: str | None = None) -> str:
        """One of the known words."""
        value = self.text(key, required=default is None) or default or ""
        if value not in options:
            self.where(key).fail(
                _("«%(value)s» non è un valore ammesso", value=value),
                _("Scegli tra: %(options)s.", options=", ".join(sorted(options))),
            )
        return value

    def texts(self, key: str, *, required: bool = True) -> Texts:
        """A text by language; Italian is obligatory."""
        value = self._typed(key, dict, _('serve un testo per lingua, come { it = "…" }'), required)
        if value is None:
            return {}
        for lang, text in value.items():
            if lang not in LANGUAGES or not isinstance(text, str) or "\x00" in text:
                self.where(f"{key}.{lang}").fail(
                    _("questa lingua non è prevista o il valore non è un testo"),
                    _("Lingue: %(names)s.", names=", ".join(LANGUAGES)),
                )
        if not value.get(DEFAULT, "").strip():
            self.where(key).fail(_("manca il testo in italiano"), _('Aggiungi it = "…".'))
        return dict(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._typed(key, bool, _("serve true oppure false, senza virgolette"), False)
        return default if value is None else value

    def day(self, key: str, *, required: bool = True) -> date | None:
        """A date without time."""
        value = self._typed(key, date, _("serve una data senza virgolette, come 2026-01-31"), required)
        if isinstance(value, datetime):
            self.where(key).fail(_("serve una data senza ora"), _("Scrivi solo anno, mese e giorno."))
        return value

    def strings(self, key: str, options: Collection[str] | None = None) -> tuple[str, ...]:
        """A list of texts without repetitions, each one of ``options`` where these are given."""
        value = self._typed(key, list, _("serve un elenco tra parentesi quadre"), False) or []
        for at, item in enumerate(value):
            if not isinstance(item, str) or not item.strip() or "\x00" in item or item in value[:at]:
                self.where(f"{key}[{at}]").fail(_("serve un testo, non vuoto e non ripetuto"), _("Correggi l'elenco."))
            if options is not None and item not in options:
                self.where(f"{key}[{at}]").fail(
                    _("«%(value)s» non è un valore ammesso", value=item),
                    _("Scegli tra: %(options)s.", options=", ".join(sorted(options))),
                )
        return tuple(value)

    def table(self, key: str) -> Reader | None:
        """A table inside this one."""
        value = self._typed(key, dict, _("serve una tabella [%(key)s]", key=key), False)
        return None if value is None else Reader(value, self._file, self.where(key).key)

    def tables(self, key: str) -> Iterator[Reader]:
        """An array of tables, ``[[key]]``."""
        value = self._typed(key, list, _("serve un elenco di tabelle [[%(key)s]]", key=key), False) or []
        for at, item in enumerate(value):
            place = self.where(f"{key}[{at}]")
            if not isinstance(item, dict):
                place.fail(_("serve una tabella [[%(key)s]]", key=key), _("Correggi questa voce."))
            yield Reader(item, self._file, place.key)

    def names(self) -> tuple[str, ...]:
        """All keys of the table."""
        return tuple(self._data)

    def done(self) -> None:
        """Refuse what was not asked for."""
        for key in self._data:
            if key not in self._asked:
                self.where(key).fail(_("questa chiave non esiste"), unknown_key_remedy(key, self._asked))

    def _typed(self, key: str, kind: type[T], problem: str, required: bool) -> T | None:
        value = self.raw(key)
        if value is None and not required:
            return None
        if value is None:
            self.where(key).fail(_("manca"), _("Aggiungi questa riga."))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.where(key).fail(problem, _("Correggi il valore."))
        return value


def unique(items: Iterator[T], key_of: Any, where_of: Any) -> tuple[T, ...]:
    """The items as a tuple. Raises ConfigError at the second one with a key that is taken."""
    found: dict[Any, T] = {}
    for item in items:
        if key_of(item) in found:
            where_of(item).fail(_("«%(key)s» c'è già", key=key_of(item)), _("Togli o rinomina uno dei due."))
        found[key_of(item)] = item
    return tuple(found.values())
