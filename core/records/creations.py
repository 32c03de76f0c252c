"""Creations that a program asks for under a word of its own: asked twice within a day, done once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock, crypto
from core.db import Base, DistrictOwned, Key, UtcDateTime, owned_foreign_key
from core.errors import FieldError, Invalid, Refused
from core.i18n import _
from core.records.models import Record

KEPT: Final = timedelta(days=1)
LONGEST_WORD: Final = 200
PURPOSE: Final = "core_record_creation"


class Creation(DistrictOwned, Base):
    """What a program created under which word. Word and request are keyed digests: they may name a person."""

    __tablename__ = "core_record_creation"

    token_id: Mapped[UUID] = mapped_column(Key)
    word: Mapped[bytes] = mapped_column(LargeBinary(32))
    request: Mapped[bytes] = mapped_column(LargeBinary(32))
    record_id: Mapped[UUID] = mapped_column(Key)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("district_id", "token_id", "word"),
        Index(None, "district_id", "at"),
        owned_foreign_key("record_id", "core_record", ondelete="CASCADE"),
    )


def create_once(
    session: Session, token_id: UUID, word: str, wanted: Mapping[str, Any], create: Callable[[], Record]
) -> tuple[Record, bool]:
    """The record that ``create`` makes, or the one that it made for the same word within a day; whether it is new.

    ``wanted`` is what the program asked for, as JSON. Raises Invalid for a word that cannot be kept or that served for
    another request, Refused while the same request is in hand elsewhere, and what ``create`` raises.
    """
    _check_word(word)
    now, text = clock.now(), json.dumps(wanted, sort_keys=True)
    digest, request = (crypto.blind(session, PURPOSE, value) for value in (word, text))
    session.execute(delete(Creation).where(Creation.at <= now - KEPT))
    found = session.scalar(select(Creation).where(Creation.token_id == token_id, Creation.word == digest))
    if found is not None:
        return _made(session, found, request), False
    try:
        with session.begin_nested():
            record = create()
            session.add(Creation(token_id=token_id, word=digest, request=request, record_id=record.id, at=now))
    except IntegrityError as error:
        raise Refused(_("La stessa richiesta è già in lavorazione. Riprova fra poco."), code="in_hand") from error
    return record, True


def _made(session: Session, found: Creation, request: bytes) -> Record:
    if found.request != request:
        message = _("Questa Idempotency-Key è già servita per un'altra richiesta: usane una nuova.")
        raise Invalid([FieldError("Idempotency-Key", message, "used")])
    return session.scalars(select(Record).where(Record.id == found.record_id)).one()


def _check_word(word: str) -> None:
    if not 0 < len(word) <= LONGEST_WORD or not word.isascii() or not word.isprintable():
        message = _("Idempotency-Key deve avere da 1 a %(most)s caratteri ASCII.", most=LONGEST_WORD)
        raise Invalid([FieldError("Idempotency-Key", message, "invalid")])
