"""Planted words that tell by themselves whose they are and what they say: ``zqxlahealthqz``."""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD = re.compile(rb"(?i)zqx([a-z])([a-z])([a-z]+?)qz")


@dataclass(frozen=True, slots=True, order=True)
class Canary:
    """A planted word: the house (``l`` or ``g``), the row (``a`` own, ``b`` other, ``o`` no person's), what it is."""

    house: str
    row: str
    what: str

    def __str__(self) -> str:
        return f"zqx{self.house}{self.row}{self.what}qz"

    @property
    def name(self) -> str:
        """The same as part of a name."""
        return str(self).capitalize()


def canaries_in(content: bytes) -> set[Canary]:
    """Every planted word in an answer, however it is written."""
    return {Canary(*(part.decode().lower() for part in found.groups())) for found in WORD.finditer(content)}
