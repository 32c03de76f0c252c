"""Switch plugins on and off, set their settings, let a municipality opt out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.districts import queries
from core.districts.catalogue import PluginCatalogue, dependants
from core.districts.models import (
    DistrictMunicipality,
    OptOut,
    PluginState,
)
from core.districts.permissions import PLUGIN, SETTING, demand
from core.districts.settings import dump_setting, read_setting, setting_fields, unknown_key_remedy
from core.districts.snapshot import snapshots
from core.districts.trace import begin, invalid, raise_version, trace
from core.errors import NotFound, Refused
from core.events import emit
from core.i18n import _


def catalogue_of(given: PluginCatalogue | None) -> PluginCatalogue:
    """The plugins given, else those of this process. Raises RuntimeError where nobody named any."""
    catalogue = given or snapshots.catalogue
    if catalogue is None:
        raise RuntimeError("pass a catalogue of plugins, or name it once with snapshots.use()")
    return catalogue


def enabled_here(session: Session) -> frozenset[str]:
    """Names of the plugins that are on in the session's district."""
    return frozenset(n for n, state in queries.plugin_states(session).items() if queries.enabled_of(state))


def _state(session: Session, plugin: str) -> PluginState:
    state = session.scalar(select(PluginState).where(PluginState.plugin == plugin))
    if state is None:
        state = PluginState(plugin=plugin, model_enabled=False, model_settings={}, model_files={}, settings={})
        session.add(state)
        session.flush()
    return state


def _installed(plugin: str, catalogue: PluginCatalogue) -> None:
    if plugin not in catalogue.names:
        raise Refused(
            _(
                "Il plugin «%(name)s» non è installato. %(remedy)s",
                name=plugin,
                remedy=unknown_key_remedy(plugin, dict.fromkeys(catalogue.names)),
            ),
            code="unknown_plugin",
        )


def enable_plugin(session: Session, plugin: str, *, actor: Actor, catalogue: PluginCatalogue | None = None) -> None:
    """Switch a plugin on in the session's district; nothing happens when it is on.

    Raises Refused for a plugin that is not installed or whose requirements are off, AccessDenied.
    """
    known = catalogue_of(catalogue)
    demand(session, actor, PLUGIN)
    _installed(plugin, known)
    raise_version(session)
    missing = sorted(set(known.requires(plugin)) - enabled_here(session))
    if missing:
        raise Refused(
            _("Per accendere «%(name)s» accendi prima: %(missing)s.", name=plugin, missing=", ".join(missing)),
            code="requirement_off",
        )
    _switch(session, plugin, True, actor)


def disable_plugin(session: Session, plugin: str, *, actor: Actor, catalogue: PluginCatalogue | None = None) -> None:
    """Switch a plugin off in the session's district: its pages answer 404, its data stay.

    Raises Refused while another plugin that is on needs it, AccessDenied.
    """
    known = catalogue_of(catalogue)
    begin(session, actor, PLUGIN)
    enabled = enabled_here(session)
    if plugin not in enabled:
        _installed(plugin, known)
    users = dependants(plugin, enabled, known)
    if users:
        raise Refused(
            _(
                "Non si può spegnere «%(name)s»: serve a %(users)s. Spegni prima quelli.",
                name=plugin,
                users=", ".join(users),
            ),
            code="still_needed",
        )
    _switch(session, plugin, False, actor)


def reset_plugin(session: Session, plugin: str, *, actor: Actor, catalogue: PluginCatalogue | None = None) -> None:
    """Let the model decide again whether the plugin is on. Raises Refused as the two above."""
    begin(session, actor, PLUGIN)
    switch = enable_plugin if _state(session, plugin).model_enabled else disable_plugin
    switch(session, plugin, actor=actor, catalogue=catalogue)


def _switch(session: Session, plugin: str, on: bool, actor: Actor) -> None:
    state = _state(session, plugin)
    before = queries.enabled_of(state)
    # What agrees with the model is no override: the next model may decide otherwise.
    state.enabled = None if on == state.model_enabled else on
    if before != on:
        trace(session, actor, "plugin.enable" if on else "plugin.disable", plugin, old=before, new=on)
        emit(session, "plugin.enabled" if on else "plugin.disabled", plugin=plugin)


def set_setting(
    session: Session, plugin: str, key: str, value: Any, *, actor: Actor, catalogue: PluginCatalogue | None = None
) -> None:
    """Override a setting of a plugin in the session's district.

    Raises Refused for an unknown plugin, Invalid for an unknown setting, a wrong type or a value out of range.
    """
    known = catalogue_of(catalogue)
    demand(session, actor, SETTING)
    _installed(plugin, known)
    fields = setting_fields(known.settings_type(plugin))
    if key not in fields:
        raise invalid(
            key, _("Questa impostazione non esiste. %(remedy)s", remedy=unknown_key_remedy(key, fields)), "unknown"
        )
    try:
        stored = dump_setting(read_setting(fields[key], value))
    except ValueError as error:
        raise invalid(key, str(error)) from None
    raise_version(session)
    state = _state(session, plugin)
    old = state.settings.get(key)
    state.settings = {**state.settings, key: stored}
    trace(session, actor, "setting.set", f"{plugin}.{key}", old=old, new=stored)


def reset_setting(session: Session, plugin: str, key: str, *, actor: Actor) -> None:
    """Return a setting to what model or plugin say. Raises NotFound when the console has not set it."""
    begin(session, actor, SETTING)
    state = _state(session, plugin)
    if key not in state.settings:
        raise NotFound(_("Questa impostazione segue già il modello."))
    old = state.settings[key]
    state.settings = {name: value for name, value in state.settings.items() if name != key}
    trace(session, actor, "setting.reset", f"{plugin}.{key}", old=old, new=None)


def opt_out(session: Session, istat: str, plugin: str, *, actor: Actor, out: bool = True) -> None:
    """Take a municipality out of a plugin of its district, or back in (INL-059).

    Raises NotFound for a municipality of another district, Refused for a plugin that is off.
    """
    begin(session, actor, PLUGIN)
    place = session.scalar(select(DistrictMunicipality).where(DistrictMunicipality.istat == istat))
    if place is None:
        raise NotFound(_("Questo Comune non è nel distretto."))
    if plugin not in enabled_here(session):
        raise Refused(_("Il plugin «%(name)s» qui è spento.", name=plugin), code="plugin_off")
    row = session.scalar(select(OptOut).where(OptOut.istat == istat, OptOut.plugin == plugin))
    old = row.out if row else plugin in place.opted_out
    if row is None:
        session.add(OptOut(istat=istat, plugin=plugin, out=out))
    else:
        row.out = out
    trace(session, actor, "municipality.opt_out", f"{istat}.{plugin}", old=old, new=out)
