"""From persons and cases to what their pages show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from core.toolkit import (
    Actor,
    DistrictSnapshot,
    Refused,
    Texts,
    _,
    access,
    account_names,
    current,
    format_date,
    function_of,
    looks_told,
    masked_fields,
    may_ask_why,
    pick,
    privacy,
    require_unrestricted,
    teams,
)
from plugins.intake import forms, queries
from plugins.intake.models import CLOSED, OPEN, REGISTERED, Case, Person
from plugins.intake.permissions import CASE, PERSON
from plugins.intake.queries import Row

#: How a state looks: kind of the mark.
KINDS: Mapping[str, str] = {REGISTERED: "soon", OPEN: "ok", CLOSED: "info"}


def place_name(district: DistrictSnapshot, istat: str) -> str:
    """The name of a municipality; empty for one that is not of the district."""
    found = district.municipalities.get(istat)
    return found.name if found else ""


def residence(district: DistrictSnapshot, person: Person) -> str:
    """Where the person lives: a municipality of the district, or what was written in its place."""
    return place_name(district, person.municipality) or person.other_municipality


def stage(case: Case | None) -> str:
    """Where the path stands, in words."""
    if case is None:
        return ""
    since = case.closed_at or case.opened_at or case.registered_at
    return _("%(stage)s dal %(day)s", stage=forms.STATE_LABELS[case.state], day=format_date(since))


def state_mark(case: Case | None) -> tuple[str, str] | None:
    """Kind and word of the state, for the mark of a list."""
    return (KINDS[case.state], str(forms.STATE_LABELS[case.state])) if case else None


def head(row: Row, district: DistrictSnapshot) -> dict[str, Any]:
    """The head of a person's page: initials, name, code, age, municipality, stage; nothing else, ever."""
    age = queries.age_of(row.person) if row.named else None
    facts = [
        row.person.code,
        _("%(age)s anni", age=age) if age is not None else "",
        residence(district, row.person),
        stage(row.case),
    ]
    return {
        "title": row.title,
        "initials": queries.initials_of(row),
        "facts": [fact for fact in facts if fact],
        "erased": row.person.erased_at is not None,
    }


def tabs(row: Row, here: str) -> list[tuple[str, str, None, bool]]:
    """The parts of a file as links: those the reader may open."""
    offered = [("riepilogo", _("Riepilogo")), ("anagrafica", _("Anagrafica")), ("documenti", _("Documenti"))]
    if row.case is not None:
        offered.append(("squadra", _("Squadra")))
        if may_ask_why(row.case):
            offered.append(("accessi", _("Chi ha guardato")))
    return [(label, part_url(row.person, part), None, part == here) for part, label in offered]


def part_url(person: Person, part: str) -> str:
    """The address of a part of a file: it carries the code, never the name."""
    return url_for("intake.part", code=person.code, part=part)


def told(question: forms.Question, value: Any, district: DistrictSnapshot) -> str:
    """A fact that is not sealed, as people read it."""
    if question.kind == "date":
        return format_date(value) if value else ""
    if question.kind == "municipality":
        return place_name(district, str(value or ""))
    if question.kind == "choice":
        return str(dict(question.options).get(value, ""))
    return str(value or "")


def facts(row: Row, district: DistrictSnapshot) -> list[dict[str, Any]]:
    """Every fact that the reader may know of, by field group: value, or dots with the way to open them."""
    sealed = {item["name"]: item for item in masked_fields(row.person)}
    groups: dict[str, list[dict[str, Any]]] = {}
    for question in forms.QUESTIONS:
        entry = sealed.get(question.key) if question.sealed else _fact(question, row, district)
        if entry is not None:
            groups.setdefault("personal" if question.group == "plain" else question.group, []).append(entry)
    sections = [
        (_("Dati anagrafici"), groups.get("personal", [])),
        (_("Dati protetti"), groups.get("special", [])),
        (_("Misure penali"), groups.get("penal", [])),
    ]
    return [{"title": title, "facts": found} for title, found in sections if found]


def _fact(question: forms.Question, row: Row, district: DistrictSnapshot) -> dict[str, Any] | None:
    """A fact that is not sealed, as ``macros/masked.html`` takes it; one without an answer is left out."""
    right = row.rights.get(question.group, "none")
    value = told(question, getattr(row.person, question.key), district)
    if right == "none" or not value:
        return None
    return {"label": str(question.label), "value": value if right in queries.SEEING else None, "url": None, "note": ""}


def protected(person: Person) -> list[dict[str, Any]]:
    """The panel of what is behind dots and may be opened: it names kinds of data, not whether there are any."""
    return [item for item in masked_fields(person) if item["url"]]


def team(session: Session, case: Case) -> list[dict[str, str]]:
    """Who works on the case: name, function, body."""
    places = teams.team_of(session, case)
    names = account_names(session, {place.account_id for place in places})
    return [
        {
            "name": names.get(place.account_id, ""),
            "function": function_label(session, place.function),
            "body": queries.organisation_name(session, place.organisation_id),
        }
        for place in places
    ]


def function_label(session: Session, key: str) -> str:
    """A function in the district's own words; an emergency has none."""
    found: Texts = function_of(session, key).label if key else {}
    return pick(found, current.lang) if found else _("accesso di emergenza")


def story(cases: Sequence[Case], district: DistrictSnapshot) -> list[dict[str, str]]:
    """What happened, in sentences, newest first."""
    events = [event for case in cases for event in _events(case, district)]
    return sorted(events, key=lambda event: event["iso"], reverse=True)


def _events(case: Case, district: DistrictSnapshot) -> Iterator[dict[str, str]]:
    steps = (
        (case.registered_at, _("La persona è stata registrata. Percorso %(code)s.", code=case.code)),
        (case.opened_at, _("Il servizio ha preso in carico la persona.")),
        (
            case.closed_at,
            _("Il percorso si è chiuso: %(why)s.", why=forms.close_label(district, case.close_reason, current.lang)),
        ),
    )
    for moment, sentence in steps:
        if moment is not None:
            yield {"sentence": sentence, "when": format_date(moment), "iso": moment.isoformat()}


def abilities(session: Session, actor: Actor, row: Row) -> dict[str, bool]:
    """What the reader may do with this file now."""
    case, person = row.case, row.person
    alive = person.erased_at is None
    return {
        "change": alive and access.allowed(actor, "change", person),
        "open": case is not None and case.state == REGISTERED and access.allowed(actor, "change", case),
        "close": case is not None and case.state != CLOSED and access.allowed(actor, "close", case),
        "again": alive
        and (case is None or case.state == CLOSED)
        and access.may(actor, "create", CASE)
        and access.allowed(actor, "change", person),
    }


def blocked(session: Session, case: Case) -> str:
    """Why a case cannot be opened yet, with what to do; empty where it can."""
    try:
        privacy.require_notice(session, case.person_id)
        require_unrestricted(session, case.person_id)
    except Refused as error:
        return error.message
    return ""


def basis_url(person: Person) -> str:
    """The page of the privacy sheet, the consents and the bodies that have the data."""
    return url_for("privacy.basis", resource=PERSON, row_id=person.id)


def fields_of(
    typed: Mapping[str, Any], errors: Mapping[str, str], municipalities: Mapping[str, str], groups: Any
) -> list[dict[str, Any]]:
    """The questions as the form macros take them: those of the groups that may be written."""
    return [_field(question, typed, errors, municipalities) for question in forms.QUESTIONS if question.group in groups]


def _field(
    question: forms.Question, typed: Mapping[str, Any], errors: Mapping[str, str], municipalities: Mapping[str, str]
) -> dict[str, Any]:
    value = str(typed.get(question.key) or "")
    options = forms.options_of(question, municipalities)
    return {
        "id": question.key,
        "name": question.key,
        "type": "choice" if options else question.kind,
        "label": str(question.label),
        "hint": str(question.hint),
        "value": value,
        "error": errors.get(question.key, ""),
        "optional": not question.required,
        "options": [(key, str(label), key == value) for key, label in options],
        "max_length": None if options or question.kind == "date" else question.max_length,
        "autocomplete": "off",
    }


def look_lines(session: Session, entries: Iterable[Any]) -> list[dict[str, str]]:
    """Who saw the own file, for the person concerned, a line for each day, part and reason: never a name."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in looks_told(session, entries, current.lang):
        who = line.entry.function or line.entry.organisation or _("Una persona del servizio")
        words = {"who": who[:1].upper() + who[1:], "what": line.what, "why": line.purpose}
        sentence = _("%(who)s %(what)s. Perché: %(why)s.", **words) if line.purpose else _("%(who)s %(what)s.", **words)
        day = format_date(line.entry.at)
        found.setdefault((day, sentence), {"sentence": sentence, "when": day, "iso": ""})
    return list(found.values())


def list_line(row: Row, district: DistrictSnapshot) -> dict[str, Any]:
    """A person as a line of the list."""
    notes = [row.person.code if row.named else "", residence(district, row.person), stage(row.case)]
    return {
        "title": row.title,
        "url": part_url(row.person, "riepilogo"),
        "notes": [note for note in notes if note],
        "state": state_mark(row.case),
    }
