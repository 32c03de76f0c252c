"""What hooks return: frozen data that the core sorts and acts upon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class MenuItem:
    """An entry of the ``public`` or the ``staff`` menu; ``area="search"`` names the page that searches the district.

    ``area="find"``: the page that finds what the staff works on; its label stands in the search box of their bar.
    """

    label: str
    endpoint: str
    order: int = 100
    area: str = "public"
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DashboardCard:
    """A panel of the staff's first page: a sentence with its figure, and where to go."""

    title: str
    text: str
    url: str
    action: str
    order: int = 100
    kind: str = "info"


@dataclass(frozen=True, slots=True)
class SlotContent:
    """A piece of page: a template of the plugin with its context."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 100


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a district, delivered at least once: handlers are idempotent by ``id``."""

    id: str
    name: str
    district_id: int
    payload: Mapping[str, Any]
    happened_at: str


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What one part of the portal holds of a person, for the access file: rows of (label, value), already readable.

    ``source`` is the plugin, or the part of the core, that answers; ``rows`` is empty where it holds nothing.
    """

    source: str
    title: str
    rows: Sequence[Mapping[str, str]]
