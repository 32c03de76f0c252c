"""Looks of requests that answer at the same moment, written in one transaction: one wait for the disk, not eight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from core.db import Database

Rows = Sequence[dict[str, Any]]


class Group:
    """The entries of one district that wait: whoever comes to write first writes for all, and each leaves written."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._waiting: list[_Ticket] = []
        self._gathering = Lock()

    def add(self, rows: Rows, write: Callable[[Rows], None]) -> None:
        """Return when ``write`` has committed these rows, with those of others. Raises its error where it has not."""
        mine = _Ticket(rows)
        with self._gathering:
            self._waiting.append(mine)
        with self._turn:
            if not mine.written:
                self._write_for_all(mine, write)

    def _write_for_all(self, mine: _Ticket, write: Callable[[Rows], None]) -> None:
        with self._gathering:
            others = [ticket for ticket in self._waiting if ticket is not mine]
            self._waiting.clear()
        try:
            write([row for ticket in (mine, *others) for row in ticket.rows])
        except Exception:
            if not others:
                raise
            # Whose rows they were is not known: each writes its own, this one now, the others in their turn.
            write(mine.rows)
        else:
            for ticket in others:
                ticket.written = True


class _Ticket:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.written = False


_groups: WeakKeyDictionary[Database, dict[int | None, Group]] = WeakKeyDictionary()
_finding = Lock()


def group_of(database: Database, district: int | None) -> Group:
    """The group of a district (of the installation for ``None``) in this process."""
    with _finding:
        return _groups.setdefault(database, {}).setdefault(district, Group())
