"""What was typed in a form that met a locked session: sealed, tied to the account, for a short time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import clock, crypto
from core.accounts.models import KeptForm
from core.accounts.sessions import account_settings
from core.db import uuid7

PURPOSE, TABLE, FIELD = "kept", "core_kept_form", "body"
#: Of one account at a time; the oldest make room.
MOST = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a form was sent to, and what was in it."""

    path: str
    fields: Sequence[tuple[str, str]]
    had_files: bool = False


def put(session: Session, account_id: UUID, kept: Kept) -> UUID:
    """Keep a form for its account; answers the id to ask for it with."""
    now = clock.now()
    session.execute(sa.delete(KeptForm).where(KeptForm.expires_at <= now))
    _make_room(session, account_id)
    row = KeptForm(id=uuid7(), account_id=account_id, created_at=now, expires_at=now + account_settings().kept_for)
    text = json.dumps({"path": kept.path, "fields": list(kept.fields), "had_files": kept.had_files})
    row.body = crypto.seal_installation(session, PURPOSE, text, table=TABLE, row_id=row.id, field=FIELD)
    session.add(row)
    session.flush()
    return row.id


def _make_room(session: Session, account_id: UUID) -> None:
    mine = sa.select(KeptForm.id).where(KeptForm.account_id == account_id).order_by(KeptForm.id.desc())
    old = session.scalars(mine.offset(MOST - 1)).all()
    session.execute(sa.delete(KeptForm).where(KeptForm.id.in_(old)))


def get(session: Session, account_id: UUID, kept_id: UUID) -> Kept | None:
    """The kept form, for its own account alone and while it lasts."""
    row = session.get(KeptForm, kept_id)
    if row is None or row.account_id != account_id or row.expires_at <= clock.now():
        return None
    text = crypto.unseal_installation(session, PURPOSE, row.body, table=TABLE, row_id=row.id, field=FIELD)
    body = json.loads(text)
    return Kept(body["path"], [(name, value) for name, value in body["fields"]], body["had_files"])


def drop(session: Session, account_id: UUID, kept_id: UUID) -> None:
    """Forget it."""
    session.execute(sa.delete(KeptForm).where(KeptForm.id == kept_id, KeptForm.account_id == account_id))
