"""Errors of the database layer that callers may want to tell apart."""

from __future__ import annotations

from core.errors import InnestoError


class ReadOnlySession(InnestoError):
    """A write was tried in a session opened for reading."""


class WriteLockHeld(InnestoError):
    """This thread already holds the write lock: the inner session would wait for itself."""


class WriteLockTimeout(InnestoError):
    """Another writer held the lock for longer than the limit. Nothing was written; trying again is safe."""
