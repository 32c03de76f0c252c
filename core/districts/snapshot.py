"""The configuration of a district as one frozen object, kept per process as long as the version row stays the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Engine, event, select
from sqlalchemy.orm import Session, SessionTransaction

from core.db import Database, DistrictSession
from core.districts import queries, synonyms
from core.districts.catalogue import PluginCatalogue, satisfied
from core.districts.info import (
    Contacts,
    DistrictCard,
    FactInfo,
    MunicipalityInfo,
    OrganisationInfo,
    SubAreaInfo,
)
from core.districts.models import District, PluginState, SettingsVersion
from core.districts.parameters import DatedValue, Origin, Parameter, Place
from core.districts.settings import ResolvedSettings, resolve
from core.districts.vocabularies import Term, terms, vocabularies
from core.errors import ConfigError, PluginError
from core.i18n import Texts, _

#: In ``session.info``: this transaction changed the configuration, what it sees is not for others yet.
CHANGED = "settings_changed"
_VERSION = select(SettingsVersion.__table__.c.version)


@dataclass(frozen=True, slots=True, eq=False)
class DistrictSnapshot:
    """A district as it is configured now. Never changes; a change of the configuration makes a new one.

    Two are equal when they are the same object, so that what is derived from one can be kept by it.

    ``problems`` names stored settings that an updated plugin no longer accepts.
    """

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
    source: str
    version: int
    enabled: frozenset[str]
    subareas: tuple[SubAreaInfo, ...]
    municipalities: Mapping[str, MunicipalityInfo]
    organisations: tuple[OrganisationInfo, ...]
    contacts: Contacts
    facts: tuple[FactInfo, ...]
    synonyms: tuple[tuple[str, ...], ...]
    vocabularies: Mapping[str, Mapping[str, Term]] = field(repr=False)
    parameters: Mapping[str, Parameter] = field(repr=False)
    resolved: Mapping[str, ResolvedSettings] = field(repr=False)
    problems: tuple[str, ...] = ()

    def has(self, plugin: str, municipality: str | None = None) -> bool:
        """Whether a plugin is on, for a municipality where one is named: it may have opted out (INL-059)."""
        if plugin not in self.enabled:
            return False
        place = self.municipalities.get(municipality or "")
        return place is None or plugin not in place.opted_out

    def settings(self, plugin: str) -> Any:
        """The settings of a plugin as the dataclass that it declares. Raises PluginError for one not installed."""
        return self._resolved(plugin).value

    def setting(self, plugin: str, key: str) -> Any:
        """One setting. Raises PluginError for an unknown plugin or key."""
        resolved = self._resolved(plugin)
        if key not in resolved.origins:
            raise PluginError(f"{plugin}: no setting is called '{key}'")
        return getattr(resolved.value, key)

    def setting_origin(self, plugin: str, key: str) -> Origin:
        """Where a setting comes from: layer ``plugin`` (its default), ``model`` or ``district`` (the console)."""
        self.setting(plugin, key)
        return self._resolved(plugin).origins[key]

    def parameter(self, key: str, *, on: date, municipality: str | None = None, subarea: str | None = None) -> Any:
        """The value of a parameter on the day of the event judged, never today's.

        A place of the district narrows it where the parameter is ``local``; a place elsewhere is ignored. ``None``
        where nobody has set a value for that day. Raises ConfigError for a parameter that the model does not define.
        """
        found = self._dated(key, on, municipality, subarea)
        return found.value if found else None

    def origin(
        self, key: str, *, on: date, municipality: str | None = None, subarea: str | None = None
    ) -> Origin | None:
        """Where the value of a parameter comes from, and how long it holds; ``None`` where there is no value."""
        found = self._dated(key, on, municipality, subarea)
        return found.origin if found else None

    def _dated(self, key: str, on: date, municipality: str | None, subarea: str | None) -> DatedValue | None:
        if key not in self.parameters:
            raise ConfigError(
                f"{self.model}/parameters.toml",
                key,
                _("questo parametro non esiste"),
                _("Aggiungilo al modello e applicalo di nuovo."),
            )
        return self.parameters[key].at(on, tuple(self._places(municipality, subarea)))

    def _places(self, municipality: str | None, subarea: str | None) -> Iterator[Place]:
        info = self.municipalities.get(municipality or "")
        if info:
            yield "municipality", info.istat
        area = info.subarea if info else subarea
        if area:
            yield "subarea", area

    def _resolved(self, plugin: str) -> ResolvedSettings:
        if plugin not in self.resolved:
            raise PluginError(f"{plugin}: not installed")
        return self.resolved[plugin]


@dataclass(frozen=True)
class _Edition:
    """The directory at one version, and the snapshots loaded since."""

    version: int
    cards: tuple[DistrictCard, ...]
    by_id: Mapping[int, DistrictCard]
    by_slug: Mapping[str, DistrictCard]
    by_host: Mapping[str, DistrictCard]
    loaded: dict[int, DistrictSnapshot] = field(default_factory=dict)

    @classmethod
    def of(cls, version: int, cards: tuple[DistrictCard, ...]) -> _Edition:
        """An edition without snapshots."""
        by_id, by_slug = {card.id: card for card in cards}, {card.slug: card for card in cards}
        return cls(version, cards, by_id, by_slug, {card.host: card for card in cards if card.host})


class Snapshots:
    """Snapshots of all districts of a database. Reads the version row at each call, the rest only after a change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By dialect object: the one thing that all engines derived from one engine share for their whole life.
        self._editions: WeakKeyDictionary[Dialect, _Edition] = WeakKeyDictionary()
        self._catalogue: PluginCatalogue | None = None

    def use(self, catalogue: PluginCatalogue | None) -> None:
        """Name the installed plugins: their defaults, and which enabled plugins can really run. Empties the cache."""
        with self._lock:
            self._catalogue = catalogue
            self._editions.clear()

    @property
    def catalogue(self) -> PluginCatalogue | None:
        """The plugins named with ``use``."""
        return self._catalogue

    def get(self, source: Session | Database, slug: str) -> DistrictSnapshot | None:
        """The district at that address, as configured now, or ``None``."""
        edition = self._edition(source)
        return self._snapshot(source, edition, edition.by_slug.get(slug))

    def by_host(self, source: Session | Database, host: str) -> DistrictSnapshot | None:
        """The district that owns a host name, or ``None``."""
        edition = self._edition(source)
        return self._snapshot(source, edition, edition.by_host.get(host.lower()))

    def by_id(self, source: Session | Database, district_id: int) -> DistrictSnapshot | None:
        """The district of a number (workers and events know districts by it), or ``None``."""
        edition = self._edition(source)
        return self._snapshot(source, edition, edition.by_id.get(district_id))

    def directory(self, source: Session | Database) -> tuple[DistrictCard, ...]:
        """Every district, for the portal's home page."""
        return self._edition(source).cards

    def version(self, source: Session | Database) -> int:
        """The number that every change of any district's configuration raises: a key for caches."""
        return _version(source)

    def _edition(self, source: Session | Database) -> _Edition:
        version, key = _version(source), _dialect(source)
        private = isinstance(source, Session) and CHANGED in source.info
        cached = self._editions.get(key)
        # Compared for equality: a transaction that began earlier gets what it can see, not something newer.
        if cached and cached.version == version and not private:
            return cached
        with _session(source) as session:
            edition = _Edition.of(version, queries.directory(session))
        if not private:
            with self._lock:
                self._editions[key] = edition
        return edition

    def _snapshot(
        self, source: Session | Database, edition: _Edition, card: DistrictCard | None
    ) -> DistrictSnapshot | None:
        if card is None:
            return None
        found = edition.loaded.get(card.id)
        if found is None:
            with _inside(source, card.id) as session:
                found = edition.loaded[card.id] = load(session, edition.version, self._catalogue)
        return found


def _dialect(source: Session | Database) -> Dialect:
    return source.get_bind().dialect if isinstance(source, Session) else source.engine.dialect


def _version(source: Session | Database) -> int:
    """The version row, by the shortest way: this runs at every request."""
    if isinstance(source, Session):
        return source.connection().scalar(_VERSION) or 0
    with source.engine.execution_options(district=None, write=False).connect() as connection:
        return connection.scalar(_VERSION) or 0


@contextmanager
def _session(source: Session | Database) -> Iterator[Session]:
    if isinstance(source, Session):
        yield source
        return
    with source.read(None) as session:
        yield session


@contextmanager
def _inside(source: Session | Database, district_id: int) -> Iterator[Session]:
    """A session of that district: the given one, or another on the same database."""
    if isinstance(source, Session) and source.info.get("district") == district_id:
        yield source
        return
    bind = source.get_bind() if isinstance(source, Session) else source.engine
    with DistrictSession(bind if isinstance(bind, Engine) else bind.engine, district_id, write=False) as inner:
        yield inner


def load(session: Session, version: int, catalogue: PluginCatalogue | None) -> DistrictSnapshot:
    """Read the district of the session from its rows."""
    district_id = session.info["district"]
    row = session.get_one(District, district_id)
    card = queries.card_of(row)
    states = queries.plugin_states(session)
    resolved = _resolve_all(states, catalogue)
    return DistrictSnapshot(
        id=row.id,
        uuid=row.uuid,
        slug=row.slug,
        host=card.host,
        name=card.name,
        service=card.service,
        claim=card.claim,
        languages=card.languages,
        model=row.model,
        demo=row.demo,
        source=row.source,
        version=version,
        enabled=_enabled(states, catalogue),
        subareas=queries.subareas(session),
        municipalities={m.istat: m for m in queries.municipalities(session)},
        organisations=queries.organisations(session),
        contacts=queries.contacts(session, row),
        facts=queries.facts(session),
        synonyms=synonyms.groups(session),
        vocabularies={key: terms(session, key) for key in vocabularies(session)},
        parameters=queries.parameters(session),
        resolved=resolved,
        problems=tuple(f"{plugin}.{text}" for plugin, found in resolved.items() for text in found.problems),
    )


def _enabled(states: Mapping[str, PluginState], catalogue: PluginCatalogue | None) -> frozenset[str]:
    wanted = frozenset(name for name, state in states.items() if queries.enabled_of(state))
    return satisfied(wanted, catalogue) if catalogue else wanted


def _resolve_all(states: Mapping[str, PluginState], catalogue: PluginCatalogue | None) -> dict[str, ResolvedSettings]:
    if catalogue is None:
        return {name: _untyped(state) for name, state in states.items()}
    return {
        name: resolve(
            catalogue.settings_type(name),
            states[name].model_settings if name in states else {},
            states[name].model_files if name in states else {},
            states[name].settings if name in states else {},
        )
        for name in sorted(catalogue.names)
    }


def _untyped(state: PluginState) -> ResolvedSettings:
    """The settings as stored, for tools that know no plugins."""
    origins = {name: Origin("model", state.model_files.get(name, "")) for name in state.model_settings}
    origins |= {name: Origin("district") for name in state.settings}
    return ResolvedSettings(SimpleNamespace(**{**state.model_settings, **state.settings}), origins)


@event.listens_for(DistrictSession, "after_transaction_end")
def _settled(session: Session, transaction: SessionTransaction) -> None:
    """Committed or rolled back: what the session sees next is what everybody sees."""
    if transaction.parent is None:
        session.info.pop(CHANGED, None)


#: The snapshots of this process.
snapshots = Snapshots()
