"""Looks of several requests share a transaction, and none answers before its own are written."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from core.audit.grouping import Group

Rows = Sequence[dict[str, Any]]


class Disk:
    """A store whose first write waits until the others have come."""

    def __init__(self) -> None:
        self.go = Event()
        self.batches: list[list[int]] = []

    def write(self, rows: Rows) -> None:
        assert self.go.wait(5)
        numbers = [row["n"] for row in rows]
        if 13 in numbers:
            raise OSError("no room for 13")
        self.batches.append(numbers)


def all_at_once(disk: Disk, numbers: Sequence[int]) -> list[BaseException | None]:
    """Each number added by a thread of its own, the first one while the others gather; what each was told."""
    group = Group()

    def add(number: int) -> None:
        group.add([{"n": number}], disk.write)
        assert any(number in batch for batch in disk.batches), "answered before it was written"

    with ThreadPoolExecutor(len(numbers)) as pool:
        told = [pool.submit(add, numbers[0])]
        while not group._turn.locked() or group._waiting:
            pass
        told += [pool.submit(add, number) for number in numbers[1:]]
        while len(group._waiting) < len(numbers) - 1:
            pass
        disk.go.set()
        return [future.exception() for future in told]


def test_those_who_come_while_one_writes_are_written_together() -> None:
    disk = Disk()
    assert all_at_once(disk, range(8)) == [None] * 8
    assert disk.batches[0] == [0]
    assert sorted(disk.batches[1]) == list(range(1, 8))
    assert len(disk.batches) == 2


def test_one_that_cannot_be_written_takes_no_other_with_it() -> None:
    disk = Disk()
    told = all_at_once(disk, [1, 2, 13, 3])
    assert [type(error) for error in told] == [type(None), type(None), OSError, type(None)]
    assert sorted(number for batch in disk.batches for number in batch) == [1, 2, 3]


def test_an_error_is_told_to_who_waits_alone() -> None:
    disk = Disk()
    disk.go.set()
    with pytest.raises(OSError, match="13"):
        Group().add([{"n": 13}], disk.write)
