"""A form as data: immutable, read from TOML with strict checks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from core.forms.reader import Reader, read_toml, unique
from core.forms.types import FIELD_TYPES

#: Names that mean something else: columns of a record, keys of the exchange format, attributes of a form.
RESERVED = frozenset(
    [
        "id",
        "ref",
        "type",
        "slug",
        "state",
        "version",
        "fields",
        "form",
        "workflow",
        "answers",
        "district",
        "district_id",
        "valid_from",
        "valid_to",
        "published_at",
        "updated_at",
        "created_by",
        "csrf_token",
        "data",
        "errors",
        "validate",
        "process",
        "populate_obj",
        "meta",
        "form_errors",
    ]
)
#: In a row only what a form object cannot be without.
RESERVED_IN_ROWS = frozenset(
    ["data", "errors", "validate", "process", "populate_obj", "meta", "form_errors", "csrf_token"]
)
FIELD_CLASSES = ("plain", "personal", "special", "penal")
SEARCH_WEIGHTS = ("title", "summary", "body")


@dataclass(frozen=True)
class Option:
    """A possible answer."""

    key: str
    label: Mapping[str, str]


@dataclass(frozen=True)
class Section:
    """A group of fields under one heading."""

    key: str
    label: Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """A question. ``config`` holds the properties that its type adds; ``fields`` the columns of ``rows``."""

    key: str
    type: str
    label: Mapping[str, str]
    section: str = ""
    hint: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    complete: bool = False
    localized: bool = False
    filterable: bool = False
    field_class: str = "plain"
    search: str = ""
    facet: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    fields: tuple[Field, ...] = ()

    @property
    def protection(self) -> str:
        """The most sensitive class among the field and its columns; anything but ``plain`` is stored sealed."""
        classes = [self.field_class, *(column.protection for column in self.fields)]
        return max(classes, key=FIELD_CLASSES.index)


@dataclass(frozen=True)
class Form:
    """A form version. ``version`` is 0 until it is published; ``digest`` identifies the content."""

    key: str
    title: Mapping[str, str]
    sections: tuple[Section, ...]
    fields: tuple[Field, ...]
    version: int = 0
    content: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """The fields by name."""
        return {item.key: item for item in self.fields}

    @cached_property
    def digest(self) -> str:
        """Fingerprint of the content."""
        return digest_of(self.content)

    @cached_property
    def protected(self) -> Mapping[str, Field]:
        """The fields whose answers are sealed, by name."""
        return {item.key: item for item in self.fields if item.protection != "plain"}

    def in_section(self, section: str) -> Iterator[Field]:
        """The fields of one section, in order."""
        return (item for item in self.fields if item.section == section)


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of a definition's canonical JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def plain_content(data: Any) -> Any:
    """``data`` with dates and decimals as text, fit for JSON; a definition reads the same from both."""
    if isinstance(data, Mapping):
        return {str(key): plain_content(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain_content(value) for value in data]
    return data if isinstance(data, str | int | bool | None) else str(data)


def load_form(path: Path) -> Form:
    """The form of a TOML file. Raises ConfigError naming file and key."""
    return parse_form(read_toml(path), path)


def parse_form(data: Mapping[str, Any], file: str | Path = "form", *, version: int = 0) -> Form:
    """A form from its table. Raises ConfigError naming ``file`` and key."""
    content = plain_content(data)
    reader = Reader(content, file)
    key, title = reader.key(), reader.texts("title")
    sections = tuple(_section(item) for item in reader.tables("sections"))
    unique(reader, "sections", (item.key for item in sections))
    fields = tuple(_top_field(item, {s.key for s in sections}) for item in reader.tables("fields"))
    _check_names(reader, fields, RESERVED)
    reader.done()
    return Form(key=key, title=title, sections=sections, fields=fields, version=version, content=content)


def _section(reader: Reader) -> Section:
    section = Section(reader.key(), reader.texts("label"))
    reader.done()
    return section


def _top_field(reader: Reader, sections: set[str]) -> Field:
    section = reader.one_of("section", sections)
    return parse_field(reader, section=section)


def _check_names(reader: Reader, fields: tuple[Field, ...], reserved: frozenset[str]) -> None:
    unique(reader, "fields", (item.key for item in fields))
    for item in fields:
        if item.key in reserved or item.key.startswith("validate_") or "__" in item.key:
            raise reader.fail(f"fields[{item.key}].key", f"'{item.key}' is a reserved name", "Choose another name")


def parse_field(reader: Reader, *, section: str = "", in_row: bool = False) -> Field:
    """A question from its table; ``in_row`` when it is a column of ``rows``."""
    type_ = FIELD_TYPES[reader.one_of("type", FIELD_TYPES)]
    if in_row and not type_.in_rows:
        raise reader.fail("type", f"'{type_.name}' cannot stand in a row")
    subfields = _columns(reader) if type_.has_columns else ()
    item = Field(
        key=reader.key(),
        type=type_.name,
        label=reader.texts("label"),
        section=section,
        hint=reader.texts("hint", required=False),
        required=reader.flag("required"),
        complete=reader.flag("complete"),
        localized=reader.flag("localized"),
        filterable=reader.flag("filterable"),
        field_class=reader.one_of("field_class", FIELD_CLASSES, "plain"),
        search=reader.one_of("search", SEARCH_WEIGHTS, ""),
        facet=reader.text("facet", ""),
        config=type_.check_config(reader),
        options=_options(reader) if type_.has_options else (),
        fields=subfields,
    )
    _check_flags(reader, item, in_row=in_row)
    reader.done()
    return item


def _columns(reader: Reader) -> tuple[Field, ...]:
    columns = tuple(parse_field(item, in_row=True) for item in reader.tables("fields"))
    if not columns:
        raise reader.fail("fields", "needs at least one column")
    _check_names(reader, columns, RESERVED_IN_ROWS)
    return columns


def _options(reader: Reader) -> tuple[Option, ...]:
    options = tuple(_option(item) for item in reader.tables("options", required=False))
    unique(reader, "options", (item.key for item in options))
    if bool(options) == reader.has("vocabulary"):
        raise reader.fail("options", "needs either options or a vocabulary", "Give one of the two")
    return options


def _option(reader: Reader) -> Option:
    option = Option(reader.key(), reader.texts("label"))
    reader.done()
    return option


def _check_flags(reader: Reader, item: Field, *, in_row: bool) -> None:
    type_ = FIELD_TYPES[item.type]
    if item.localized and not type_.localizable:
        raise reader.fail("localized", f"'{item.type}' has no language")
    if item.filterable and (in_row or not type_.filterable):
        raise reader.fail("filterable", f"'{item.type}' cannot be a filter here")
    if in_row and item.complete:
        raise reader.fail("complete", "belongs to the whole list, not to a column")
    if item.protection != "plain" and (item.search or item.facet or item.filterable):
        raise reader.fail("field_class", "only plain answers may be searched or filtered", "Drop search, facet, filter")
