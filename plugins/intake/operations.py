"""Every write on persons and cases: checks, changes, tells the audit log; never commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core.toolkit import (
    AccessDenied,
    Account,
    Actor,
    Conflict,
    DistrictSnapshot,
    FieldError,
    Invalid,
    Refused,
    _,
    access,
    audit,
    clock,
    crypto,
    emit,
    fold,
    privacy,
    require_unrestricted,
    snapshots,
    teams,
    uuid7,
)
from plugins.intake import forms
from plugins.intake.models import CLOSED, OPEN, REGISTERED, Case, Counter, Person, PersonWord
from plugins.intake.permissions import CASE, PERSON

_INSERT: Mapping[str, Callable[[Any], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
#: What tells one person from another.
IDENTIFYING = ("given_name", "family_name", "birth_date", "tax_code")


def register_person(
    session: Session,
    facts: Mapping[str, Any],
    *,
    actor: Actor,
    organisation_id: UUID | None = None,
    another_person: bool = False,
) -> Case:
    """Register a person with a first case, which is not yet open, and give it to who registers.

    ``another_person`` says that somebody with the same name and birth date is really somebody else. Raises
    AccessDenied, Invalid, Refused for a person whom the district knows already; other districts are never spoken of.
    """
    access.require(actor, "create", PERSON)
    access.require(actor, "create", CASE)
    district = _district(session)
    known = forms.read({"tax_code_kind": "", "tax_code": "", **facts}, places(district))
    _need(known)
    _groups_allowed(actor, known)
    refuse_duplicate(session, known, actor=actor, another_person=another_person)
    person = _new_person(session, district, known, actor)
    case = _add_case(session, person, actor=actor, number=1, organisation_id=organisation_id)
    _give_to(session, case, actor)
    fields = tuple(sorted(key for key, value in known.items() if value))
    audit.note(session, actor, "create", resource=PERSON, object_id=person.id, subject_id=person.id, fields=fields)
    emit(session, "intake.person_registered", case=str(case.id))
    return case


def _need(facts: Mapping[str, Any]) -> None:
    errors = list(forms.missing(facts))
    if errors:
        raise Invalid(errors)


def places(district: DistrictSnapshot) -> dict[str, str]:
    """The municipalities of a district by ISTAT code."""
    return {istat: place.name for istat, place in district.municipalities.items()}


def _district(session: Session) -> DistrictSnapshot:
    found = snapshots.by_id(session, session.info["district"])
    if found is None:
        raise Refused(_("Questo distretto non c’è più."), code="no_district")
    return found


def creatable_groups(actor: Actor) -> frozenset[str]:
    """The field groups that the actor may fill for a new person: who registers writes at least what identifies."""
    if actor.is_system:
        return frozenset({"plain", "personal", "special", "penal"})
    speaking = (g for g in actor.grants if g.resource == PERSON and g.action in {"create", "change"})
    written = {group for grant in speaking for group, right in grant.field_groups.items() if right == "write"}
    return frozenset({"plain", "personal"} | written)


def _groups_allowed(actor: Actor, facts: Mapping[str, Any]) -> None:
    allowed = creatable_groups(actor)
    if any(value and forms.BY_KEY[key].group not in allowed for key, value in facts.items()):
        raise AccessDenied("change", PERSON)


def refuse_duplicate(
    session: Session, facts: Mapping[str, Any], *, actor: Actor, another_person: bool, but: UUID | None = None
) -> None:
    """Refuse somebody whom this district knows: by tax code for certain, by name and birth date until confirmed."""
    twin = same_tax_code(session, str(facts.get("tax_code") or ""), but=but)
    if twin is not None:
        raise _known(session, actor, twin)
    if another_person or not facts.get("birth_date"):
        return
    twin = _same_name(session, facts, but)
    if twin is not None and not (facts.get("tax_code") and twin.tax_code is not None):
        message = _("C’è già una persona con lo stesso nome e la stessa data di nascita.")
        raise Invalid([FieldError("another_person", f"{message} {_named(session, actor, twin)}", "same_name")])


def same_tax_code(session: Session, code: str, *, but: UUID | None = None) -> Person | None:
    """The person of this district with that tax code, whoever may see them."""
    if not code:
        return None
    wanted = select(Person).where(Person.tax_code_blind == privacy.blind(session, Person, "tax_code", code))
    return session.scalars(wanted if but is None else wanted.where(Person.id != but)).first()


def _same_name(session: Session, facts: Mapping[str, Any], but: UUID | None) -> Person | None:
    name = _sort_name(str(facts["family_name"]), str(facts["given_name"]))
    wanted = select(Person).where(Person.sort_name == name, Person.birth_date == facts["birth_date"])
    return session.scalars(wanted if but is None else wanted.where(Person.id != but)).first()


def _known(session: Session, actor: Actor, twin: Person) -> Refused:
    text = _("Questa persona è già registrata nel distretto.")
    return Refused(f"{text} {_named(session, actor, twin)}", code="known_person")


def _named(session: Session, actor: Actor, twin: Person) -> str:
    """The code for who may open it; for the others, whom to ask, and nothing about the path."""
    if access.allowed(actor, "read", twin):
        return _("Il suo codice è %(code)s.", code=twin.code)
    return _("Chiedi a chi coordina il servizio.")


def _new_person(session: Session, district: DistrictSnapshot, facts: Mapping[str, Any], actor: Actor) -> Person:
    person = Person(id=uuid7(), code=_next_code(session, district), created_by=actor.account_id)
    _write(session, person, facts)
    session.add(person)
    try:
        # Two people register the same person at the same moment: the second is told as if it came later.
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        twin = same_tax_code(session, str(facts.get("tax_code") or ""))
        if twin is None:
            raise
        raise _known(session, actor, twin) from None
    _index_name(session, person)
    return person


def _next_code(session: Session, district: DistrictSnapshot) -> str:
    """The next number of the year. The row stays locked until the end of the transaction: no number is given twice."""
    year = clock.today().year
    table = Counter.__table__
    insert = _INSERT[session.get_bind().dialect.name](table)
    first = insert.values(district_id=session.info["district"], id=uuid7(), year=year, last=0)
    session.execute(first.on_conflict_do_nothing(index_elements=["district_id", "year"]))
    raised = update(Counter).where(Counter.year == year).values(last=Counter.last + 1).returning(Counter.last)
    number = session.execute(raised.execution_options(synchronize_session=False)).scalar_one()
    return f"{district.setting('intake', 'code_prefix')}-{year}-{number:04d}"


def _write(session: Session, person: Person, facts: Mapping[str, Any]) -> None:
    for key, value in facts.items():
        if forms.BY_KEY[key].sealed:
            privacy.put(session, person, key, value or None)
        else:
            setattr(person, key, value)
    person.sort_name = _sort_name(person.family_name, person.given_name)
    person.updated_at = clock.now()


def _sort_name(family: str, given: str) -> str:
    return " ".join(_words(f"{family} {given}"))


def name_words(text: str) -> frozenset[str]:
    """The words of a name as they are compared: without accents, capitals, apostrophes and hyphens."""
    return frozenset(_words(text))


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in fold(text)).split()


def _index_name(session: Session, person: Person) -> None:
    session.execute(delete(PersonWord).where(PersonWord.person_id == person.id))
    session.add_all(PersonWord(person_id=person.id, word=word) for word in sorted(name_words(person.sort_name)))
    session.flush()


def _add_case(session: Session, person: Person, *, actor: Actor, number: int, organisation_id: UUID | None) -> Case:
    """A case for the body and the municipality on whose behalf the actor registers, where nothing else is said."""
    held = [g for g in actor.grants if g.resource == CASE and g.action == "create"]
    case = Case(
        person_id=person.id,
        number=number,
        code=f"{person.code}-{number}",
        organisation_id=organisation_id or next((g.organisation_id for g in held if g.organisation_id), None),
        municipality=person.municipality or next((g.municipality for g in held if g.municipality), ""),
        registered_by=actor.account_id,
        registered_at=clock.now(),
    )
    person.in_charge_organisation_id, person.in_charge_municipality = case.organisation_id, case.municipality
    session.add(case)
    session.flush()
    return case


def _give_to(session: Session, case: Case, actor: Actor) -> None:
    """Who registers must be allowed this very case, and see it later: by the scope, or by a place. Raises Refused."""
    if not access.allowed(actor, "read", case):
        _take_place(session, case, actor)
    if not (access.allowed(actor, "read", case) and access.allowed(actor, "create", case)):
        message = _("Con il tuo ruolo puoi registrare solo le persone del tuo Comune o del tuo ente.")
        raise Refused(message, code="out_of_reach")


def _take_place(session: Session, case: Case, actor: Actor) -> None:
    account = session.get(Account, actor.account_id) if actor.account_id else None
    grant = next((g for g in actor.grants if g.resource == CASE and g.action == "create" and g.functions), None)
    if grant is not None and account is not None:
        system, function = Actor.system(actor.district_id, actor.name), min(grant.functions)
        try:
            teams.assign(session, case, function, account, actor=system, organisation_id=grant.organisation_id)
        except Refused as error:
            raise _without_basis() if error.code == "no_basis" else error from None


def _without_basis() -> Refused:
    text = _("Il tuo ente non è nel registro dei trattamenti del distretto: non può tenere i dati di una persona.")
    todo = _(
        "Chiedi al responsabile della protezione dei dati di confermarlo nel registro. Intanto può registrare la"
        " persona chi coordina il servizio."
    )
    return Refused(f"{text} {todo}", code="no_basis")


def register_again(session: Session, person: Person, *, actor: Actor, organisation_id: UUID | None = None) -> Case:
    """A further case of a person whose last one is closed. Raises AccessDenied, Refused."""
    access.check(actor, "change", person)
    access.require(actor, "create", CASE)
    _alive(person)
    last = current_case(session, person)
    if last is not None and last.state != CLOSED:
        raise Refused(_("Questa persona ha già un percorso che non è chiuso."), code="case_running")
    require_unrestricted(session, person.id)
    if last is not None:
        last.is_current = False
        session.flush()
    number = last.number + 1 if last else 1
    case = _add_case(session, person, actor=actor, number=number, organisation_id=organisation_id)
    _give_to(session, case, actor)
    _note(session, actor, "create", case)
    return case


def current_case(session: Session, person: Person) -> Case | None:
    """The latest case of a person, whoever asks."""
    return session.scalars(select(Case).where(Case.person_id == person.id, Case.is_current)).first()


def change_person(
    session: Session,
    person: Person,
    facts: Mapping[str, Any],
    *,
    actor: Actor,
    version: int,
    another_person: bool = False,
) -> Person:
    """Change facts of a person: only those named, only in field groups that the actor may write.

    Raises AccessDenied, Conflict on a stale ``version``, Invalid, and Refused for a restricted or known person.
    """
    access.check(actor, "change", person)
    _alive(person)
    rights = access.fields(actor, person)
    if any(key in forms.BY_KEY and rights.get(forms.BY_KEY[key].group) != "write" for key in facts):
        raise AccessDenied("change", PERSON)
    if person.version != version:
        raise _stale()
    require_unrestricted(session, person.id)
    known = forms.read(_with_tax_code(session, person, facts), places(_district(session)))
    changed = changed_keys(session, person, known)
    if set(IDENTIFYING) & set(changed):
        judged = {**{key: _stored(session, person, key) for key in IDENTIFYING}, **known}
        refuse_duplicate(session, judged, actor=actor, another_person=another_person, but=person.id)
    if changed:
        _write(session, person, {key: known[key] for key in changed})
        _flush(session)
        _index_name(session, person)
        audit.note(
            session, actor, "change", resource=PERSON, object_id=person.id, subject_id=person.id, fields=tuple(changed)
        )
    return person


def _alive(person: Person) -> None:
    if person.erased_at is not None:
        raise Refused(_("I dati di questa persona sono stati cancellati: la scheda non si cambia più."), code="erased")


def _with_tax_code(session: Session, person: Person, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Code, kind and reason are judged together: what was not typed is what is stored."""
    three = {"tax_code", "tax_code_kind", "tax_code_reason"}
    if not three & facts.keys():
        return dict(facts)
    stored = {
        "tax_code": privacy.unsealed(session, person, "tax_code") or "",
        "tax_code_kind": person.tax_code_kind,
        "tax_code_reason": person.tax_code_reason,
    }
    return {**stored, **facts}


def changed_keys(session: Session, person: Person, facts: Mapping[str, Any]) -> list[str]:
    """The facts that differ from what is stored."""
    return sorted(key for key, value in facts.items() if (value or None) != (_stored(session, person, key) or None))


def _stored(session: Session, person: Person, key: str) -> Any:
    if not forms.BY_KEY[key].sealed:
        return getattr(person, key)
    with suppress(crypto.Unreadable):
        return privacy.unsealed(session, person, key)
    return None


def _flush(session: Session) -> None:
    try:
        session.flush()
    except StaleDataError:
        raise _stale() from None


def _stale() -> Conflict:
    return Conflict(_("Qualcun altro ha cambiato questi dati nel frattempo. Niente è stato sovrascritto."))


def open_case(session: Session, case: Case, *, actor: Actor) -> Case:
    """Take in charge. Raises AccessDenied; Refused without the proof of the privacy sheet (SDO-093), where the
    district's parameter demands it, for a restricted person, and for a case that is not just registered.
    """
    access.check(actor, "change", case)
    if case.state != REGISTERED:
        raise Refused(_("Questo percorso è già aperto o chiuso."), code="state")
    _alive(case.person)
    require_unrestricted(session, case.person_id)
    privacy.require_notice(session, case.person_id)
    case.state, case.opened_at, case.opened_by = OPEN, clock.now(), actor.account_id
    _flush(session)
    _note(session, actor, "act", case, step="open")
    emit(session, "intake.case_opened", case=str(case.id))
    return case


def close_case(session: Session, case: Case, *, actor: Actor, reason: str) -> Case:
    """Close a case with a reason. Raises AccessDenied, Invalid for an unknown reason, Refused when it is closed or
    the person's data may not be changed.
    """
    access.check(actor, "close", case)
    require_unrestricted(session, case.person_id)
    if reason not in forms.close_reasons(_district(session)):
        raise Invalid([FieldError("reason", _("Scegli perché si chiude."), "required")])
    if case.state == CLOSED:
        raise Refused(_("Questo percorso è già chiuso."), code="state")
    case.state, case.closed_at, case.closed_by = CLOSED, clock.now(), actor.account_id
    case.close_reason = reason
    _flush(session)
    _note(session, actor, "act", case, step="close", reason=reason)
    emit(session, "intake.case_closed", case=str(case.id))
    return case


def link_account(session: Session, person: Person, account_id: UUID | None, *, actor: Actor) -> Person:
    """Let an account read the own path, or take that away. Raises AccessDenied, Refused when it is somebody else's."""
    access.check(actor, "change", person)
    if account_id is not None:
        # Taking an account away protects the person and is never held up.
        require_unrestricted(session, person.id)
    taken = select(Person.id).where(Person.account_id == account_id, Person.id != person.id)
    if account_id is not None and session.scalars(taken).first() is not None:
        raise Refused(_("Questo account è già di un’altra persona."), code="account_taken")
    person.account_id = account_id
    _flush(session)
    audit.note(
        session, actor, "change", resource=PERSON, object_id=person.id, subject_id=person.id, fields=("account_id",)
    )
    return person


def erase(session: Session, person: Person) -> None:
    """Empty a person's file: names, dates, sealed values, words; codes and dates of the cases stay, for the counts."""
    for question in forms.QUESTIONS:
        if question.sealed:
            privacy.put(session, person, question.key, None)
    person.given_name = person.family_name = person.sort_name = ""
    person.birth_date, person.sex, person.municipality, person.other_municipality = None, "", "", ""
    person.in_charge_organisation_id, person.in_charge_municipality = None, ""
    person.tax_code_kind, person.tax_code_reason, person.account_id = forms.MISSING, "", None
    person.erased_at = clock.now()
    session.execute(delete(PersonWord).where(PersonWord.person_id == person.id))
    session.flush()


def _note(session: Session, actor: Actor, kind: str, case: Case, **details: Any) -> None:
    audit.note(session, actor, kind, resource=CASE, object_id=case.id, subject_id=case.person_id, details=details)
