"""Which classes hold protected data of a person, how their fields are read, and where their pages are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from core import access
from core.access import Actor
from core.access.registry import entity_access
from core.errors import NotFound, PluginError
from core.privacy.fields.columns import ProtectedField, protected_fields
from core.privacy.fields.values import owner_of, unsealed

#: Address of the page of a row: an endpoint, or a function of the row that gives the address itself.
Page = str | Callable[[Any], str]


class FieldReader(Protocol):
    """How the protected fields of a row are listed and opened."""

    def fields(self, session: Session, obj: Any) -> Mapping[str, ProtectedField]:
        """The protected fields by name."""

    def value(self, session: Session, obj: Any, name: str) -> str | None:
        """The plain value, None when empty; who calls has checked."""


class ColumnReader:
    """Protected columns of the mapped class."""

    def fields(self, session: Session, obj: Any) -> Mapping[str, ProtectedField]:
        """The columns made with ``protected``."""
        return protected_fields(type(obj))

    def value(self, session: Session, obj: Any, name: str) -> str | None:
        """The unsealed column."""
        return unsealed(session, obj, name)


COLUMNS: FieldReader = ColumnReader()


def no_title(_obj: Any) -> str:
    """For rows without a code that may be shown in a title."""
    return ""


@dataclass(frozen=True, slots=True, eq=False)
class SubjectEntity:
    """A class whose rows hold protected data. ``subject`` tells whose they are, ``title`` a code without a name."""

    entity: type[Any]
    resource: str | None
    page: Page
    subject: Callable[[Any], UUID] = owner_of
    title: Callable[[Any], str] = no_title
    values: Callable[[Any], Mapping[str, Any]] = field(default=lambda obj: {"row_id": obj.id})
    reader: FieldReader = COLUMNS


_subjects: dict[type[Any], SubjectEntity] = {}


def register_subject_entity(
    entity: type[Any],
    *,
    resource: str | None,
    page: Page,
    subject: Callable[[Any], UUID] = owner_of,
    title: Callable[[Any], str] = no_title,
    values: Callable[[Any], Mapping[str, Any]] | None = None,
    reader: FieldReader = COLUMNS,
) -> None:
    """Make the protected fields of ``entity`` reachable by the pages of the core (reveal, notice, sharing).

    ``resource`` is its fixed name in the access layer, None where a column holds it. ``page``: the endpoint one comes
    back to, with ``values`` of the row (default: ``row_id``), or a function of the row that gives the address.
    ``title``: a code, never a name. Raises PluginError when the access layer knows it under another name.
    """
    known = entity_access(entity).fixed_resource
    if known != resource:
        raise PluginError(f"{entity.__name__}: the access layer calls it {known!r}, not {resource!r}")
    more = {} if values is None else {"values": values}
    _subjects[entity] = SubjectEntity(entity, resource, page, subject, title, reader=reader, **more)


def subject_entity(entity: type[Any]) -> SubjectEntity | None:
    """How the protected data of a class are reached, or None when nobody registered it."""
    return next((_subjects[cls] for cls in entity.__mro__ if cls in _subjects), None)


def reader_of(obj: Any) -> FieldReader:
    """How the protected fields of a row are read."""
    entry = subject_entity(type(obj))
    return entry.reader if entry else COLUMNS


def subject_of(obj: Any) -> UUID:
    """The person (or record) whose data the row holds."""
    entry = subject_entity(type(obj))
    return entry.subject(obj) if entry else owner_of(obj)


def entry_of(resource: str) -> SubjectEntity:
    """The registered class behind a resource name; a name without a dot is a record type. Raises NotFound."""
    wanted = resource if "." in resource else None
    for entry in _subjects.values():
        if entry.resource == wanted:
            return entry
    raise NotFound(f"protected data of {resource}")


def find(session: Session, actor: Actor, resource: str, row_id: UUID) -> tuple[SubjectEntity, Any]:
    """The row an actor may read, with its registration. Raises NotFound where it is not there or not for this actor."""
    entry = entry_of(resource)
    narrowed = resource if entry.resource is None else None
    statement = access.select(actor, entry.entity, "read", narrowed)
    obj = session.scalars(statement.where(entry.entity.id == row_id)).one_or_none()
    if obj is None:
        raise NotFound(f"{resource} {row_id}")
    return entry, obj


def resource_of(obj: Any) -> str:
    """The resource of a row in the access layer."""
    known = entity_access(type(obj))
    return known.fixed_resource or str(getattr(obj, known.resource.key))  # type: ignore[union-attr]
