"""What pages show of a district: small frozen objects without a session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from core.i18n import Texts


@dataclass(frozen=True, slots=True)
class SubAreaInfo:
    """A part of a district; not ``confirmed`` is shown as "da confermare"."""

    key: str
    name: Texts
    confirmed: bool


@dataclass(frozen=True, slots=True)
class MunicipalityInfo:
    """A municipality in a district. ``opted_out``: plugins it takes no part in (INL-059)."""

    istat: str
    name: str
    subarea: str = ""
    lead: bool = False
    opted_out: frozenset[str] = frozenset()
    note: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrganisationInfo:
    """A body of the district and what it does there."""

    key: str
    name: str
    kind: str
    roles: tuple[str, ...]
    confirmed: bool
    note: Texts


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Days (``mon`` to ``sun``) with one span of time, as ``"09:00"``."""

    days: tuple[str, ...]
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Contacts:
    """How to reach the service; empty where the model does not say."""

    address: str = ""
    phone: str = ""
    email: str = ""
    hours: tuple[OpeningHours, ...] = ()


@dataclass(frozen=True, slots=True)
class FactInfo:
    """A figure and what it means."""

    value: Texts
    text: Texts


@dataclass(frozen=True, slots=True)
class DistrictCard:
    """What the portal shows of a district without entering it. ``places``: name of each municipality by ISTAT code."""

    id: int
    uuid: UUID
    slug: str
    host: str
    name: Texts
    service: Texts
    claim: Texts
    languages: tuple[str, ...]
    model: str
    demo: bool
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A municipality that somebody looked for, and the district that serves it."""

    istat: str
    name: str
    district: DistrictCard
