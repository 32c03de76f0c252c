"""A territorial model as data: what the folder ``config/models/<bundle>/`` says, as frozen objects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core.districts.parameters import Parameter
from core.districts.reader import Where
from core.i18n import Texts

STATUSES = ("confirmed", "to_confirm")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Part:
    """One bundle as it was read, whole: enough to apply it again when its folder is gone."""

    key: str
    files: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """A plugin that is on, its settings as JSON values, and the file that sets each."""

    name: str
    settings: Mapping[str, Any]
    files: Mapping[str, str]
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class SubAreaSpec:
    key: str
    name: Texts
    status: str
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class MunicipalitySpec:
    istat: str
    name: str
    subarea: str
    lead: bool
    opted_out: tuple[str, ...]
    note: Texts
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class OrganisationSpec:
    key: str
    name: str
    kind: str
    roles: tuple[str, ...]
    status: str
    note: Texts
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class ProcessingSpec:
    """An entry of the register of processing. ``organisation`` and ``municipality``: key and ISTAT code, or empty."""

    key: str
    purpose: Texts
    controller: str
    processor: str
    dpo_contact: str
    organisation: str
    municipality: str
    basis: str
    articles: tuple[str, ...]
    kept: Texts
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    where: Where = field(compare=False)

    def table(self) -> dict[str, Any]:
        """The entry as ``processing.toml`` writes it."""
        found = {name: getattr(self, name) for name in PROCESSING_KEYS}
        return {**found, "articles": list(self.articles)}


PROCESSING_KEYS = (
    "key",
    "purpose",
    "controller",
    "processor",
    "dpo_contact",
    "organisation",
    "municipality",
    "basis",
    "articles",
    "kept",
    "valid_from",
    "valid_to",
    "status",
    "source",
)


@dataclass(frozen=True, slots=True)
class HoursSpec:
    """Opening hours of some days of the week; times as ``"09:00"``."""

    days: tuple[str, ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ContactsSpec:
    address: str
    phone: str
    email: str
    hours: tuple[HoursSpec, ...]
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class FactSpec:
    value: Texts
    text: Texts


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    parameter: Parameter
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class TermSpec:
    key: str
    label: Texts
    aliases: tuple[str, ...]
    parent: str
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class VocabularySpec:
    key: str
    label: Texts
    terms: tuple[TermSpec, ...]
    where: Where = field(compare=False)


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role with its grants as plain tables, in the shape that ``core.access`` takes."""

    key: str
    label: Texts
    visitor: bool
    grants: tuple[Mapping[str, Any], ...]
    where: Where = field(compare=False)
    functions: tuple[str, ...] = ()
    two_factor: bool = False

    def table(self) -> dict[str, Any]:
        """The role as ``roles.toml`` writes it."""
        facts = {"key": self.key, "label": dict(self.label), "visitor": self.visitor}
        more = {"functions": list(self.functions), "two_factor": self.two_factor}
        return {**facts, **more, "grants": list(self.grants)}


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What the district calls a function; ``unique``: where one person alone may hold it."""

    key: str
    label: Texts
    unique: str
    where: Where = field(compare=False)

    def table(self) -> dict[str, Any]:
        """The function as ``roles.toml`` writes it."""
        return {"key": self.key, "label": dict(self.label), "unique": self.unique}


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model, alone or with the add-ons merged into it."""

    key: str
    addon: bool
    slug: str
    name: Texts
    service: Texts
    claim: Texts
    languages: tuple[str, ...]
    source: str
    plugins: Mapping[str, PluginSpec]
    subareas: tuple[SubAreaSpec, ...]
    municipalities: tuple[MunicipalitySpec, ...]
    organisations: tuple[OrganisationSpec, ...]
    contacts: ContactsSpec | None
    facts: tuple[FactSpec, ...]
    parameters: tuple[ParameterSpec, ...]
    vocabularies: tuple[VocabularySpec, ...]
    synonyms: tuple[tuple[str, ...], ...]
    roles: tuple[RoleSpec, ...]
    where: Where = field(compare=False)
    parts: tuple[Part, ...] = field(compare=False, default=())
    functions: tuple[FunctionSpec, ...] = ()
    processings: tuple[ProcessingSpec, ...] = ()

    @property
    def addons(self) -> tuple[str, ...]:
        """Keys of the add-ons merged into the model, in listed order."""
        return tuple(part.key for part in self.parts[1:])

    @property
    def content(self) -> list[dict[str, Any]]:
        """The bundles as JSON, for the history."""
        return [
            {"key": part.key, "files": {name: encode(data) for name, data in part.files.items()}} for part in self.parts
        ]

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        text = json.dumps(self.content, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def encode(value: Any) -> Any:
    """TOML data as JSON; dates and decimal numbers keep their type."""
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return {"$decimal": str(value)} if isinstance(value, Decimal) else value


def decode(value: Any) -> Any:
    """The opposite of ``encode``."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"$date"}:
        return date.fromisoformat(value["$date"])
    if set(value) == {"$decimal"}:
        return Decimal(value["$decimal"])
    return {key: decode(item) for key, item in value.items()}
