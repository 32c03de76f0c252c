"""Seal, open and look up values: ``session`` first, the place of the value by keyword."""

from __future__ import annotations

import hmac
import os
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnClause, column, select, table
from sqlalchemy.orm import Session

from core.crypto import ciphers
from core.crypto.keys import Holder, existing_key, is_stored, key_to_write, of_district, of_installation, of_owner
from core.db import Key, district_of

_UUID: Final[ColumnClause[UUID]] = column("uuid", Key)
#: Districts stand in a higher layer; of one only the number and the UUID are needed here.
_DISTRICTS: Final = table("core_district", column("id"), _UUID)


def seal(session: Session, owner_id: UUID, value: str | bytes, *, table: str, row_id: UUID, field: str) -> bytes:
    """Encrypt a value of ``owner_id`` (a person) for one field of one row; anywhere else it cannot be opened.

    The owner's key is made at the first value. Raises Unreadable where it was destroyed or cannot be unwrapped.
    """
    key = key_to_write(session, of_owner(session, owner_id))
    return ciphers.encrypt(key, _bytes(value), _place(session, owner_id, table, row_id, field))


def unseal(session: Session, owner_id: UUID, sealed: bytes, *, table: str, row_id: UUID, field: str) -> bytes:
    """The value that ``seal`` was given. Raises Unreadable: missing, destroyed or tampered."""
    key = existing_key(session, of_owner(session, owner_id))
    return ciphers.decrypt(key, bytes(sealed), _place(session, owner_id, table, row_id, field))


def seal_installation(
    session: Session, purpose: str, value: str | bytes, *, table: str, row_id: UUID, field: str
) -> bytes:
    """Encrypt a value of the installation (second factor, body of a mail) under the key of ``purpose``."""
    key = key_to_write(session, of_installation(purpose))
    return ciphers.encrypt(key, _bytes(value), ciphers.place("installation", purpose, table, row_id, field))


def unseal_installation(
    session: Session, purpose: str, sealed: bytes, *, table: str, row_id: UUID, field: str
) -> bytes:
    """The value that ``seal_installation`` was given. Raises Unreadable."""
    key = existing_key(session, of_installation(purpose))
    return ciphers.decrypt(key, bytes(sealed), ciphers.place("installation", purpose, table, row_id, field))


def blind(session: Session, purpose: str, value: str) -> bytes:
    """32 bytes that are equal for equal values of one purpose and district, for exact search of identifiers alone.

    Fold the value first. A session that only reads cannot make the key: while nothing was stored for the purpose, the
    answer is a fresh random one, which finds nothing. Raises Unreadable.
    """
    return hmac.digest(_blind_key(session, of_district(session, f"blind:{purpose}")), value.encode(), "sha256")


def _blind_key(session: Session, holder: Holder) -> bytes:
    if session.info["write"]:
        return key_to_write(session, holder)
    return existing_key(session, holder) if is_stored(session, holder) else os.urandom(ciphers.KEY_BYTES)


def _place(session: Session, owner_id: UUID, table: str, row_id: UUID, field: str) -> bytes:
    return ciphers.place("district", district_of(session), _district_uuid(session), owner_id, table, row_id, field)


def _district_uuid(session: Session) -> UUID | None:
    if "district_uuid" not in session.info:
        found = select(_UUID).select_from(_DISTRICTS).where(_DISTRICTS.c.id == district_of(session))
        session.info["district_uuid"] = session.execute(found).scalar_one_or_none()
    uuid: UUID | None = session.info["district_uuid"]
    return uuid


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
