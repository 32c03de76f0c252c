"""A bundle written into the tables of a district. Rows keep their id as long as their key stays in the model."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from core.db import DistrictOwned
from core.districts.bundle import Bundle, ContactsSpec, VocabularySpec
from core.districts.models import (
    REGISTERED,
    Contact,
    District,
    DistrictMunicipality,
    Fact,
    Municipality,
    Organisation,
    ParameterDefinition,
    ParameterValue,
    PluginState,
    Processing,
    SubArea,
    SynonymGroup,
    Vocabulary,
    VocabularyTerm,
)
from core.districts.processings import rows_of
from core.districts.text import folded
from core.errors import ConfigError
from core.i18n import _

Row = TypeVar("Row", bound=DistrictOwned)


def write_bundle(session: Session, district: District, bundle: Bundle) -> None:
    """Make the model's rows of the session's district be those of the bundle; what the console set stays."""
    _identity(district, bundle)
    _places(session, bundle)
    _sync(
        session,
        Organisation,
        ("key",),
        [
            {
                "key": o.key,
                "name": o.name,
                "kind": o.kind,
                "roles": list(o.roles),
                "status": o.status,
                "note": o.note,
                "position": at,
            }
            for at, o in enumerate(bundle.organisations)
        ],
        Organisation.status != REGISTERED,
    )
    session.flush()
    _sync(session, Processing, ("key",), rows_of(session, bundle), Processing.by_hand.is_(False))
    _sync(session, Contact, (), [_contact(bundle.contacts)] if bundle.contacts else [])
    facts = [{"position": at, "value": fact.value, "text": fact.text} for at, fact in enumerate(bundle.facts)]
    _sync(session, Fact, ("position",), facts)
    _parameters(session, bundle)
    _vocabularies(session, bundle.vocabularies)
    groups = [{"position": at, "words": list(words)} for at, words in enumerate(bundle.synonyms)]
    _sync(session, SynonymGroup, ("position",), groups, SynonymGroup.from_model.is_(True))
    _plugins(session, bundle)
    session.flush()


def _identity(district: District, bundle: Bundle) -> None:
    district.model, district.addons, district.model_digest = bundle.key, list(bundle.addons), bundle.digest
    district.name, district.service, district.claim = dict(bundle.name), dict(bundle.service), dict(bundle.claim)
    district.languages, district.source = list(bundle.languages), bundle.source
    district.places = [[m.istat, m.name] for m in bundle.municipalities]


def _places(session: Session, bundle: Bundle) -> None:
    _known_municipalities(session, bundle)
    areas, stale = _upsert(
        session,
        SubArea,
        ("key",),
        [{"key": s.key, "name": s.name, "status": s.status, "position": at} for at, s in enumerate(bundle.subareas)],
    )
    session.flush()
    _sync(
        session,
        DistrictMunicipality,
        ("istat",),
        [
            {
                "istat": m.istat,
                "subarea_id": areas[(m.subarea,)].id if m.subarea else None,
                "lead": m.lead,
                "opted_out": list(m.opted_out),
                "note": m.note,
                "position": at,
            }
            for at, m in enumerate(bundle.municipalities)
        ],
    )
    session.flush()
    _delete(session, stale)


def _known_municipalities(session: Session, bundle: Bundle) -> None:
    """Add the municipalities that no district has named yet; refuse a code that another district calls otherwise."""
    codes = [spec.istat for spec in bundle.municipalities]
    known = {row.istat: row.name for row in session.scalars(select(Municipality).where(Municipality.istat.in_(codes)))}
    for spec in bundle.municipalities:
        name = known.get(spec.istat)
        if name is None:
            session.add(Municipality(istat=spec.istat, name=spec.name))
        elif folded(name) != folded(spec.name):
            problem = _("il codice %(istat)s è già il Comune di %(name)s", istat=spec.istat, name=name)
            raise ConfigError(spec.where.file, spec.where.key, problem, _("Correggi il codice o il nome."))
    session.flush()


def _contact(spec: ContactsSpec) -> dict[str, Any]:
    hours = [{"days": list(h.days), "from": h.start, "to": h.end} for h in spec.hours]
    return {"address": spec.address, "phone": spec.phone, "email": spec.email, "hours": hours}


def _parameters(session: Session, bundle: Bundle) -> None:
    parameters = [spec.parameter for spec in bundle.parameters]
    _sync(
        session,
        ParameterDefinition,
        ("key",),
        [
            {
                "key": p.key,
                "owner": p.owner,
                "label": p.label,
                "type": p.type,
                "unit": p.unit,
                "local": p.local,
                "requirement": p.requirement,
                "options": list(p.options),
                "position": at,
            }
            for at, p in enumerate(parameters)
        ],
    )
    _sync(
        session,
        ParameterValue,
        ("key", "layer", "place", "valid_from"),
        [
            {
                "key": p.key,
                "layer": v.layer,
                "place": v.place,
                "valid_from": v.valid_from,
                "valid_to": v.valid_to,
                "value": v.value,
                "source": v.source,
                "file": v.file,
            }
            for p in parameters
            for v in p.values
        ],
        ParameterValue.file != "",
    )


def _vocabularies(session: Session, specs: Sequence[VocabularySpec]) -> None:
    lists, stale = _upsert(
        session,
        Vocabulary,
        ("key",),
        [{"key": spec.key, "label": spec.label, "position": at} for at, spec in enumerate(specs)],
    )
    session.flush()
    _sync(
        session,
        VocabularyTerm,
        ("vocabulary_id", "key"),
        [
            {
                "vocabulary_id": lists[(spec.key,)].id,
                "key": term.key,
                "label": term.label,
                "aliases": list(term.aliases),
                "parent": term.parent,
                "position": at,
            }
            for spec in specs
            for at, term in enumerate(spec.terms)
        ],
    )
    session.flush()
    _delete(session, stale)


def _plugins(session: Session, bundle: Bundle) -> None:
    """Switch the model's side of each plugin; the console's side stays, also after the model's is gone."""
    _states, left = _upsert(
        session,
        PluginState,
        ("plugin",),
        [
            {
                "plugin": spec.name,
                "model_enabled": True,
                "model_settings": dict(spec.settings),
                "model_files": dict(spec.files),
            }
            for spec in bundle.plugins.values()
        ],
    )
    for state in left:
        _assign(state, {"model_enabled": False, "model_settings": {}, "model_files": {}})


# --- rows by key -----------------------------------------------------------------------------------------------------


def _sync(
    session: Session,
    model: type[Row],
    key: tuple[str, ...],
    wanted: Sequence[Mapping[str, Any]],
    *where: ColumnElement[bool],
) -> None:
    _rows, stale = _upsert(session, model, key, wanted, *where)
    _delete(session, stale)


def _upsert(
    session: Session,
    model: type[Row],
    key: tuple[str, ...],
    wanted: Sequence[Mapping[str, Any]],
    *where: ColumnElement[bool],
) -> tuple[dict[tuple[Hashable, ...], Row], list[Row]]:
    """Rows by key, made or changed as wanted, and the rows that nobody wants any more."""
    left = {tuple(getattr(row, name) for name in key): row for row in session.scalars(select(model).where(*where))}
    rows: dict[tuple[Hashable, ...], Row] = {}
    for values in wanted:
        name = tuple(values[part] for part in key)
        row = left.pop(name, None)
        if row is None:
            row = model(**values)
            session.add(row)
        else:
            _assign(row, values)
        rows[name] = row
    return rows, list(left.values())


def _assign(row: DistrictOwned, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def _delete(session: Session, rows: Sequence[DistrictOwned]) -> None:
    for row in rows:
        session.delete(row)
    session.flush()
