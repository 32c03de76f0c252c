"""Showing a protected value to somebody who says why: checked on row and field, written to the log, then opened."""

from __future__ import annotations

import base64
from typing import Any, Final, Literal

from sqlalchemy.orm import Session

from core import access, audit, crypto
from core.access import Actor
from core.errors import AccessDenied, NotFound, Refused
from core.privacy.fields.columns import ProtectedField
from core.privacy.fields.purposes import check_purpose
from core.privacy.fields.shown import SEEING
from core.privacy.fields.subjects import reader_of, resource_of, subject_of

READ: Final = "read"
#: What the log calls a reason when it is sealed.
REASON_TABLE: Final = "core_audit_entry"


def reveal(
    session: Session,
    actor: Actor,
    obj: Any,
    name: str,
    *,
    purpose: str,
    reason: str = "",
    kind: Literal["reveal", "print"] = "reveal",
) -> str:
    """The plain value of a protected field, ``""`` when it is empty; the opening is in the log of this transaction.

    Raises AccessDenied without the right on the row or the field, Invalid without a purpose, Refused when the value
    cannot be read now. The reason is sealed under the person's key: it may say as much as the field itself.
    """
    item = may_reveal(session, actor, obj, name)
    chosen = check_purpose(session, purpose, reason.strip())
    try:
        value = reader_of(obj).value(session, obj, name)
    except crypto.Unreadable as error:
        raise Refused(error.message, code="unreadable") from error
    audit.note(
        session,
        actor,
        kind,
        resource=resource_of(obj),
        object_id=obj.id,
        subject_id=subject_of(obj),
        fields=(item.name,),
        purpose=chosen.key,
        details=sealed_reason(session, obj, reason.strip()),
    )
    return value or ""


def may_reveal(session: Session, actor: Actor, obj: Any, name: str) -> ProtectedField:
    """The field, once the actor may see it. A refusal stays in the log although the request is rolled back.

    Raises AccessDenied, and NotFound for a field that is not protected or whose class is hidden from the actor.
    """
    access.check(actor, READ, obj)
    item = reader_of(obj).fields(session, obj).get(name)
    right = access.fields(actor, obj).get(item.field_class, "none") if item else "none"
    if item is None or right == "none":
        raise NotFound(f"{resource_of(obj)} has no protected field {name}")
    if right not in SEEING:
        where = {"resource": resource_of(obj), "object_id": obj.id, "subject_id": subject_of(obj)}
        audit.look(session, actor, "refused", **where, fields=(item.name,))
        raise AccessDenied("reveal", f"{resource_of(obj)}.{name}")
    return item


def sealed_reason(session: Session, obj: Any, reason: str) -> dict[str, str]:
    """A reason in words as the log keeps it."""
    if not reason:
        return {}
    where = {"table": REASON_TABLE, "row_id": obj.id, "field": "reason"}
    sealed = crypto.seal(session, subject_of(obj), reason, **where)
    return {"reason": base64.b64encode(sealed).decode("ascii")}


def reason_of(session: Session, entry: Any) -> str:
    """The words of a reason in the log, for who may read it; empty where there are none or they were erased."""
    sealed = (entry.details or {}).get("reason")
    if not sealed or entry.subject_id is None:
        return ""
    where = {"table": REASON_TABLE, "row_id": entry.object_id, "field": "reason"}
    try:
        return crypto.unseal(session, entry.subject_id, base64.b64decode(sealed), **where).decode("utf-8")
    except crypto.Unreadable:
        return ""
