"""Reads of districts: the portal's directory, and what a district's pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.districts.info import (
    Contacts,
    DistrictCard,
    FactInfo,
    MunicipalityInfo,
    OpeningHours,
    OrganisationInfo,
    PlaceHit,
    SubAreaInfo,
)
from core.districts.models import (
    CONFIRMED,
    REGISTERED,
    AppliedBundle,
    Contact,
    District,
    DistrictMunicipality,
    Fact,
    Municipality,
    OptOut,
    Organisation,
    ParameterDefinition,
    ParameterValue,
    PluginState,
    SettingChange,
    SubArea,
)
from core.districts.parameters import DatedValue, Parameter, read_value
from core.districts.text import folded


def directory(session: Session) -> tuple[DistrictCard, ...]:
    """Every district of the installation, by Italian name; any session may ask."""
    cards = [card_of(row) for row in session.scalars(select(District))]
    return tuple(sorted(cards, key=lambda card: folded(card.name.get("it", card.slug))))


def card_of(row: District) -> DistrictCard:
    """A district as the portal shows it, with what the console changed."""
    return DistrictCard(
        id=row.id,
        uuid=row.uuid,
        slug=row.slug,
        host=row.host or "",
        name=row.overrides.get("name", row.name),
        service=row.overrides.get("service", row.service),
        claim=row.overrides.get("claim", row.claim),
        languages=tuple(row.languages),
        model=row.model,
        demo=row.demo,
        places=dict(row.places),
    )


def find_places(cards: Iterable[DistrictCard], text: str, *, limit: int = 8) -> tuple[PlaceHit, ...]:
    """Municipalities whose name, or a word of it, begins with the text; the name's own beginning first.

    Capitals, accents and apostrophes do not count. An empty text finds nothing.
    """
    wanted = folded(text[:100])
    if not wanted:
        return ()
    hits = [
        (not folded(name).startswith(wanted), folded(name), PlaceHit(istat, name, card))
        for card in cards
        for istat, name in card.places.items()
        if f" {folded(name)}".find(f" {wanted}") >= 0
    ]
    return tuple(hit for _rank, _name, hit in sorted(hits, key=lambda h: (h[0], h[1], h[2].district.slug))[:limit])


def district_row(session: Session, slug: str) -> District | None:
    """The row of a district by its address."""
    return session.scalar(select(District).where(District.slug == slug))


def subareas(session: Session) -> tuple[SubAreaInfo, ...]:
    """The parts of the session's district, in the model's order."""
    rows = session.scalars(select(SubArea).order_by(SubArea.position))
    return tuple(SubAreaInfo(row.key, row.name, row.status == CONFIRMED) for row in rows)


def municipalities(session: Session) -> tuple[MunicipalityInfo, ...]:
    """The municipalities of the session's district in the model's order, with the opt-outs of model and console."""
    keys = {row.id: row.key for row in session.scalars(select(SubArea))}
    overrides: dict[str, dict[str, bool]] = {}
    for opt_out in session.scalars(select(OptOut)):
        overrides.setdefault(opt_out.istat, {})[opt_out.plugin] = opt_out.out
    rows = session.execute(
        select(DistrictMunicipality, Municipality.name)
        .join(Municipality, Municipality.istat == DistrictMunicipality.istat)
        .order_by(DistrictMunicipality.position)
    )
    return tuple(
        MunicipalityInfo(
            istat=row.istat,
            name=name,
            subarea=keys.get(row.subarea_id, "") if row.subarea_id else "",
            lead=row.lead,
            opted_out=opted_out(row.opted_out, overrides.get(row.istat, {})),
            note=row.note,
        )
        for row, name in rows
    )


def opted_out(model: Iterable[str], overrides: dict[str, bool]) -> frozenset[str]:
    """The plugins a municipality takes no part in: what the model says, unless the console says otherwise."""
    return frozenset(p for p in {*model, *overrides} if overrides.get(p, True))


def organisations(session: Session, role: str = "") -> tuple[OrganisationInfo, ...]:
    """The bodies of the session's district that its model names, perhaps only those with a role (``"lead_body"``)."""
    named = select(Organisation).where(Organisation.status != REGISTERED)
    rows = session.scalars(named.order_by(Organisation.position))
    return tuple(
        OrganisationInfo(row.key, row.name, row.kind, tuple(row.roles), row.status == CONFIRMED, row.note)
        for row in rows
        if not role or role in row.roles
    )


def contacts(session: Session, row: District) -> Contacts:
    """Contacts and opening hours: the model's, with what the console changed."""
    found = session.scalar(select(Contact))
    hours = found.hours if found else []
    changed = row.overrides.get("contacts", {})
    return Contacts(
        address=changed.get("address", found.address if found else ""),
        phone=changed.get("phone", found.phone if found else ""),
        email=changed.get("email", found.email if found else ""),
        hours=tuple(OpeningHours(tuple(h["days"]), h["from"], h["to"]) for h in changed.get("hours", hours)),
    )


def facts(session: Session) -> tuple[FactInfo, ...]:
    """The figures of the home page."""
    return tuple(FactInfo(row.value, row.text) for row in session.scalars(select(Fact).order_by(Fact.position)))


def parameters(session: Session) -> dict[str, Parameter]:
    """The parameters of the session's district by key, with the values of every layer."""
    definitions = session.scalars(select(ParameterDefinition).order_by(ParameterDefinition.position)).all()
    values: dict[str, list[ParameterValue]] = {}
    for row in session.scalars(select(ParameterValue).order_by(ParameterValue.valid_from)):
        values.setdefault(row.key, []).append(row)
    return {row.key: _parameter(row, values.get(row.key, [])) for row in definitions}


def _parameter(row: ParameterDefinition, values: Sequence[ParameterValue]) -> Parameter:
    return Parameter(
        key=row.key,
        type=row.type,
        owner=row.owner,
        label=row.label,
        unit=row.unit,
        local=row.local,
        requirement=row.requirement,
        options=tuple(row.options),
        values=tuple(value for v in values if (value := _dated(row.type, v)) is not None),
    )


def _dated(kind: str, row: ParameterValue) -> DatedValue | None:
    try:
        value = read_value(kind, row.value)
    except ValueError:
        return None  # A new version of the model changed the type: what the console had set no longer means anything.
    return DatedValue(value, row.valid_from, row.valid_to, row.layer, row.place, row.source, row.file)


def plugin_states(session: Session) -> dict[str, PluginState]:
    """What model and console say of each plugin of the session's district."""
    return {row.plugin: row for row in session.scalars(select(PluginState).order_by(PluginState.plugin))}


def enabled_of(state: PluginState) -> bool:
    """Whether the plugin is switched on: as the console says, else as the model says."""
    return state.model_enabled if state.enabled is None else state.enabled


def history(session: Session) -> Sequence[AppliedBundle]:
    """Applied bundles of the session's district, the newest first; those rolled back included."""
    return session.scalars(select(AppliedBundle).order_by(AppliedBundle.number.desc())).all()


def in_force(session: Session) -> AppliedBundle | None:
    """The bundle that the district runs on."""
    return next((row for row in history(session) if row.rolled_back_at is None), None)


def changes(session: Session, *, limit: int = 50) -> Sequence[SettingChange]:
    """The latest changes of the configuration: who, when, what."""
    newest = select(SettingChange).order_by(SettingChange.at.desc(), SettingChange.id.desc())
    return session.scalars(newest.limit(limit)).all()
