"""The log in words that people read: parts and fields by their labels, acts as sentences, purposes by name.

The log itself keeps keys and references. What a resource calls its parts, fields and acts is declared with
``name_log_words``; a key that nobody named is told as it stands, so that nothing is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from core.audit.models import AuditEntry
from core.errors import NotFound
from core.i18n import _, _l, pick
from core.privacy.fields.columns import protected_fields
from core.privacy.fields.purposes import purposes
from core.privacy.fields.subjects import entry_of
from core.privacy.requests.permissions import REQUEST
from core.privacy.requests.terms import STEPS
from core.privacy.retention.permissions import HOLD

#: Openings of the same part by the same person within this time are told once, with their number.
TOGETHER: Final = timedelta(minutes=30)
#: Kinds by which somebody saw something, rather than did something.
LOOKS: Final = frozenset({"view", "reveal", "export", "print", "download"})
KINDS: Final[Mapping[str, Any]] = {
    "view": _l("ha aperto"),
    "reveal": _l("ha mostrato un dato protetto"),
    "export": _l("ha scaricato un elenco"),
    "print": _l("ha stampato"),
    "download": _l("ha scaricato un documento"),
    "change": _l("ha cambiato"),
    "create": _l("ha registrato"),
    "act": _l("ha lavorato sulla scheda"),
    "refused": _l("ha provato, senza riuscirci"),
}
#: Acts by the key under which their details tell them (``what`` or ``step``), or by a detail that only they have.
ACTS: Final[Mapping[str, Any]] = {
    "break_glass": _l("ha aperto in emergenza"),
    "team.assign": _l("ha aggiunto una persona alla squadra"),
    "team.end": _l("ha chiuso un compito della squadra"),
    "team.substitute": _l("ha messo un sostituto"),
    "access.ask": _l("ha chiesto l'accesso"),
    "access.granted": _l("ha dato l'accesso"),
    "access.refused": _l("ha negato l'accesso"),
    "notice": _l("ha registrato la consegna della scheda privacy"),
    "shared_with": _l("ha registrato una condivisione dei dati con un ente"),
    "sharing_ended": _l("ha chiuso una condivisione dei dati con un ente"),
    "withdrawn": _l("ha registrato il ritiro di un consenso"),
    "consent": _l("ha registrato la risposta a un consenso"),
    "erase": _l("ha cancellato i dati della persona"),
}
#: Acts on resources of the core, by resource and part.
PART_ACTS: Final[Mapping[tuple[str, str], Any]] = {
    (HOLD, "place"): _l("ha vietato di cancellare i dati"),
    (HOLD, "release"): _l("ha tolto il divieto di cancellare i dati"),
}
#: Purposes that the portal writes by itself.
OWN_PURPOSES: Final[Mapping[str, Any]] = {
    "work": _l("lavoro sul caso"),
    "list": _l("elenco delle persone"),
    "subject_request": _l("richiesta della persona sui propri dati"),
    "access_request": _l("richiesta della persona sui propri dati"),
}
PARTS: Final[Mapping[str, Any]] = {
    "accessi": _l("Chi ha guardato"),
    "privacy": _l("Scheda privacy e condivisione"),
    "access_file": _l("Fascicolo di accesso"),
    "request": _l("Richiesta sui propri dati"),
}
#: The part of an entry about a document begins so; its id says nothing to a reader.
DOCUMENT: Final = "file:"


@dataclass(slots=True)
class _Words:
    """What one resource calls its parts, fields and acts."""

    parts: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    acts: dict[str, Any] = field(default_factory=dict)


_words: dict[str, _Words] = {}


def name_log_words(
    resource: str,
    *,
    parts: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    acts: Mapping[str, Any] | None = None,
) -> None:
    """Tell how the log of ``resource`` calls parts and fields (nouns) and acts ("ha chiuso il percorso")."""
    known = _words.setdefault(resource, _Words())
    known.parts |= parts or {}
    known.fields |= fields or {}
    known.acts |= acts or {}


@dataclass(slots=True)
class Told:
    """One line: the newest entry of those that are told together, how many they are, and when the first was."""

    entry: AuditEntry
    what: str
    purpose: str
    first: datetime
    count: int = 1


def told(session: Session, entries: Iterable[AuditEntry], lang: str) -> list[Told]:
    """A line for each entry, in their order, in the words of ``lang``."""
    words = purpose_words(session, lang)
    return [Told(entry, sentence(entry, lang), words.get(entry.purpose, entry.purpose), entry.at) for entry in entries]


def unmarked(_entry: AuditEntry) -> tuple[str, ...]:
    """No marks: everything may be told together."""
    return ()


def together(lines: Iterable[Told], apart: Callable[[AuditEntry], Iterable[str]] = unmarked) -> list[Told]:
    """Lines, newest first, with what the same person opened again within half an hour as one. Acts stay single.

    ``apart``: marks of an entry; entries with other marks are never told together.
    """
    found: list[Told] = []
    running: dict[tuple[Any, ...], Told] = {}
    for line in lines:
        key = (line.entry.account_id, line.entry.who, line.what, line.purpose, *apart(line.entry))
        before = running.get(key)
        if line.entry.kind == "view" and before is not None and before.entry.at - line.entry.at <= TOGETHER:
            before.first, before.count = line.entry.at, before.count + line.count
            continue
        running[key] = line
        found.append(line)
    return found


def purpose_words(session: Session, lang: str) -> Mapping[str, str]:
    """Every purpose of the log in words: those to choose from, and those that the portal writes by itself."""
    chosen = {key: pick(purpose.label, lang) for key, purpose in purposes(session).items()}
    return {**{key: str(label) for key, label in OWN_PURPOSES.items()}, **chosen}


def sentence(entry: AuditEntry, lang: str) -> str:
    """What somebody did, as a sentence without its subject: "ha aperto: Riepilogo"."""
    act = _act(entry)
    if act:
        return act
    told_kind = str(KINDS.get(entry.kind, entry.kind))
    named = [part_word(entry.resource, entry.part), *(field_word(entry.resource, name, lang) for name in entry.fields)]
    things = ", ".join(thing for thing in named if thing)
    return f"{told_kind}: {things}" if things else told_kind


def _act(entry: AuditEntry) -> str:
    """The sentence of an act that has a name of its own, else empty."""
    own = _words.get(entry.resource, _Words()).acts
    if entry.kind not in {"act", "refused"}:
        return str(own.get(entry.kind, ""))
    if entry.kind == "act" and entry.resource == REQUEST and entry.part in STEPS:
        return _("ha lavorato su una richiesta della persona: %(step)s", step=str(STEPS[entry.part]).rstrip("."))
    keys = [str(entry.details.get(name, "")) for name in ("what", "step")]
    keys += [entry.part, *(name for name in ACTS if name in entry.details)]
    named = (own.get(key) or PART_ACTS.get((entry.resource, key)) or ACTS.get(key) for key in keys)
    found = next((str(label) for label in named if label), "")
    return _("%(act)s, senza riuscirci", act=found) if found and entry.kind == "refused" else found


def part_word(resource: str, part: str) -> str:
    """What the part of a resource is called."""
    if part.startswith(DOCUMENT):
        return _("Documento")
    own = _words.get(resource, _Words()).parts
    return str(own.get(part) or PARTS.get(part) or part)


def field_word(resource: str, name: str, lang: str) -> str:
    """What a field is called on the pages; its key where nobody named it."""
    own = _words.get(resource, _Words()).fields
    if name in own:
        return _label(own[name], lang)
    try:
        found = protected_fields(entry_of(resource).entity)
    except NotFound:
        return name
    return _label(found[name].label, lang) if name in found else name


def _label(label: Any, lang: str) -> str:
    return pick(label, lang) if isinstance(label, Mapping) else str(label)
