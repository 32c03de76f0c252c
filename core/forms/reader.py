"""Strict reading of a definition: every key is asked for, and what nobody asked for is an error."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.i18n import DEFAULT, LANGUAGES

KEY_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")
_ABSENT: Any = object()


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; ConfigError names the file when it is missing, badly encoded or malformed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise ConfigError(path, "", f"cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, "", f"is not valid TOML ({error})", "Save it as UTF-8 and correct the line") from error


class Reader:
    """One table of a definition. ``done()`` refuses the keys that nobody read."""

    def __init__(self, data: object, file: str | Path, where: str = "") -> None:
        self.file, self.where = str(file), where
        if not isinstance(data, Mapping):
            raise ConfigError(self.file, where, "must be a table")
        self._data: Mapping[str, Any] = data
        self._read: set[str] = set()

    def fail(self, key: str, problem: str, remedy: str = "") -> ConfigError:
        """The error for ``key`` of this table, ready to raise."""
        return ConfigError(self.file, self.path(key), problem, remedy)

    def path(self, key: str) -> str:
        """Full dotted name of ``key``."""
        return f"{self.where}.{key}" if self.where and key else self.where or key

    def has(self, key: str) -> bool:
        """Whether ``key`` was given."""
        return key in self._data

    def _take(self, key: str, default: Any) -> Any:
        self._read.add(key)
        value = self._data.get(key, default)
        if value is _ABSENT:
            raise self.fail(key, "is missing", "Add it")
        return value

    def text(self, key: str, default: str = _ABSENT) -> str:
        """A non-empty string (or the default)."""
        value = self._take(key, default)
        if value is not default and (not isinstance(value, str) or not value.strip()):
            raise self.fail(key, "must be a text")
        return str(value)

    def key(self, key: str = "key", default: str = _ABSENT) -> str:
        """A name made of letters, digits and ``_``."""
        value = self.text(key, default)
        if value and not KEY_PATTERN.fullmatch(value):
            raise self.fail(key, f"'{value}' is not a valid name", "Use letters, digits and _ (at most 50)")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "must be true or false")
        return value

    def integer(self, key: str, default: int | None = None, *, least: int = 0) -> int | None:
        """A whole number not below ``least``."""
        value = self._take(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.fail(key, f"must be a whole number from {least} up")
        return value

    def one_of(self, key: str, allowed: Iterable[str], default: str = _ABSENT) -> str:
        """One of the known words."""
        value = self.text(key, default)
        known = sorted(allowed)
        if value != default and value not in known:
            raise self.fail(key, f"'{value}' is unknown", f"Known: {', '.join(known)}")
        return value

    def texts(self, key: str, *, required: bool = True) -> Mapping[str, str]:
        """A text by language; Italian is obligatory. An absent optional text is an empty mapping."""
        if not required and not self.has(key):
            self._read.add(key)
            return {}
        return self._texts(key, self._take(key, _ABSENT))

    def _texts(self, key: str, value: Any) -> Mapping[str, str]:
        if not isinstance(value, Mapping):
            raise self.fail(key, "must be a text by language", 'Write { it = "…", en = "…" }')
        unknown = sorted(set(value) - set(LANGUAGES))
        if unknown:
            raise self.fail(f"{key}.{unknown[0]}", "is an unknown language", f"Known: {', '.join(LANGUAGES)}")
        if any(not isinstance(text, str) for text in value.values()):
            raise self.fail(key, "must hold texts only")
        if not value.get(DEFAULT, "").strip():
            raise self.fail(f"{key}.{DEFAULT}", "the Italian text is missing", "Add it")
        return dict(value)

    def strings(self, key: str, default: Sequence[str] = _ABSENT) -> tuple[str, ...]:
        """A list of texts without repetitions."""
        value = self._take(key, default)
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) and item for item in value):
            raise self.fail(key, "must be a list of texts")
        if len(set(value)) < len(value):
            raise self.fail(key, "names something twice")
        return tuple(value)

    def raw(self, key: str, default: Any = None) -> Any:
        """Whatever was given; the caller checks it."""
        return self._take(key, default)

    def table(self, key: str) -> Reader:
        """A sub-table; an empty one when it was not given."""
        return Reader(self._take(key, {}), self.file, self.path(key))

    def tables(self, key: str, *, required: bool = True) -> Iterator[Reader]:
        """A list of tables, each with a Reader named after its key or position."""
        items = self._take(key, _ABSENT if required else [])
        if not isinstance(items, list | tuple):
            raise self.fail(key, "must be a list of tables")
        for position, item in enumerate(items, start=1):
            name = item.get("key", position) if isinstance(item, Mapping) else position
            yield Reader(item, self.file, f"{self.path(key)}[{name}]")

    def done(self) -> None:
        """Refuse keys that are unknown here."""
        unknown = [key for key in self._data if key not in self._read]
        if unknown:
            known = ", ".join(sorted(self._read))
            raise self.fail(str(unknown[0]), "is an unknown key", f"Known here: {known}")


def unique(reader: Reader, key: str, names: Iterable[str]) -> None:
    """Refuse a name that occurs twice in the list ``key`` of ``reader``."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise reader.fail(f"{key}[{name}]", "is defined twice", "Rename one of them")
        seen.add(name)
