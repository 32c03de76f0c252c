"""The register of processing: who decides on the data, who works with them, why, on which basis, for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core import access, audit, clock
from core.access import Actor
from core.db import district_of
from core.districts.bundle import STATUSES, ProcessingSpec
from core.districts.diff import current
from core.districts.legal import articles_of, basis_of
from core.districts.models import CONFIRMED, NAME_LENGTH, DistrictMunicipality, Organisation, Processing
from core.districts.processings import values_of
from core.errors import AccessDenied, Conflict, FieldError, Invalid, Refused
from core.i18n import DEFAULT, LANGUAGES, _
from core.privacy.bases.permissions import MANAGE, PRIVACY, READ

MOST_WORDS = 1000


@dataclass(frozen=True, slots=True)
class ProcessingFacts:
    """What an entry of the register says. ``municipality`` empty and no ``organisation_id``: the whole district."""

    purpose: Mapping[str, str]
    controller: str
    basis: str
    valid_from: date
    municipality: str = ""
    organisation_id: UUID | None = None
    processor: str = ""
    dpo_contact: str = ""
    articles: str = ""
    kept: Mapping[str, str] | None = None
    valid_to: date | None = None
    status: str = CONFIRMED
    source: str = ""


def register(session: Session, facts: ProcessingFacts, *, actor: Actor) -> Processing:
    """A new entry. Raises AccessDenied without ``manage`` on core.privacy, and Invalid."""
    _demand(session, actor, MANAGE)
    entry = Processing(**_checked(session, facts))
    session.add(entry)
    session.flush()
    audit.note(session, actor, "create", resource=PRIVACY, object_id=entry.id, fields=("processing",))
    return entry


def change(session: Session, entry: Processing, facts: ProcessingFacts, *, actor: Actor, version: int) -> Processing:
    """Correct an entry. Raises AccessDenied, Invalid, and Conflict when somebody was faster."""
    access.check(actor, MANAGE, entry)
    if entry.version != version:
        raise Conflict(f"the entry is at version {entry.version}, not {version}")
    values = _checked(session, facts)
    changed = sorted(key for key, value in values.items() if getattr(entry, key) != value)
    if not changed:
        return entry
    _write(session, entry, {**values, "by_hand": True})
    audit.note(session, actor, "change", resource=PRIVACY, object_id=entry.id, fields=tuple(changed))
    return entry


def model_entry(session: Session, key: str) -> ProcessingSpec | None:
    """What the model of the session's district says of an entry, or None when it has no such entry."""
    bundle = current(session) if key else None
    return next((spec for spec in bundle.processings if spec.key == key), None) if bundle else None


def reset(session: Session, entry: Processing, *, actor: Actor, version: int) -> Processing:
    """Give an entry that the console changed back to the model.

    Raises Refused for an entry of the console's own, AccessDenied, and Conflict when somebody was faster.
    """
    access.check(actor, MANAGE, entry)
    if entry.version != version:
        raise Conflict(f"the entry is at version {entry.version}, not {version}")
    spec = model_entry(session, entry.key)
    if spec is None:
        raise Refused(_("Il modello non ha questa voce."), code="not_in_model")
    bodies = {row.key: row.id for row in session.scalars(select(Organisation))}
    _write(session, entry, values_of(spec, bodies))
    audit.note(session, actor, "change", resource=PRIVACY, object_id=entry.id, part="reset", fields=("processing",))
    return entry


def _write(session: Session, entry: Processing, values: Mapping[str, object]) -> None:
    for key, value in values.items():
        setattr(entry, key, value)
    entry.changed_at = clock.now()
    try:
        session.flush()
    except StaleDataError as error:
        raise Conflict("the entry was changed by somebody else") from error


def _demand(session: Session, actor: Actor, action: str) -> None:
    if actor.district_id != district_of(session):
        raise AccessDenied(action, PRIVACY)
    access.require(actor, action, PRIVACY)


def _checked(session: Session, facts: ProcessingFacts) -> dict[str, object]:
    purpose = {lang: text.strip() for lang, text in facts.purpose.items() if text.strip() and lang in LANGUAGES}
    kept = {lang: text.strip() for lang, text in (facts.kept or {}).items() if text.strip() and lang in LANGUAGES}
    errors = [*_text_errors(facts, purpose, kept), *_place_errors(session, facts)]
    if facts.valid_to is not None and facts.valid_to <= facts.valid_from:
        errors.append(FieldError("valid_to", _("La fine deve venire dopo l'inizio."), "order"))
    if facts.status not in STATUSES:
        errors.append(FieldError("status", _("Scegli se la voce è confermata."), "unknown"))
    if errors:
        raise Invalid(errors)
    basis = basis_of(facts.basis)
    return {
        "purpose": purpose,
        "kept": kept,
        "municipality": facts.municipality,
        "organisation_id": facts.organisation_id,
        "controller": facts.controller.strip(),
        "processor": facts.processor.strip(),
        "dpo_contact": facts.dpo_contact.strip(),
        "basis": basis.key,
        "articles": articles_of(basis, facts.articles),
        "valid_from": facts.valid_from,
        "valid_to": facts.valid_to,
        "status": facts.status,
        "source": facts.source.strip(),
    }


def _text_errors(facts: ProcessingFacts, purpose: Mapping[str, str], kept: Mapping[str, str]) -> list[FieldError]:
    errors = []
    if not purpose.get(DEFAULT):
        errors.append(FieldError("purpose", _("Scrivi a che cosa servono i dati."), "required"))
    if not facts.controller.strip():
        errors.append(FieldError("controller", _("Scrivi chi è il titolare."), "required"))
    lengths = {key: (getattr(facts, key), NAME_LENGTH) for key in ("controller", "processor", "dpo_contact")}
    lengths |= {"source": (facts.source, MOST_WORDS)}
    lengths |= {"purpose": ("".join(purpose.values()), MOST_WORDS), "kept": ("".join(kept.values()), MOST_WORDS)}
    errors += [
        FieldError(key, _("Il testo è troppo lungo: il massimo è %(most)s caratteri.", most=most), "max_length")
        for key, (text, most) in lengths.items()
        if len(text) > most
    ]
    return errors


def _place_errors(session: Session, facts: ProcessingFacts) -> list[FieldError]:
    errors = []
    here = select(DistrictMunicipality.id).where(DistrictMunicipality.istat == facts.municipality)
    if facts.municipality and session.scalar(here) is None:
        errors.append(FieldError("municipality", _("Questo Comune non è nel distretto."), "unknown"))
    body = select(Organisation.id).where(Organisation.id == facts.organisation_id)
    if facts.organisation_id and session.scalar(body) is None:
        errors.append(FieldError("organisation_id", _("Questo ente non è nel distretto."), "unknown"))
    return errors


def in_force(session: Session, on: date | None = None) -> list[Processing]:
    """The entries in force on a day (default: today), as the public page tells them: anybody may read them."""
    day = on or clock.today()
    rows = select(Processing).where(
        Processing.valid_from <= day, or_(Processing.valid_to.is_(None), Processing.valid_to > day)
    )
    return list(session.scalars(rows.order_by(Processing.controller, Processing.id)))


def entries(session: Session, actor: Actor) -> list[Processing]:
    """The whole register, past entries too, newest first. Raises AccessDenied without ``read`` on core.privacy."""
    _demand(session, actor, READ)
    rows = access.select(actor, Processing, READ)
    return list(session.scalars(rows.order_by(Processing.valid_from.desc(), Processing.id.desc())))


def registered_bodies(session: Session, on: date | None = None) -> frozenset[UUID]:
    """The bodies that the register names: they work with the data of the district on the basis that it states.

    An entry that waits for its confirmation names nobody: what no document says opens no data.
    """
    return frozenset(entry.organisation_id for entry in confirmed(session, on) if entry.organisation_id is not None)


def confirmed(session: Session, on: date | None = None) -> list[Processing]:
    """The entries in force on a day (default: today) that somebody may rely on."""
    return [entry for entry in in_force(session, on) if entry.status == CONFIRMED]
