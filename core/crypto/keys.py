"""Find, make and destroy data keys. A session keeps those it has unwrapped for as long as it lives itself."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Update, event, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from core import clock
from core.crypto import ciphers
from core.crypto.errors import Unreadable
from core.crypto.models import DataKey, InstallationKey
from core.db import Database, DistrictSession, district_of, uuid7
from core.errors import ConfigError, TenancyError
from core.keyring import REMEDY, KeyMissing, KeyRing

log = logging.getLogger("innesto.crypto")

#: Owner of what no single person owns.
DISTRICT_ITSELF: Final = UUID(int=0)
#: Purpose of the key of a person.
SUBJECT: Final = "subject"
#: PostgreSQL advisory lock: makers of keys share it, a rotation that drops a key of the ring takes it alone.
MAKING: Final = int.from_bytes(b"innkeys", "big")
#: Data keys handled in one transaction.
SOME: Final = 200
#: In ``session.info``: data keys that the transaction destroys.
ERASED: Final = "erased_keys"
MAKERS: Final[dict[str, Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key: a district's owner and purpose, or a purpose of the installation (``district_id`` None)."""

    district_id: int | None
    owner_id: UUID
    purpose: str

    @property
    def model(self) -> type[DataKey] | type[InstallationKey]:
        return InstallationKey if self.district_id is None else DataKey

    def where(self, key_id: UUID) -> bytes:
        """Associated data of the wrapped key: it cannot be moved to another owner."""
        return ciphers.place("data-key", self.district_id, self.owner_id, self.purpose, key_id)

    def facts(self) -> dict[str, Any]:
        """The columns that find its row."""
        if self.district_id is None:
            return {"purpose": self.purpose}
        return {"district_id": self.district_id, "owner_id": self.owner_id, "purpose": self.purpose}


def ring_of(session: Session) -> KeyRing:
    """The ring of the database that opened ``session``."""
    ring: KeyRing = session.info["keyring"]
    return ring


def of_owner(session: Session, owner_id: UUID, purpose: str = SUBJECT) -> Holder:
    """The key of a person in the session's district. Raises TenancyError in a session without one."""
    district_id = district_of(session)
    if district_id is None:
        raise TenancyError("a person's key belongs to a district: open a session of that district")
    return Holder(district_id, owner_id, purpose)


def of_district(session: Session, purpose: str) -> Holder:
    """The key of a purpose of the session's district."""
    return of_owner(session, DISTRICT_ITSELF, purpose)


def of_installation(purpose: str) -> Holder:
    """The key of a purpose of the installation, from any session."""
    return Holder(None, DISTRICT_ITSELF, purpose)


def is_stored(session: Session, holder: Holder) -> bool:
    """Whether the holder has a row, also one whose key was destroyed."""
    return _row(session, holder) is not None


def existing_key(session: Session, holder: Holder) -> bytes:
    """The holder's key. Raises Unreadable: missing (no such key, or not in the ring) or destroyed."""
    key = _cached_or_stored(session, holder)
    if key is None:
        raise Unreadable("missing", f"there is no data key for {holder.purpose}")
    return key


def key_to_write(session: Session, holder: Holder) -> bytes:
    """The holder's key, made now where there is none. Raises Unreadable, also for a ring that does not fit."""
    key = _cached_or_stored(session, holder)
    if key is None:
        try:
            _make(session, holder)
        except ConfigError as error:
            log.error("no data key can be made: %s", error)
            raise Unreadable("missing", str(error)) from error
        key = existing_key(session, holder)
    return key


def derived_key(session: Session, owner_id: UUID, purpose: str) -> bytes:
    """32 bytes that follow from the owner's key and ``purpose``, for ``crypto.stream``: destroyed together with it."""
    holder = of_owner(session, owner_id)
    key = key_to_write(session, holder) if session.info["write"] else existing_key(session, holder)
    return ciphers.derive(key, purpose)


def destroy_key(session: Session, owner_id: UUID, *, reason: str) -> bool:
    """Destroy the owner's key: nothing sealed under it can be read again. Answers whether there was one.

    Where there was none its place is taken all the same, so that nothing can be sealed for this owner afterwards.
    """
    holder = of_owner(session, owner_id)
    existed = is_stored(session, holder)
    if not existed:
        _make(session, holder)
    session.execute(_destruction(holder, reason))
    _cache(session).pop(holder, None)
    session.info.setdefault(ERASED, []).append(str(_row(session, holder).id))
    return existed


def check_keys(database: Database) -> None:
    """At start: make the ring of a new database; refuse a ring that lacks a key. Raises ConfigError (file, key id)."""
    ring = database.keyring
    with database.all_districts("keys of the ring in use") as session:
        used = dict(_used(session))
    if not used:
        ring.make()
    for key_id, count in sorted(used.items()):
        try:
            ring.find(key_id)
        except KeyMissing as error:
            problem = f"this key is not in the ring, and {count} data keys of the database need it"
            raise KeyMissing(ring.path, key_id, problem, REMEDY) from error
    ring.active()
    repeat_erasures(database)


def repeat_erasures(database: Database) -> int:
    """Destroy again the data keys that a restored backup brought back; answers how many.

    The list of them lies beside the ring. What a crash kept out of the list is added.
    """
    listed = database.keyring.erased()
    with database.all_districts("destroyed data keys") as session:
        gone = {str(key_id) for key_id in session.scalars(select(DataKey.id).where(DataKey.destroyed_at.is_not(None)))}
    if gone - listed:
        database.keyring.note_erased(sorted(gone - listed))
    back = [UUID(key_id) for key_id in sorted(listed - gone)]
    count = sum(_destroy_again(database, back[start : start + SOME]) for start in range(0, len(back), SOME))
    if count:
        log.warning("%d data keys that had been destroyed came back with a backup: destroyed again", count)
    return count


def _destroy_again(database: Database, key_ids: Sequence[UUID]) -> int:
    again = {"wrapped": None, "destroyed_at": clock.now(), "destroyed_because": "erased before the backup was restored"}
    with database.all_districts("destroy again what a backup brought back", write=True) as session:
        rows = session.scalars(select(DataKey).where(DataKey.id.in_(key_ids), DataKey.wrapped.is_not(None))).all()
        for row in rows:
            for name, value in again.items():
                setattr(row, name, value)
        return len(rows)


def _cache(session: Session) -> dict[Holder, bytes]:
    cache: dict[Holder, bytes] = session.info.setdefault("data_keys", {})
    return cache


def _cached_or_stored(session: Session, holder: Holder) -> bytes | None:
    cache = _cache(session)
    if holder not in cache:
        row = _row(session, holder)
        if row is None:
            return None
        cache[holder] = _unwrap(session, holder, row)
    return cache[holder]


def _row(session: Session, holder: Holder) -> Any:
    model = holder.model
    found = select(model.id, model.ring_key, model.wrapped).filter_by(**holder.facts())
    return session.execute(found).one_or_none()


def _unwrap(session: Session, holder: Holder, row: Any) -> bytes:
    if row.wrapped is None or str(row.id) in ring_of(session).erased():
        raise Unreadable("destroyed", f"the data key {row.id} was destroyed")
    try:
        key = ring_of(session).find(row.ring_key)
    except ConfigError as error:
        log.error("a data key cannot be unwrapped: %s", error)
        raise Unreadable("missing", str(error)) from error
    return ciphers.decrypt(key.secret, row.wrapped, holder.where(row.id))


def _make(session: Session, holder: Holder) -> None:
    """Write a new key, unless another process was first."""
    share_ring(session)
    ring_key, key_id = _fitting_ring(session).active(), uuid7()
    wrapped = ciphers.encrypt(ring_key.secret, os.urandom(ciphers.KEY_BYTES), holder.where(key_id))
    facts = {"id": key_id, "ring_key": ring_key.id, "wrapped": wrapped} | holder.facts()
    insert = MAKERS[session.get_bind().dialect.name](holder.model)
    session.execute(insert.values(**facts).on_conflict_do_nothing())


def share_ring(session: Session) -> None:
    """Until the end of the transaction no rotation drops a key of the ring. SQLite's one writer does that by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock_shared(MAKING)))


def _fitting_ring(session: Session) -> KeyRing:
    """The ring, made now in a new database. Raises KeyMissing where it is not the one of this database."""
    ring = ring_of(session)
    if ring.fits:
        return ring
    used = [key_id for key_id, _count in _used(session)]
    if not used:
        ring.make()
    for key_id in used:
        ring.find(key_id)
    ring.fits = True
    return ring


def _used(session: Session) -> Iterator[tuple[str, int]]:
    """Ids of the ring's keys that data keys in the session's reach need, and how many do."""
    data = (
        select(DataKey.ring_key, func.count().label("number"))
        .where(DataKey.wrapped.is_not(None))
        .group_by(DataKey.ring_key)
    )
    own = select(InstallationKey.ring_key, func.count().label("number")).group_by(InstallationKey.ring_key)
    count: Counter[str] = Counter()
    for found in (data, own) if session.info["district"] is not None else (own,):
        count.update({row.ring_key: row.number for row in session.execute(found)})
    yield from count.items()


def _destruction(holder: Holder, reason: str) -> Update:
    gone = {"wrapped": None, "destroyed_at": clock.now(), "destroyed_because": reason[:200]}
    return update(DataKey).filter_by(**holder.facts()).where(DataKey.destroyed_at.is_(None)).values(**gone)


@event.listens_for(DistrictSession, "after_soft_rollback")
def _forget(session: Session, previous: SessionTransaction) -> None:
    """A key that was made in what is rolled back does not exist: nothing may be sealed under it."""
    session.info.pop("data_keys", None)
    # What a savepoint took back was not destroyed; what was destroyed before it is listed at the next start.
    session.info.pop(ERASED, None)


@event.listens_for(DistrictSession, "after_commit")
def _list_erased(session: Session) -> None:
    """A destroyed key is listed once it is destroyed for good."""
    if session.in_nested_transaction() or ERASED not in session.info:
        return
    try:
        ring_of(session).note_erased(session.info.pop(ERASED))
    except OSError:  # the key is destroyed; the list is made good at the next start
        log.exception("destroyed data keys could not be listed beside the ring")
