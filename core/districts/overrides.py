"""What the console changed, and the model with those changes in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.rolerows import console_roles
from core.access.rolespecs import RoleSpec as AccessRole
from core.districts import queries
from core.districts.bundle import (
    Bundle,
    ContactsSpec,
    HoursSpec,
    MunicipalitySpec,
    ParameterSpec,
    PluginSpec,
    ProcessingSpec,
    RoleSpec,
)
from core.districts.models import District, OptOut, ParameterValue, SynonymGroup
from core.districts.parameters import DatedValue, Parameter, overlay, read_value
from core.districts.processings import written_by_hand
from core.districts.reader import Where

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class PluginOverride:
    """Switched on or off (``None``: as the model says), and settings."""

    enabled: bool | None
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overrides:
    """Everything that stays when a model is applied or rolled back."""

    identity: Mapping[str, Any] = field(default_factory=dict)
    plugins: Mapping[str, PluginOverride] = field(default_factory=dict)
    values: Mapping[str, tuple[DatedValue, ...]] = field(default_factory=dict)
    opt_outs: Mapping[str, dict[str, bool]] = field(default_factory=dict)
    synonyms: tuple[tuple[str, ...], ...] = ()
    #: Roles that the console made or changed, and the keys of those that it retired.
    roles: tuple[RoleSpec, ...] = ()
    retired_roles: frozenset[str] = frozenset()
    #: Entries of the register of processing that the console wrote or changed.
    processings: tuple[ProcessingSpec, ...] = ()


def load_overrides(session: Session) -> Overrides:
    """The overrides of the session's district."""
    row = session.get(District, session.info["district"])
    values: dict[str, tuple[DatedValue, ...]] = {}
    for value in session.scalars(select(ParameterValue).where(ParameterValue.file == "")):
        values[value.key] = (*values.get(value.key, ()), _dated(value))
    opt_outs: dict[str, dict[str, bool]] = {}
    for opt_out in session.scalars(select(OptOut)):
        opt_outs.setdefault(opt_out.istat, {})[opt_out.plugin] = opt_out.out
    groups = select(SynonymGroup).where(SynonymGroup.from_model.is_(False)).order_by(SynonymGroup.position)
    roles = console_roles(session)
    return Overrides(
        roles=tuple(_role(spec) for spec, retired in roles if not retired),
        retired_roles=frozenset(spec.key for spec, retired in roles if retired),
        processings=tuple(written_by_hand(session)),
        identity=row.overrides if row else {},
        plugins={n: PluginOverride(s.enabled, s.settings) for n, s in queries.plugin_states(session).items()},
        values=values,
        opt_outs=opt_outs,
        synonyms=tuple(tuple(group.words) for group in session.scalars(groups)),
    )


def _dated(row: ParameterValue) -> DatedValue:
    return DatedValue(row.value, row.valid_from, row.valid_to, row.layer, row.place, row.source)


def effective(bundle: Bundle, overrides: Overrides) -> Bundle:
    """The bundle as it works in the district: the model with the console's changes written into it."""
    identity = {name: overrides.identity[name] for name in ("name", "service", "claim") if name in overrides.identity}
    return replace(
        bundle,
        **identity,
        plugins=_plugins(bundle, overrides),
        municipalities=tuple(_municipality(m, overrides.opt_outs) for m in bundle.municipalities),
        contacts=_contacts(bundle, overrides.identity.get("contacts", {})),
        parameters=tuple(_parameter(spec, overrides.values) for spec in bundle.parameters),
        synonyms=tuple(dict.fromkeys((*bundle.synonyms, *overrides.synonyms))),
        processings=tuple({spec.key: spec for spec in (*bundle.processings, *overrides.processings)}.values()),
        roles=_roles(bundle, overrides),
    )


def _role(spec: AccessRole) -> RoleSpec:
    return RoleSpec(
        key=spec.key,
        label=dict(spec.label),
        visitor=spec.visitor,
        grants=tuple(grant.table() for grant in spec.grants),
        where=Where(CONSOLE, f"roles.{spec.key}"),
        functions=spec.functions,
        two_factor=spec.two_factor,
    )


def _roles(bundle: Bundle, overrides: Overrides) -> tuple[RoleSpec, ...]:
    roles = {role.key: role for role in (*bundle.roles, *overrides.roles)}
    return tuple(role for key, role in roles.items() if key not in overrides.retired_roles)


def _plugins(bundle: Bundle, overrides: Overrides) -> dict[str, PluginSpec]:
    wanted = set(bundle.plugins)
    for name, override in overrides.plugins.items():
        if override.enabled is not None:
            (wanted.add if override.enabled else wanted.discard)(name)
    return {name: _plugin(name, bundle, overrides.plugins.get(name)) for name in sorted(wanted)}


def _plugin(name: str, bundle: Bundle, override: PluginOverride | None) -> PluginSpec:
    spec = bundle.plugins.get(name) or PluginSpec(name, {}, {}, Where(CONSOLE, f"plugins.{name}"))
    settings = override.settings if override else {}
    return replace(
        spec, settings={**spec.settings, **settings}, files={**spec.files, **dict.fromkeys(settings, CONSOLE)}
    )


def _municipality(spec: MunicipalitySpec, opt_outs: Mapping[str, dict[str, bool]]) -> MunicipalitySpec:
    return replace(spec, opted_out=tuple(sorted(queries.opted_out(spec.opted_out, opt_outs.get(spec.istat, {})))))


def _contacts(bundle: Bundle, changed: Mapping[str, Any]) -> ContactsSpec | None:
    if not changed:
        return bundle.contacts
    spec = bundle.contacts or ContactsSpec("", "", "", (), Where(CONSOLE, "contacts"))
    texts = {name: changed[name] for name in ("address", "phone", "email") if name in changed}
    hours = tuple(HoursSpec(tuple(h["days"]), h["from"], h["to"]) for h in changed.get("hours", ()))
    return replace(spec, **texts, hours=hours if "hours" in changed else spec.hours)


def _parameter(spec: ParameterSpec, values: Mapping[str, tuple[DatedValue, ...]]) -> ParameterSpec:
    parameter = spec.parameter
    ours = [_as_model(v) for v in values.get(parameter.key, ()) if _fits(parameter, v)]
    places = dict.fromkeys((v.layer, v.place) for v in (*parameter.values, *ours))
    merged = [v for place in places for v in overlay(_at(parameter.values, place), _at(ours, place))]
    return replace(spec, parameter=replace(parameter, values=tuple(merged)))


def _fits(parameter: Parameter, value: DatedValue) -> bool:
    """Whether what the console set still means something: the model may have changed type or reach since."""
    try:
        read_value(parameter.type, value.value)
    except ValueError:
        return False
    return parameter.local or value.layer == "district"


def _at(values: Iterable[DatedValue], place: tuple[str, str]) -> list[DatedValue]:
    return [value for value in values if (value.layer, value.place) == place]


def _as_model(value: DatedValue) -> DatedValue:
    return replace(value, layer="model") if value.layer == "district" else value
