"""Every write of a file: upload to quarantine, judge, remove. Each asks the access layer about the file's object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core import access, audit, clock, crypto
from core.access import Actor
from core.db import district_of, uuid7
from core.errors import AccessDenied, FieldError, Invalid, NotFound, Refused
from core.files.kinds import BY_KEY, Kind, examine, kind_of
from core.files.models import QUARANTINE, READY, REFUSED, REMOVED, StoredFile
from core.files.storage import Storage
from core.i18n import _
from core.privacy.retention.holds import require_unrestricted

LONGEST_TITLE = 200
TABLE = StoredFile.__tablename__
#: Looks at a content with a scanner; returns what it found, or an empty text.
Scanner = Callable[[bytes], str]


def upload(
    session: Session,
    storage: Storage,
    obj: Any,
    content: bytes,
    *,
    actor: Actor,
    title: str,
    field_class: str,
    subject_id: UUID,
    largest: int,
) -> StoredFile:
    """Take a file in for ``obj``; it waits in quarantine until ``settle`` has judged it.

    ``largest`` is in bytes; ``subject_id`` says whose data key seals it. Raises AccessDenied, Invalid, and
    Refused while the person's data may not be changed.
    """
    resource = _may_change(actor, obj, field_class)
    require_unrestricted(session, subject_id)
    kind = _check(content, title, largest)
    file = StoredFile(
        id=uuid7(),
        resource=resource,
        object_id=obj.id,
        subject_id=subject_id,
        field_class=field_class,
        kind=kind.key,
        size=len(content),
        state=QUARANTINE,
        uploaded_by=actor.account_id,
    )
    file.title = _seal(session, file, "title", title.strip().encode())
    # The content first: a row without content would promise what is not there; content without a row is swept away.
    storage.write(_district(session), file.id, _seal(session, file, "content", content))
    session.add(file)
    session.flush()
    _note(session, actor, "create", file)
    return file


def settle(session: Session, file: StoredFile, problem: str) -> None:
    """Write down what ``judged`` found; the worker deletes what is refused, the row says why."""
    if file.state != QUARANTINE:
        return
    file.state, file.reason, file.settled_at = REFUSED if problem else READY, problem[:300], clock.now()
    session.flush()


def judged(session: Session, storage: Storage, file: StoredFile, *, scan: Scanner | None = None) -> str:
    """What is wrong with the inside of a file; empty when it is sound. Reads only: a scanner may take its time."""
    sealed = storage.read(_district(session), file.id)
    if sealed is None:
        return _("Il contenuto del file non è arrivato fino in fondo. Caricalo di nuovo.")
    content = crypto.unseal(session, file.subject_id, sealed, table=TABLE, row_id=file.id, field="content")
    try:
        examine(content)
    except Refused as error:
        return error.message
    found = scan(content) if scan else ""
    return _("Il controllo antivirus ha trovato: %(found)s.", found=found) if found else ""


def remove(session: Session, file: StoredFile, obj: Any, *, actor: Actor) -> None:
    """Take a file of ``obj`` away: the worker deletes its content, the row stays and says when.

    Raises AccessDenied, NotFound, and Refused while the person's data may not be changed.
    """
    _belongs(file, obj)
    _may_change(actor, obj, file.field_class)
    require_unrestricted(session, file.subject_id)
    file.state, file.settled_at = REMOVED, clock.now()
    session.flush()
    _note(session, actor, "change", file, removed=True)


def content_of(
    session: Session, storage: Storage, file: StoredFile, obj: Any, *, actor: Actor, purpose: str = ""
) -> bytes:
    """The content of a file that may be opened; every opening is in the log.

    Special and penal data need a ``purpose``. Raises AccessDenied, NotFound, Refused.
    """
    _belongs(file, obj)
    access.check(actor, "read", obj)
    if access.fields(actor, obj).get(file.field_class) not in {"read", "write"}:
        audit.look(session, actor, "refused", **_about(file))
        raise AccessDenied("read", file.resource)
    if needs_purpose(file) and not purpose:
        raise Refused(_("Prima di aprire questo documento scegli a che cosa ti serve."), code="purpose")
    if file.state != READY:
        raise Refused(_("Il documento è ancora in controllo. Riprova fra un minuto."), code=file.state)
    sealed = storage.read(_district(session), file.id)
    if sealed is None:
        raise NotFound(_("Il documento non c'è più."))
    content = crypto.unseal(session, file.subject_id, sealed, table=TABLE, row_id=file.id, field="content")
    audit.look(session, actor, "download", purpose=purpose, **_about(file))
    return content


def files_of(session: Session, actor: Actor, obj: Any) -> list[StoredFile]:
    """The files of an object whose class of data the actor may at least know of, newest first."""
    rights = access.fields(actor, obj)
    known = [name for name, right in rights.items() if right != "none"]
    resource = access.registry.entity_access(type(obj)).fixed_resource
    found = select(StoredFile).where(
        StoredFile.resource == resource,
        StoredFile.object_id == obj.id,
        StoredFile.field_class.in_(known),
        StoredFile.state != REMOVED,
    )
    return list(session.scalars(found.order_by(StoredFile.id.desc())))


def held_of(session: Session, subject_id: UUID) -> list[StoredFile]:
    """Every file of a person, the oldest first: for the file that the person may ask for. Who calls has checked."""
    found = select(StoredFile).where(StoredFile.subject_id == subject_id, StoredFile.state != REMOVED)
    return list(session.scalars(found.order_by(StoredFile.id)))


def forget(session: Session, subject_id: UUID) -> None:
    """Let the worker delete the contents of every file of a person who is erased. Who calls has checked."""
    for file in held_of(session, subject_id):
        file.state, file.settled_at = REMOVED, clock.now()
    session.flush()


def title_of(session: Session, file: StoredFile) -> str:
    """The name that was given to the file, for who may read it."""
    return crypto.unseal(session, file.subject_id, file.title, table=TABLE, row_id=file.id, field="title").decode()


def needs_purpose(file: StoredFile) -> bool:
    """Whether opening the file asks what it is for."""
    return file.field_class in {"special", "penal"}


def _check(content: bytes, title: str, largest: int) -> Kind:
    errors = []
    if not 0 < len(title.strip()) <= LONGEST_TITLE or not title.strip().isprintable():
        message = _("Scrivi che cos'è il documento, al massimo %(most)s caratteri.", most=LONGEST_TITLE)
        errors.append(FieldError("title", message, "title"))
    if len(content) > largest:
        message = _("Il file è troppo grande: il massimo è %(most)s MB.", most=largest // 1_048_576)
        errors.append(FieldError("file", message, "too_large"))
    try:
        kind = kind_of(content)
    except Refused as error:
        errors.append(FieldError("file", error.message, error.code))
    if errors:
        raise Invalid(errors)
    return kind


def _may_change(actor: Actor, obj: Any, field_class: str) -> str:
    """The resource of an object that the actor may add files of this class to. Raises AccessDenied."""
    resource = str(access.registry.entity_access(type(obj)).fixed_resource)
    access.check(actor, "change", obj)
    if access.fields(actor, obj).get(field_class) != "write":
        raise AccessDenied("change", resource)
    return resource


def _belongs(file: StoredFile, obj: Any) -> None:
    resource = access.registry.entity_access(type(obj)).fixed_resource
    if (file.resource, file.object_id) != (resource, obj.id) or file.state == REMOVED:
        raise NotFound(_("Il documento non c'è più."))


def _seal(session: Session, file: StoredFile, field: str, value: bytes) -> bytes:
    return crypto.seal(session, file.subject_id, value, table=TABLE, row_id=file.id, field=field)


def _district(session: Session) -> int:
    number = district_of(session)
    if number is None:
        raise NotFound(_("Il documento non c'è più."))
    return number


def _about(file: StoredFile) -> dict[str, Any]:
    return {
        "resource": file.resource,
        "object_id": file.object_id,
        "subject_id": file.subject_id,
        "part": f"file:{file.id}",
    }


def _note(session: Session, actor: Actor, kind: str, file: StoredFile, **details: Any) -> None:
    facts = {"class": file.field_class, "kind": BY_KEY[file.kind].key, "size": file.size, **details}
    audit.note(session, actor, kind, details=facts, **_about(file))
