"""How a request finds its person: plugins that keep persons say how, the core knows none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.errors import NotFound, PluginError
from core.i18n import _

Find = Callable[[Session, str], UUID | None]
Label = Callable[[Session, UUID], str]
People = Callable[[Session, UUID], Iterable[UUID]]


@dataclass(frozen=True, slots=True)
class SubjectSource:
    """The persons of one resource.

    ``find`` answers the person with a code (``LEG-2026-0142``) or ``None``; ``label`` the code of a person, never the
    name; ``people`` the accounts that work with the person now, for tasks.
    """

    resource: str
    find: Find
    label: Label
    people: People


_sources: dict[str, SubjectSource] = {}


def register_subjects(resource: str, *, find: Find, label: Label, people: People) -> None:
    """Say how the persons of a resource are found; a second registration replaces the first. Raises PluginError."""
    if "." not in resource:
        raise PluginError(f"{resource}: the resource of persons needs a dot")
    _sources[resource] = SubjectSource(resource, find, label, people)


def find_subject(session: Session, code: str) -> tuple[str, UUID]:
    """Resource and id of the person with this code. Raises NotFound."""
    for source in _sources.values():
        found = source.find(session, code.strip())
        if found is not None:
            return source.resource, found
    raise NotFound(_("Nessuna persona ha il codice «%(code)s».", code=code.strip()[:40]))


def subject_label(session: Session, resource: str, subject_id: UUID) -> str:
    """The code of a person; empty where nobody knows it any more."""
    source = _sources.get(resource)
    return source.label(session, subject_id) if source else ""


def subject_people(session: Session, resource: str, subject_id: UUID) -> frozenset[UUID]:
    """The accounts that work with the person now."""
    source = _sources.get(resource)
    return frozenset(source.people(session, subject_id)) if source else frozenset()
