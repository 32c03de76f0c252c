"""Consents, and whom the data of a person reach: a body needs a valid basis, and loses its places when it ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from core import access, audit, clock, teams
from core.access import Actor
from core.db import district_of
from core.districts.legal import BASES, CONSENT, articles_of, basis_of
from core.districts.models import Organisation
from core.districts.vocabularies import Term, terms
from core.errors import FieldError, Invalid, Refused
from core.i18n import DEFAULT, _, ngettext, pick
from core.privacy.bases.models import Consent, Sharing
from core.privacy.bases.processing import confirmed, registered_bodies
from core.privacy.fields.subjects import resource_of, subject_of
from core.teams.models import TeamPlace
from core.teams.registry import load

#: The vocabulary in which a model names the consents that it asks for; without it none is asked.
CONSENTS = "consents"
MOST_WORDS = 500


def consent_kinds(session: Session) -> Mapping[str, Term]:
    """The consents that the district's model asks for; mostly none: the basis is the public task."""
    return terms(session, CONSENTS)


def give_consent(
    session: Session, obj: Any, kind: str, *, actor: Actor, given: bool, given_on: date | None = None
) -> Consent:
    """Record what the person answered. Raises AccessDenied, and Invalid for a consent that the model does not ask."""
    access.check(actor, "change", obj)
    day = given_on or clock.today()
    if kind not in consent_kinds(session):
        raise Invalid([FieldError("kind", _("Il distretto non chiede questo consenso."), "unknown")])
    if day > clock.today():
        raise Invalid([FieldError("given_on", _("Il giorno non può essere nel futuro."), "future")])
    for earlier in _standing(session, subject_of(obj), kind):
        withdraw_consent(session, obj, earlier, actor=actor, withdrawn_on=max(day, earlier.given_on))
    row = Consent(
        subject_id=subject_of(obj), kind=kind, given=given, given_on=day, account_id=actor.account_id, who=actor.name
    )
    session.add(row)
    session.flush()
    _note(session, actor, obj, {"consent": kind, "given": given})
    return row


def withdraw_consent(
    session: Session, obj: Any, consent: Consent, *, actor: Actor, withdrawn_on: date | None = None
) -> None:
    """The person takes it back: what was shared on it ends the same day."""
    access.check(actor, "change", obj)
    if consent.subject_id != subject_of(obj) or consent.withdrawn_on is not None:
        raise Refused(_("Questo consenso è già stato ritirato."), code="withdrawn")
    consent.withdrawn_on = withdrawn_on or clock.today()
    session.flush()
    _note(session, actor, obj, {"consent": consent.kind, "withdrawn": True})
    standing = select(Sharing).where(Sharing.consent_id == consent.id, _running(clock.today()))
    for sharing in session.scalars(standing).all():
        end_sharing(session, obj, sharing, actor=actor)


def _standing(session: Session, subject_id: UUID, kind: str) -> list[Consent]:
    rows = select(Consent).where(
        Consent.subject_id == subject_id,
        Consent.kind == kind,
        Consent.given.is_(True),
        Consent.withdrawn_on.is_(None),
    )
    return list(session.scalars(rows))


def consents_of(session: Session, subject_id: UUID) -> list[Consent]:
    """Every answer of a person, newest first; who calls has checked."""
    rows = select(Consent).where(Consent.subject_id == subject_id)
    return list(session.scalars(rows.order_by(Consent.given_on.desc(), Consent.id.desc())))


def _running(day: date) -> ColumnElement[bool]:
    return and_(Sharing.valid_from <= day, or_(Sharing.valid_to.is_(None), Sharing.valid_to > day))


def share(
    session: Session,
    obj: Any,
    organisation_id: UUID,
    *,
    actor: Actor,
    basis: str,
    articles: str = "",
    consent: Consent | None = None,
    note: str = "",
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> Sharing:
    """Let the data of a person reach a body from a day to another (not included).

    Raises AccessDenied without ``change`` on the row, Invalid, and Refused for a consent that was not given or was
    taken back, or where the body has a basis already.
    """
    access.check(actor, "change", obj)
    body = session.scalars(select(Organisation).where(Organisation.id == organisation_id)).one_or_none()
    chosen = basis_of(basis)
    start = valid_from or clock.today()
    errors = [] if body else [FieldError("organisation_id", _("Questo ente non è nel distretto."), "unknown")]
    if valid_to is not None and valid_to <= start:
        errors.append(FieldError("valid_to", _("La fine deve venire dopo l'inizio."), "order"))
    if len(note) > MOST_WORDS:
        errors.append(FieldError("note", _("Il testo è troppo lungo."), "max_length"))
    if errors or body is None:
        raise Invalid(errors)
    _check_consent(obj, chosen.key, consent)
    if start <= clock.today() and _sharing_of(session, subject_of(obj), organisation_id, start) is not None:
        raise Refused(_("Questo ente ha già una base valida per i dati di questa persona."), code="shared")
    row = Sharing(
        subject_id=subject_of(obj),
        organisation_id=organisation_id,
        organisation=body.name,
        basis=chosen.key,
        articles=articles_of(chosen, articles),
        consent_id=consent.id if consent else None,
        note=note.strip(),
        valid_from=start,
        valid_to=valid_to,
        account_id=actor.account_id,
        who=actor.name,
    )
    session.add(row)
    session.flush()
    _note(session, actor, obj, {"shared_with": str(organisation_id), "basis": chosen.key})
    return row


def _check_consent(obj: Any, basis: str, consent: Consent | None) -> None:
    if basis != CONSENT:
        return
    if consent is None or not consent.given or consent.withdrawn_on is not None:
        raise Refused(_("Manca il consenso della persona: registralo prima di condividere."), code="consent_missing")
    if consent.subject_id != subject_of(obj):
        raise Refused(_("Questo consenso è di un'altra persona."), code="consent_missing")


def end_sharing(session: Session, obj: Any, sharing: Sharing, *, actor: Actor) -> None:
    """The body has no basis from now on, and its places in the teams of the person end. AccessDenied, Refused."""
    access.check(actor, "change", obj)
    if sharing.subject_id != subject_of(obj) or not _runs(sharing, clock.today()):
        raise Refused(_("Questa condivisione è già finita."), code="ended")
    sharing.valid_to, sharing.ended_by = max(clock.today(), sharing.valid_from), actor.name
    session.flush()
    _note(session, actor, obj, {"sharing_ended": str(sharing.organisation_id)})
    end_places(session, sharing.subject_id, sharing.organisation_id, actor=actor)


def end_places(session: Session, subject_id: UUID, organisation_id: UUID, *, actor: Actor) -> int:
    """End the team places that a body holds on the rows of a person, unless it still has a basis; how many ended.

    Whoever may end the basis ends what stood on it, whatever the right on the teams.
    """
    if may_share(session, subject_id, organisation_id):
        return 0
    now = clock.now()
    running = select(TeamPlace).where(
        TeamPlace.organisation_id == organisation_id,
        or_(TeamPlace.valid_to.is_(None), TeamPlace.valid_to > now),
    )
    by = Actor.system(district_of(session), actor.name)
    ended = [place for place in session.scalars(running).all() if _about(session, place) == subject_id]
    for place in ended:
        teams.end(session, place, actor=by, reason=_("La base per condividere i dati con l'ente è finita."))
    return len(ended)


def _about(session: Session, place: TeamPlace) -> UUID | None:
    entry, obj = teams.entry_of(place.resource), load(session, place.resource, place.object_id)
    return entry.subject(obj) if entry and obj is not None else None


def _runs(sharing: Sharing, day: date) -> bool:
    return sharing.valid_to is None or sharing.valid_to > day


def _note(session: Session, actor: Actor, obj: Any, details: dict[str, Any]) -> None:
    audit.note(
        session,
        actor,
        "act",
        resource=resource_of(obj),
        object_id=obj.id,
        subject_id=subject_of(obj),
        details=details,
    )


def sharings_of(session: Session, subject_id: UUID) -> list[Sharing]:
    """With whom the data of a person were and are shared, newest first; who calls has checked."""
    rows = select(Sharing).where(Sharing.subject_id == subject_id)
    return list(session.scalars(rows.order_by(Sharing.valid_from.desc(), Sharing.id.desc())))


def _sharing_of(session: Session, subject_id: UUID, organisation_id: UUID, day: date) -> Sharing | None:
    rows = select(Sharing).where(
        Sharing.subject_id == subject_id, Sharing.organisation_id == organisation_id, _running(day)
    )
    return session.scalars(rows.order_by(Sharing.valid_from.desc()).limit(1)).first()


def basis_for(session: Session, subject_id: UUID, organisation_id: UUID, on: date | None = None) -> str:
    """On what basis a body may have the data of a person on a day, as a sentence; "" where it has none.

    A body that the register of processing names needs nothing more; every other one needs a sharing in force.
    """
    day = on or clock.today()
    if organisation_id in registered_bodies(session, day):
        return _("È nel registro dei trattamenti del distretto.")
    found = _sharing_of(session, subject_id, organisation_id, day)
    if found is None:
        return ""
    label = pick(BASES[found.basis].label, DEFAULT) if found.basis in BASES else found.basis
    return _("Condivisione dal %(day)s: %(basis)s.", day=found.valid_from.strftime("%d/%m/%Y"), basis=label)


def may_share(session: Session, subject_id: UUID, organisation_id: UUID, on: date | None = None) -> bool:
    """Whether a body has a valid basis for the data of a person on a day (default: today)."""
    return bool(basis_for(session, subject_id, organisation_id, on))


def require_basis(session: Session, subject_id: UUID, organisation_id: UUID) -> str:
    """The gate before a team place, an export or an answer for a body. Raises Refused (``no_basis``)."""
    basis = basis_for(session, subject_id, organisation_id)
    if not basis:
        message = _("Questo ente non ha una base valida per i dati di questa persona: registra prima la condivisione.")
        raise Refused(message, code="no_basis")
    return basis


def acting_bodies(actor: Actor, action: str, resource: str) -> frozenset[UUID]:
    """The bodies on whose behalf alone the actor may do ``action``; none where a role of the district says it too."""
    grants = [grant for grant in actor.grants if grant.action == action and grant.resource in {resource, "*"}]
    bodies = frozenset(grant.organisation_id for grant in grants if grant.organisation_id is not None)
    return bodies if all(grant.organisation_id for grant in grants) else frozenset()


def unshared(
    session: Session, actor: Actor, action: str, resource: str, subject_ids: Collection[UUID]
) -> frozenset[UUID]:
    """The persons whose data may not leave with this actor: none of the bodies it acts for has a basis today."""
    bodies, today = acting_bodies(actor, action, resource), clock.today()
    if actor.is_system or not bodies or bodies & registered_bodies(session, today):
        return frozenset()
    shared = select(Sharing.subject_id).where(
        Sharing.subject_id.in_(set(subject_ids)), Sharing.organisation_id.in_(bodies), _running(today)
    )
    return frozenset(subject_ids) - frozenset(session.scalars(shared))


def require_basis_to_take(
    session: Session, actor: Actor, action: str, resource: str, subject_ids: Collection[UUID]
) -> None:
    """The gate before data of several persons leave the portal. Raises Refused (``no_basis``) saying for how many."""
    count = len(unshared(session, actor, action, resource, subject_ids))
    if count:
        message = ngettext(
            "Il tuo ente non ha una base valida per i dati di %(num)s persona: registra prima la condivisione.",
            "Il tuo ente non ha una base valida per i dati di %(num)s persone: registra prima la condivisione.",
            count,
        )
        raise Refused(message, code="no_basis")


def basis_end(session: Session, subject_id: UUID, organisation_id: UUID) -> datetime | None:
    """The moment from which a body has no basis any more for the data of a person; None where no end is known."""
    today = clock.today()
    registered = [entry.valid_to for entry in confirmed(session, today) if entry.organisation_id == organisation_id]
    shared = select(Sharing.valid_to).where(
        Sharing.subject_id == subject_id, Sharing.organisation_id == organisation_id, _running(today)
    )
    days = [*registered, *session.scalars(shared)]
    last = None if None in days else max((day for day in days if day is not None), default=None)
    return datetime.combine(last, time(), clock.ROME) if last else None


teams.register_gate(require_basis)
teams.register_limit(basis_end)
