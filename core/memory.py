"""Keeps a serving process small and its pauses short."""

from __future__ import annotations

import ctypes
import gc
import sys

#: Of glibc's ``mallopt``: how many heaps threads may have. Each keeps what it once held.
M_ARENA_MAX = -8
ARENAS = 2


def share_heaps() -> None:
    """Let all threads of this process use few heaps; to be called before they start. Other systems need nothing."""
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def settle() -> None:
    """What the start has made stays for ever: the collector need not look at it again while somebody waits."""
    gc.collect()
    gc.freeze()
