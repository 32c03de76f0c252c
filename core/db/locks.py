"""One writer at a time on SQLite, first come first served, across threads and processes.

SQLite's own busy handler is unfair: under load some writers starve. So a writer first queues in its process, then
takes ``flock`` on a file next to the data, and only then begins its transaction.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

from core.db.errors import WriteLockHeld, WriteLockTimeout

#: A waiter looks again after this many seconds, should its wake-up be lost to a finaliser running in between.
RECHECK = 0.25


class _Waiter:
    """One thread's place in the queue."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.turn = threading.Event()


class FairLock:
    """A process-wide lock served in order of arrival; may be released by another thread (a finaliser)."""

    def __init__(self) -> None:
        # Re-entrant, because a garbage-collected session may release while this thread is inside.
        self._mutex = threading.RLock()
        self._holder: _Waiter | None = None
        self._queue: deque[_Waiter] = deque()

    def acquire(self, deadline: float) -> None:
        """Wait for the turn until ``deadline`` (time.monotonic). Raises WriteLockHeld, WriteLockTimeout."""
        me = _Waiter()
        with self._mutex:
            self._refuse_reentry(me)
            self._queue.append(me)
            self._hand_over()
        try:
            self._wait(me, deadline)
        except BaseException:
            self._withdraw(me)
            raise

    def release(self) -> None:
        """Give the lock to the one who waits longest."""
        with self._mutex:
            self._holder = None
            self._hand_over()

    def _hand_over(self) -> None:
        if self._holder is None and self._queue:
            self._holder = self._queue.popleft()
            self._holder.turn.set()

    def _refuse_reentry(self, me: _Waiter) -> None:
        if self._holder is not None and self._holder.thread == me.thread:
            raise WriteLockHeld(
                "this thread already has a write session open: pass that session on, or close it before opening another"
            )

    def _wait(self, me: _Waiter, deadline: float) -> None:
        while not me.turn.wait(min(RECHECK, max(0.0, deadline - time.monotonic()))):
            with self._mutex:
                self._hand_over()
                if not me.turn.is_set() and time.monotonic() >= deadline:
                    raise WriteLockTimeout("another writer of this process keeps the database")

    def _withdraw(self, me: _Waiter) -> None:
        with self._mutex:
            if self._holder is me:
                self._holder = None
            elif me in self._queue:
                self._queue.remove(me)
            self._hand_over()


class FileLock:
    """An exclusive ``flock``; the kernel frees it when the process dies."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def acquire(self, deadline: float) -> int:
        """Descriptor of the locked file. Raises WriteLockTimeout after ``deadline`` (time.monotonic)."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o660)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _Wait(descriptor).result(deadline, self._path)
        return descriptor

    @staticmethod
    def release(descriptor: int) -> None:
        """Free the lock, also where a forked child inherited the descriptor."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


class _Wait:
    """A blocking ``flock`` in a helper thread: the kernel serves it in order, and the wait can be given up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._granted = threading.Event()
        self._mutex = threading.Lock()
        self._given_up = False
        threading.Thread(target=self._block, name="innesto-write-lock", daemon=True).start()

    def result(self, deadline: float, path: Path) -> int:
        if not self._granted.wait(max(0.0, deadline - time.monotonic())):
            self._give_up(path)
        return self._descriptor

    def _block(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._mutex:
            self._granted.set()
            if self._given_up:
                FileLock.release(self._descriptor)

    def _give_up(self, path: Path) -> None:
        with self._mutex:
            if self._granted.is_set():
                return
            self._given_up = True
        raise WriteLockTimeout(f"another process keeps {path}")


class WriteLock:
    """Process queue first, file second; ``held`` tokens are released exactly once."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._queue = FairLock()
        self._file = FileLock(path)
        self._timeout = timeout

    def acquire(self) -> Held:
        """Wait for both locks, at most ``timeout`` seconds in all. Raises WriteLockHeld, WriteLockTimeout."""
        deadline = time.monotonic() + self._timeout
        self._queue.acquire(deadline)
        try:
            return Held(self, self._file.acquire(deadline))
        except BaseException:
            self._queue.release()
            raise

    def _free(self, descriptor: int) -> None:
        try:
            self._file.release(descriptor)
        finally:
            self._queue.release()


class Held:
    """The right to write, kept by one connection until it returns to the pool."""

    def __init__(self, lock: WriteLock, descriptor: int) -> None:
        self._lock = lock
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Free both locks; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._lock._free(descriptor)
