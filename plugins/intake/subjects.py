"""What the plugin answers to a person's own rights: everything it holds, readable, and how it forgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.toolkit import (
    DistrictSnapshot,
    PersonalData,
    _,
    _l,
    crypto,
    files,
    format_date,
    name_log_words,
    privacy,
    snapshots,
)
from plugins.intake import forms, operations, presentation, queries
from plugins.intake.models import Case, Person
from plugins.intake.permissions import CASE, PERSON


def personal_data(district_id: int, session: Session, subject_id: UUID) -> Sequence[PersonalData]:
    """The file and the cases of a person (art. 15 and 20 GDPR), sealed answers included; who asks was judged."""
    person = queries.person_of(session, subject_id)
    district = snapshots.by_id(session, district_id)
    if person is None or district is None:
        return ()
    cases = session.scalars(select(Case).where(Case.person_id == subject_id).order_by(Case.number)).all()
    return (
        PersonalData("intake", _("Scheda della persona"), [dict(_facts(session, person, district))]),
        PersonalData("intake", _("Percorsi con il servizio"), [_case(session, case, district) for case in cases]),
        PersonalData(
            "intake", _("Documenti"), [_document(session, file) for file in files.held_of(session, subject_id)]
        ),
    )


def _facts(session: Session, person: Person, district: DistrictSnapshot) -> Iterator[tuple[str, str]]:
    yield _("Codice"), person.code
    for question in forms.QUESTIONS:
        sealed = question.sealed
        text = _sealed(session, person, question.key) if sealed else _told(person, question, district)
        if text:
            yield str(question.label), text


def _told(person: Person, question: forms.Question, district: DistrictSnapshot) -> str:
    return presentation.told(question, getattr(person, question.key), district)


def _sealed(session: Session, person: Person, key: str) -> str:
    try:
        return privacy.unsealed(session, person, key) or ""
    except crypto.Unreadable:
        return _("Questo dato non si può leggere adesso.")


def _case(session: Session, case: Case, district: DistrictSnapshot) -> Mapping[str, str]:
    told = {
        _("Codice"): case.code,
        _("Stato"): str(forms.STATE_LABELS[case.state]),
        _("Ente"): queries.organisation_name(session, case.organisation_id),
        _("Comune"): presentation.place_name(district, case.municipality),
        _("Registrazione"): format_date(case.registered_at),
        _("Presa in carico"): format_date(case.opened_at),
        _("Chiusura"): format_date(case.closed_at),
        _("Motivo della chiusura"): forms.close_label(district, case.close_reason),
    }
    return {label: value for label, value in told.items() if value}


def _document(session: Session, file: files.StoredFile) -> Mapping[str, str]:
    try:
        title = files.title_of(session, file)
    except crypto.Unreadable as error:
        title = error.message
    return {_("Documento"): title, _("Caricato"): format_date(file.uploaded_at), _("Codice"): file.id.hex[-8:]}


def forget(session: Session, subject_id: UUID) -> None:
    """Empty the file of a person. The codes and dates of the cases stay, for the counts."""
    person = queries.person_of(session, subject_id)
    if person is not None:
        operations.erase(session, person)
    files.forget(session, subject_id)


name_log_words(
    PERSON,
    parts={
        "riepilogo": _l("Riepilogo"),
        "anagrafica": _l("Anagrafica"),
        "anagrafica/modifica": _l("Modifica dei dati"),
        "squadra": _l("Squadra"),
        "documenti": _l("Documenti"),
        "chiudi": _l("Chiusura del percorso"),
        "list.csv": _l("elenco CSV"),
        "list.json": _l("elenco JSON"),
        "api": _l("scheda, da un altro programma"),
        "api.list": _l("elenco, da un altro programma"),
    },
    fields={
        **{question.key: question.label for question in forms.QUESTIONS},
        "code": _l("Codice"),
        "case_code": _l("Codice del percorso"),
        "state": _l("Stato"),
        "registered_on": _l("Giorno di registrazione"),
        "opened_on": _l("Giorno della presa in carico"),
        "closed_on": _l("Giorno di chiusura"),
        "account_id": _l("Account della persona"),
    },
)
name_log_words(
    CASE,
    parts={
        "api": _l("percorso, da un altro programma"),
        "api.list": _l("elenco, da un altro programma"),
    },
    acts={
        "create": _l("ha registrato il percorso"),
        "open": _l("ha preso in carico la persona"),
        "close": _l("ha chiuso il percorso"),
    },
)
