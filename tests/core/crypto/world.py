"""The tables of keys and audit, two districts, and the sealing of one value as other parts do it."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import crypto
from core.audit.models import AccessChain, AccessLog, AuditChain, AuditEntry
from core.crypto.models import DataKey, InstallationKey
from core.db import Database
from core.districts.models import District

HERE, THERE = 1, 2
MODELS = (District, DataKey, InstallationKey, AuditEntry, AccessLog, AuditChain, AccessChain)


def ground_metadata() -> sa.MetaData:
    """The tables that are needed here; no others, since each test makes them anew."""
    whole = sa.MetaData()
    for model in MODELS:
        model.__table__.to_metadata(whole)  # type: ignore[attr-defined]
    return whole


def add_districts(database: Database) -> None:
    with database.write(None) as session:
        for number, slug in ((HERE, "here"), (THERE, "there")):
            session.add(District(id=number, slug=slug, name={"it": slug}, languages=["it"], model="test"))


def seal(session: Session, owner: uuid.UUID, value: str | bytes, row: uuid.UUID, field: str = "phone") -> bytes:
    return crypto.seal(session, owner, value, table="intake_person", row_id=row, field=field)


def unseal(session: Session, owner: uuid.UUID, sealed: bytes, row: uuid.UUID, field: str = "phone") -> bytes:
    return crypto.unseal(session, owner, sealed, table="intake_person", row_id=row, field=field)
