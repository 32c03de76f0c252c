"""Protected columns of a row: sealing and unsealing them, with their blind index."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from core import crypto
from core.db import uuid7
from core.errors import NotFound
from core.privacy.fields.columns import ProtectedField, Sealed, protected_fields


def owner_of(obj: Any) -> UUID:
    """Whose data key seals the row: its ``subject_id``, or the row itself. A new row gets its id here."""
    if hasattr(type(obj), "subject_id"):
        owner = obj.subject_id
        if owner is None:
            raise ValueError(f"{type(obj).__name__}: say subject_id before sealing a field of it")
        return UUID(str(owner))
    return _row_id(obj)


def _row_id(obj: Any) -> UUID:
    if obj.id is None:
        obj.id = uuid7()
    return UUID(str(obj.id))


def _table(entity: type[Any]) -> str:
    return str(inspect(entity).local_table.name)


def field_of(entity: type[Any], name: str) -> ProtectedField:
    """The protected field of that name. Raises NotFound."""
    found = protected_fields(entity).get(name)
    if found is None:
        raise NotFound(f"{entity.__name__} has no protected field {name}")
    return found


def put(session: Session, obj: Any, name: str, value: str | None) -> None:
    """Seal ``value`` into a protected field of ``obj`` and renew its blind index; None and "" empty both.

    The caller has checked the right and the value. Raises NotFound for a field that is not protected.
    """
    item = field_of(type(obj), name)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: a protected field takes a text, not {type(value).__name__}")
    value = value or None
    setattr(obj, name, None if value is None else _sealed(session, obj, name, value))
    if item.blind:
        setattr(obj, item.blind, None if value is None else blind(session, type(obj), name, value))


def _sealed(session: Session, obj: Any, name: str, value: str) -> Sealed:
    owner, row_id = owner_of(obj), _row_id(obj)
    return Sealed(crypto.seal(session, owner, value, table=_table(type(obj)), row_id=row_id, field=name))


def blind(session: Session, entity: type[Any], name: str, value: str) -> bytes:
    """The blind index of ``value``, to look for it: ``where(Person.tax_code_blind == privacy.blind(…))``."""
    item = field_of(entity, name)
    return crypto.blind(session, f"{_table(entity)}.{name}", item.normalise(value))


def unsealed(session: Session, obj: Any, name: str) -> str | None:
    """The plain value, for operations and exports that have checked already; None when the field is empty.

    Raises crypto.Unreadable when its key is missing or destroyed.
    """
    field_of(type(obj), name)
    sealed = getattr(obj, name)
    if sealed is None:
        return None
    owner, row_id, table = owner_of(obj), _row_id(obj), _table(type(obj))
    return crypto.unseal(session, owner, sealed.ciphertext, table=table, row_id=row_id, field=name).decode("utf-8")
