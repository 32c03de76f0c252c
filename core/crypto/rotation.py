"""Give the ring a new key and wrap every data key anew, while servers run; safe to interrupt and to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from core.crypto import ciphers
from core.crypto.errors import Unreadable
from core.crypto.keys import DISTRICT_ITSELF, MAKING, Holder
from core.crypto.models import DataKey, InstallationKey
from core.db import Database
from core.errors import ConfigError
from core.keyring import REMEDY, KeyMissing, KeyRing, RingKey

#: Data keys wrapped in one transaction.
BATCH: Final = 200
#: Seconds to wait for the transactions that make data keys.
PATIENCE: Final = 60.0
REASON: Final = "rotation of the key ring"


def rotate(database: Database, *, batch: int = BATCH, told: Callable[[int], None] = lambda count: None) -> list[str]:
    """Rotate the ring; answers the ids of the keys that were dropped. ``told`` hears how many keys each batch wrapped.

    A rotation that was interrupted is taken up where it stands: no second key is added while old ones are there. Data
    keys are wrapped anew, values are not touched. Raises ConfigError: another rotation, a ring that lacks a key.
    """
    ring = database.keyring
    with ring.exclusive():
        active = ring.active() if any(key.state == "old" for key in ring.listed()) else ring.add()
        while True:
            wrap_all(database, active, batch=batch, told=told)
            dropped = _drop(database, ring, active)
            if dropped is not None:
                return dropped


def wrap_all(database: Database, active: RingKey, *, batch: int, told: Callable[[int], None]) -> None:
    """Wrap under ``active`` whatever is wrapped under another key, a batch at a time."""
    for model in (DataKey, InstallationKey):
        while count := _wrap_batch(database, model, active, batch):
            told(count)


def _wrap_batch(database: Database, model: Any, active: RingKey, batch: int) -> int:
    with database.all_districts(REASON, write=True) as session:
        rows = session.scalars(_outdated(model, active).limit(batch).with_for_update()).all()
        for row in rows:
            _wrap(session, database.keyring, row, active)
        return len(rows)


def _outdated(model: Any, active: RingKey) -> Select[Any]:
    """Data keys under another key of the ring; those that were destroyed hold nothing to wrap."""
    return select(model).where(model.ring_key != active.id, model.wrapped.is_not(None)).order_by(model.id)


def _wrap(session: Session, ring: KeyRing, row: DataKey | InstallationKey, active: RingKey) -> None:
    assert row.wrapped is not None
    where = holder_of(row).where(row.id)
    secret = ciphers.decrypt(ring.find(row.ring_key).secret, row.wrapped, where)
    row.wrapped, row.ring_key = ciphers.encrypt(active.secret, secret, where), active.id


def holder_of(row: DataKey | InstallationKey) -> Holder:
    """Whose key a row is."""
    if isinstance(row, DataKey):
        return Holder(row.district_id, row.owner_id, row.purpose)
    return Holder(None, DISTRICT_ITSELF, row.purpose)


def _drop(database: Database, ring: KeyRing, active: RingKey) -> list[str] | None:
    """Drop the old keys while nobody makes a data key; None where one was made meanwhile under an old key."""
    with database.all_districts(REASON, write=True) as session:
        _keep_makers_out(session)
        if any(session.scalars(_outdated(model, active).limit(1)).first() for model in (DataKey, InstallationKey)):
            return None
        return ring.drop_old()


def _keep_makers_out(session: Session) -> None:
    """PostgreSQL: begin when no transaction is making a data key, and let none begin. SQLite has one writer alone.

    It asks again and again instead of queueing: makers that wait behind it could wait for each other too.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    deadline = time.monotonic() + PATIENCE
    while not session.scalar(select(func.pg_try_advisory_xact_lock(MAKING))):
        if time.monotonic() > deadline:
            raise ConfigError("DATABASE_URL", "", "transactions that make data keys do not end", "Run it again later")
        time.sleep(0.05)


def problems(database: Database) -> Iterator[str]:
    """What is wrong, one sentence each: the file of the ring, missing keys, wrapped keys that do not open."""
    ring = database.keyring
    try:
        ring.active()
    except ConfigError as error:
        yield str(error)
        return
    yield from ring.complaints()
    with database.all_districts("check the keys") as session:
        for model in (DataKey, InstallationKey):
            yield from _closed(session, ring, model)


def _closed(session: Session, ring: KeyRing, model: Any) -> Iterator[str]:
    missing: dict[str, int] = {}
    for row in session.scalars(select(model).where(model.wrapped.is_not(None)).execution_options(yield_per=BATCH)):
        try:
            ciphers.decrypt(ring.find(row.ring_key).secret, row.wrapped, holder_of(row).where(row.id))
        except KeyMissing:
            missing[row.ring_key] = missing.get(row.ring_key, 0) + 1
        except Unreadable:
            yield f"{model.__tablename__}: {row.id}: the wrapped key was changed. Put back its row from a backup"
    for key_id, count in missing.items():
        yield f"{ring.path}: {key_id}: this key is not in the ring, and {count} data keys need it. {REMEDY}"
