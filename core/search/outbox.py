"""The search outbox: what changed stands in the transaction of the change and leaves after the index has it.

Rows are deleted by their ids. A "highest number seen" would lose rows: on PostgreSQL transactions commit in another
order than they took their numbers in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from core import clock
from core.db.base import Base, DistrictOwned
from core.db.types import Key, UtcDateTime

from .queue import Change, coalesce

# SQLite allows 32,766 bound values in a statement, PostgreSQL's protocol 65,535.
_ROWS_PER_STATEMENT = 5_000


class SearchChange(DistrictOwned, Base):
    """One record changed, appeared or went: search has to look at it again."""

    __tablename__ = "core_search_change"

    source: Mapped[str] = mapped_column(String(64))
    record_id: Mapped[UUID] = mapped_column(Key)
    enqueued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


def enqueue(session: Session, source: str, record_ids: Iterable[UUID]) -> None:
    """Tell search, in the caller's transaction, that these records of ``source`` changed, appeared or went."""
    session.add_all(SearchChange(source=source, record_id=record_id) for record_id in dict.fromkeys(record_ids))


class SessionMaker(Protocol):
    """The two doors of ``core.db.Database`` that the queue uses."""

    def read(self, district_id: int | None) -> AbstractContextManager[Session]:
        """A read-only session of the district."""
        ...

    def write(self, district_id: int | None) -> AbstractContextManager[Session]:
        """A session that commits at the end of the block."""
        ...


class SqlChangeQueue:
    """The outbox rows of one district, as the queue that an ``Indexer`` drains."""

    def __init__(self, database: SessionMaker, district_id: int) -> None:
        self._database, self._district_id = database, district_id

    def take(self, limit: int) -> Sequence[Change]:
        """The oldest committed changes, several of one record as one; they stay until ``done``."""
        oldest = select(SearchChange.id, SearchChange.source, SearchChange.record_id)
        with self._database.read(self._district_id) as session:
            rows = session.execute(oldest.order_by(SearchChange.id).limit(limit)).all()
        return coalesce((row.source, row.record_id, row.id) for row in rows)

    def done(self, changes: Sequence[Change]) -> None:
        """Forget these changes: the index has them. Rows that arrived since ``take`` stay."""
        rows = [row for change in changes for row in change.rows]
        with self._database.write(self._district_id) as session:
            for start in range(0, len(rows), _ROWS_PER_STATEMENT):
                chunk = rows[start : start + _ROWS_PER_STATEMENT]
                session.execute(delete(SearchChange).where(SearchChange.id.in_(chunk)))

    def pending(self) -> int:
        """How many rows wait."""
        with self._database.read(self._district_id) as session:
            return session.scalar(select(func.count(SearchChange.id))) or 0
