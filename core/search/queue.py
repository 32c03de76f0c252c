"""What an indexer drains: changes by record, whatever store they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Change:
    """One record to look at again; ``rows`` are the queue's own entries that ask for it."""

    source: str
    record_id: UUID
    rows: tuple[UUID, ...]


class ChangeQueue(Protocol):
    """Changes of one district, kept until they are done."""

    def take(self, limit: int) -> Sequence[Change]:
        """The oldest changes, at most ``limit`` entries, coalesced by record; a second call gives them again."""
        ...

    def done(self, changes: Sequence[Change]) -> None:
        """Forget these changes for good."""
        ...

    def pending(self) -> int:
        """How many entries wait."""
        ...


def coalesce(rows: Iterable[tuple[str, UUID, UUID]]) -> list[Change]:
    """One change per record out of ``(source, record id, row id)``, in the order of the first."""
    found: dict[tuple[str, UUID], list[UUID]] = {}
    for source, record_id, row in rows:
        found.setdefault((source, record_id), []).append(row)
    return [Change(source, record_id, tuple(ids)) for (source, record_id), ids in found.items()]
