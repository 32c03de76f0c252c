"""Every write on a district's configuration: check, change, raise the version, leave a trace. None of them commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.access.operations import replace_roles
from core.db import Database
from core.districts import checks, queries
from core.districts.bundle import DAYS, Bundle
from core.districts.catalogue import PluginCatalogue, dependants
from core.districts.diff import Change, preview
from core.districts.loading import from_content
from core.districts.models import (
    AppliedBundle,
    District,
    DistrictMunicipality,
    OptOut,
    ParameterDefinition,
    PluginState,
    SubArea,
    SynonymGroup,
)
from core.districts.parameters import DatedValue, dump_value, read_value
from core.districts.permissions import DISTRICT, PARAMETER, PLUGIN, SETTING, demand
from core.districts.rows import write_bundle
from core.districts.settings import dump_setting, read_setting, setting_fields, unknown_key_remedy
from core.districts.snapshot import snapshots
from core.districts.text import folded, slug_problem
from core.districts.timeline import insert_value, values_at
from core.districts.trace import begin, invalid, own_district, raise_version, trace
from core.errors import Conflict, NotFound, Refused
from core.events import emit
from core.i18n import LANGUAGES, _

MAX_DISTRICTS = 32_000


@dataclass(frozen=True, slots=True)
class Applied:
    """An applied bundle: its number in the district's history, and what it changed."""

    number: int
    changes: tuple[Change, ...]


# --- districts and models --------------------------------------------------------------------------------------------


def create_district(
    session: Session,
    bundle: Bundle,
    *,
    actor: Actor,
    slug: str | None = None,
    host: str | None = None,
    demo: bool = False,
) -> District:
    """Make the session's number a district that runs on the bundle; use ``found_district`` to pick the number.

    The address is the bundle's unless ``slug`` is given. Raises Refused for an address that is taken, Invalid for one
    that is reserved or malformed, Conflict when somebody took the number in the meantime, AccessDenied.
    """
    begin(session, actor, DISTRICT)
    address, name = slug or bundle.slug, (host or "").lower() or None
    if problem := slug_problem(address):
        raise invalid("slug", _("«%(slug)s» non può essere un indirizzo: %(problem)s", slug=address, problem=problem))
    if session.get(District, session.info["district"]):
        raise Conflict(_("Un altro distretto è nato nello stesso momento: riprova."))
    if queries.district_row(session, address):
        raise Refused(_("C'è già un distretto all'indirizzo «%(slug)s».", slug=address), code="slug_taken")
    if name and session.scalar(select(District.id).where(District.host == name)):
        raise Refused(_("Il nome «%(host)s» è già di un altro distretto.", host=name), code="host_taken")
    district = District(
        id=session.info["district"],
        slug=address,
        host=name,
        demo=demo,
        name={},
        languages=[],
        model=bundle.key,
        overrides={},
    )
    session.add(district)
    session.flush()
    trace(session, actor, "district.create", address, old=None, new={"model": bundle.key})
    _apply(session, district, bundle, actor)
    return district


def found_district(
    database: Database,
    bundle: Bundle,
    *,
    actor: Actor,
    slug: str | None = None,
    host: str | None = None,
    demo: bool = False,
) -> District:
    """``create_district`` in a transaction of its own, under the next free number. Commits."""
    for _attempt in range(5):
        with database.read(None) as session:
            number = (session.scalar(select(func.max(District.id))) or 0) + 1
        if number > MAX_DISTRICTS:
            raise Refused(_("L'installazione non può avere altri distretti."), code="full")
        try:
            with database.write(number) as session:
                return create_district(session, bundle, actor=actor, slug=slug, host=host, demo=demo)
        except IntegrityError:
            if not _taken(database, number):
                raise
        except Conflict:
            continue
    raise Conflict(_("Altri distretti sono nati nello stesso momento: riprova."))


def _taken(database: Database, number: int) -> bool:
    with database.read(None) as session:
        return session.get(District, number) is not None


def apply_bundle(session: Session, bundle: Bundle, *, actor: Actor) -> Applied:
    """Apply a model to the session's district; what the console set stays. ``diff.preview`` is the dry run.

    Raises Refused when a plugin of the model needs one that the console has switched off, ConfigError for a
    municipality that another district calls otherwise, AccessDenied.
    """
    begin(session, actor, DISTRICT)
    return _apply(session, own_district(session), bundle, actor)


def rollback_bundle(session: Session, *, actor: Actor, catalogue: PluginCatalogue | None = None) -> Applied:
    """Take back the bundle applied last and return to the one before it; what the console set stays.

    Raises Refused when there is none before, ConfigError when the earlier bundle names a plugin that is gone.
    """
    begin(session, actor, DISTRICT)
    applied = [row for row in queries.history(session) if row.rolled_back_at is None]
    if len(applied) < 2:
        raise Refused(_("Non c'è una versione precedente del modello."), code="no_earlier_version")
    latest, earlier = applied[0], applied[1]
    bundle = from_content(earlier.content, _catalogue(catalogue))
    changes = _write(session, own_district(session), bundle, actor)
    latest.rolled_back_at = clock.now()
    trace(session, actor, "bundle.rollback", bundle.key, old=latest.number, new=earlier.number)
    return Applied(earlier.number, changes)


def _apply(session: Session, district: District, bundle: Bundle, actor: Actor) -> Applied:
    before = queries.in_force(session)
    changes = _write(session, district, bundle, actor)
    if before and before.digest == bundle.digest:
        # The same bundle again is no new version: a rollback must lead to something different.
        return Applied(before.number, changes)
    number = (session.scalar(select(func.max(AppliedBundle.number))) or 0) + 1
    session.add(AppliedBundle(number=number, digest=bundle.digest, content=bundle.content, applied_by=actor.name))
    trace(session, actor, "bundle.apply", bundle.key, old=None, new={"number": number, "changes": len(changes)})
    return Applied(number, changes)


def _write(session: Session, district: District, bundle: Bundle, actor: Actor) -> tuple[Change, ...]:
    changes, before = preview(session, bundle), _enabled(session)
    write_bundle(session, district, bundle)
    _check_requirements(session)
    for plugin in sorted(_enabled(session) - before):
        emit(session, "plugin.enabled", plugin=plugin)
    # The right to apply a model includes the roles that it brings.
    system = Actor.system(session.info["district"], actor.name)
    replace_roles(session, [role.table() for role in bundle.roles], actor=system, file=f"{bundle.key}/roles.toml")
    return changes


def _check_requirements(session: Session) -> None:
    catalogue = snapshots.catalogue
    enabled = _enabled(session)
    for plugin in sorted(enabled.intersection(catalogue.names)) if catalogue else ():
        assert catalogue is not None
        for needed in catalogue.requires(plugin):
            if needed not in enabled:
                raise Refused(
                    _(
                        "Il plugin «%(name)s» ha bisogno di «%(needed)s», che qui è spento: prima riaccendilo.",
                        name=plugin,
                        needed=needed,
                    ),
                    code="requirement_off",
                )


# --- identity --------------------------------------------------------------------------------------------------------

IDENTITY = ("name", "service", "claim")
CONTACTS = ("address", "phone", "email", "hours")


def set_identity(session: Session, field: str, texts: Mapping[str, str] | None, *, actor: Actor) -> None:
    """Give the district another name, service name or claim than the model's; ``None`` returns to the model's."""
    begin(session, actor, DISTRICT)
    if field not in IDENTITY:
        raise invalid(field, _("Questo campo non si può cambiare."))
    if texts is not None and (not texts.get("it", "").strip() or not set(texts) <= set(LANGUAGES)):
        raise invalid(field, _("Serve almeno il testo in italiano."), "required")
    for problem in filter(None, map(_text_problem, (texts or {}).values())):
        raise invalid(field, problem)
    district = own_district(session)
    _override(session, district, actor, field, dict(texts) if texts is not None else None)


def set_contact(session: Session, field: str, value: Any, *, actor: Actor) -> None:
    """Change the address, telephone, e-mail or hours of the district; ``None`` returns to the model's.

    Hours are a list of ``{"days": ["mon"], "from": "09:00", "to": "12:30"}``.
    """
    begin(session, actor, DISTRICT)
    if field not in CONTACTS:
        raise invalid(field, _("Questo campo non si può cambiare."))
    if value is not None and (problem := _CONTACT_CHECKS.get(field, _text_problem)(value)):
        raise invalid(field, problem)
    district = own_district(session)
    contacts = {**district.overrides.get("contacts", {}), field: value}
    kept = {name: item for name, item in contacts.items() if item is not None}
    _override(session, district, actor, "contacts", kept or None)


def _text_problem(value: Any) -> str:
    readable = isinstance(value, str) and len(value) <= 300 and "\x00" not in value
    return "" if readable else str(_("Serve un testo di al massimo 300 caratteri."))


def _email_problem(value: Any) -> str:
    return _text_problem(value) or ("" if value.count("@") == 1 else str(_("Non è un indirizzo e-mail.")))


def _hours_problem(value: Any) -> str:
    try:
        problems = [checks.hours_problem(h["days"], h["from"], h["to"]) for h in value if set(h["days"]) <= set(DAYS)]
    except (TypeError, KeyError):
        return str(_("Gli orari non sono leggibili."))
    if len(problems) != len(value):
        return str(_("I giorni non sono validi."))
    return next(filter(None, problems), "")


_CONTACT_CHECKS: Mapping[str, Callable[[Any], str]] = {"email": _email_problem, "hours": _hours_problem}


def _override(session: Session, district: District, actor: Actor, field: str, value: Any) -> None:
    old = district.overrides.get(field)
    kept = {name: item for name, item in district.overrides.items() if name != field}
    district.overrides = kept if value is None else {**kept, field: value}
    trace(session, actor, "district.change", field, old=old, new=value)


# --- plugins ---------------------------------------------------------------------------------------------------------


def _catalogue(given: PluginCatalogue | None) -> PluginCatalogue:
    catalogue = given or snapshots.catalogue
    if catalogue is None:
        raise RuntimeError("pass a catalogue of plugins, or name it once with snapshots.use()")
    return catalogue


def _enabled(session: Session) -> frozenset[str]:
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
    known = _catalogue(catalogue)
    demand(session, actor, PLUGIN)
    _installed(plugin, known)
    raise_version(session)
    missing = sorted(set(known.requires(plugin)) - _enabled(session))
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
    known = _catalogue(catalogue)
    begin(session, actor, PLUGIN)
    enabled = _enabled(session)
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
    known = _catalogue(catalogue)
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
    if plugin not in _enabled(session):
        raise Refused(_("Il plugin «%(name)s» qui è spento.", name=plugin), code="plugin_off")
    row = session.scalar(select(OptOut).where(OptOut.istat == istat, OptOut.plugin == plugin))
    old = row.out if row else plugin in place.opted_out
    if row is None:
        session.add(OptOut(istat=istat, plugin=plugin, out=out))
    else:
        row.out = out
    trace(session, actor, "municipality.opt_out", f"{istat}.{plugin}", old=old, new=out)


# --- parameters ------------------------------------------------------------------------------------------------------


def set_parameter(
    session: Session,
    key: str,
    value: Any,
    *,
    actor: Actor,
    valid_from: date,
    valid_to: date | None = None,
    municipality: str | None = None,
    subarea: str | None = None,
    source: str = "",
) -> None:
    """Set the value of a parameter from a day on, for the district or, where it is ``local``, for one of its places.

    A value of the same place that was in force ends on that day; a later one keeps its day, and the new value ends
    there. ``valid_to`` is the first day on which it no longer holds. Amounts are cents. Raises NotFound for an unknown
    parameter or place, Invalid for a wrong value, Refused for a place where the parameter is not local.
    """
    demand(session, actor, PARAMETER)
    definition = _definition(session, key)
    layer, place = _layer(session, definition, municipality, subarea)
    try:
        stored = dump_value(definition.type, read_value(definition.type, value, definition.options))
    except ValueError as error:
        raise invalid("value", str(error)) from None
    if valid_to is not None and valid_to <= valid_from:
        raise invalid("valid_to", _("La fine viene prima dell'inizio."))
    if problem := _text_problem(source):
        raise invalid("source", problem)
    raise_version(session)
    mine = DatedValue(stored, valid_from, valid_to, layer, place, source)
    old = insert_value(session, key, mine)
    trace(
        session,
        actor,
        "parameter.set",
        _traced(key, place),
        old=old,
        new={"value": stored, "valid_from": valid_from.isoformat(), "valid_to": valid_to and valid_to.isoformat()},
    )


def _definition(session: Session, key: str) -> ParameterDefinition:
    row = session.scalar(select(ParameterDefinition).where(ParameterDefinition.key == key))
    if row is None:
        raise NotFound(_("Il parametro «%(key)s» non c'è in questo distretto.", key=key))
    return row


def _layer(
    session: Session, definition: ParameterDefinition, municipality: str | None, subarea: str | None
) -> tuple[str, str]:
    if not municipality and not subarea:
        return "district", ""
    if not definition.local:
        raise Refused(_("Il parametro «%(key)s» vale per tutto il distretto.", key=definition.key), code="not_local")
    if municipality and subarea:
        raise invalid("municipality", _("Scegli un Comune oppure un'area, non tutti e due."))
    wanted = DistrictMunicipality.istat == municipality if municipality else SubArea.key == subarea
    table = DistrictMunicipality if municipality else SubArea
    if session.scalar(select(table.id).where(wanted)) is None:
        raise NotFound(_("Questo luogo non è nel distretto."))
    return ("municipality", municipality) if municipality else ("subarea", cast(str, subarea))


def _traced(key: str, place: str) -> str:
    return f"{key}[{place}]" if place else key


def reset_parameter(
    session: Session, key: str, *, actor: Actor, municipality: str | None = None, subarea: str | None = None
) -> None:
    """Remove what the console set for the district or for one place. Raises NotFound when there is nothing."""
    begin(session, actor, PARAMETER)
    layer, place = _layer(session, _definition(session, key), municipality, subarea)
    rows = values_at(session, key, layer, place)
    if not rows:
        raise NotFound(_("Questo parametro segue già il modello."))
    old = [{"value": row.value, "valid_from": row.valid_from.isoformat()} for row in rows]
    for row in rows:
        session.delete(row)
    trace(session, actor, "parameter.reset", _traced(key, place), old=old, new=None)


# --- synonyms --------------------------------------------------------------------------------------------------------


def add_synonyms(session: Session, words: list[str], *, actor: Actor) -> SynonymGroup:
    """Add a group of words that search treats as one. Raises Invalid for fewer than two different words."""
    begin(session, actor, SETTING)
    if any("\x00" in word for word in words):
        raise invalid("words", _("Una parola contiene caratteri vietati."))
    cleaned = list({folded(word): word.strip() for word in words if folded(word)}.values())
    if len(cleaned) < 2 or any(len(word) > 100 for word in cleaned):
        raise invalid("words", _("Servono almeno due parole diverse, di al massimo 100 caratteri."))
    position = session.scalar(select(func.max(SynonymGroup.position)).where(SynonymGroup.from_model.is_(False)))
    group = SynonymGroup(words=cleaned, from_model=False, position=(position or 0) + 1)
    session.add(group)
    trace(session, actor, "synonyms.add", cleaned[0], old=None, new=cleaned)
    return group


def remove_synonyms(session: Session, group_id: UUID, *, actor: Actor) -> None:
    """Remove a group that was added in the console. Raises NotFound, and Refused for a group of the model."""
    begin(session, actor, SETTING)
    group = session.scalar(select(SynonymGroup).where(SynonymGroup.id == group_id))
    if group is None:
        raise NotFound(_("Questo gruppo di sinonimi non c'è."))
    if group.from_model:
        raise Refused(_("Questo gruppo viene dal modello: cambialo là e applicalo di nuovo."), code="from_model")
    session.delete(group)
    trace(session, actor, "synonyms.remove", group.words[0], old=group.words, new=None)
