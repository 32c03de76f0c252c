"""What can keep a sealed value from being read."""

from __future__ import annotations

from typing import Literal

from core.errors import InnestoError
from core.i18n import _

Reason = Literal["missing", "destroyed", "tampered"]


class Unreadable(InnestoError):
    """A sealed value cannot be opened. ``message`` is for the person, ``reason`` and ``fact`` for log and checks.

    ``missing``: the data key, or the key of the ring that wraps it, is not there. ``destroyed``: the person's data were
    erased. ``tampered``: the bytes, or the place where they stand, are not those that were sealed.
    """

    def __init__(self, reason: Reason, fact: str) -> None:
        self.reason, self.fact = reason, fact
        super().__init__(f"{reason}: {fact}")

    @property
    def message(self) -> str:
        """A sentence to show in place of the value."""
        if self.reason == "destroyed":
            text: str = _("Questo dato è stato cancellato.")
        else:
            text = _("Questo dato non si può leggere adesso.")
        return text
